/** Types of the file functions that we use. */
export interface CopyOptions {
  overwrite?: boolean;
  preserveTimestamps?: boolean;
}
export interface ExistsOptions {
  isReadable?: boolean;
  isDirectory?: boolean;
  isFile?: boolean;
}
export interface WalkOptions {
  maxDepth?: number;
  includeFiles?: boolean;
  includeDirs?: boolean;
  includeSymlinks?: boolean;
  followSymlinks?: boolean;
  exts?: string[];
  match?: RegExp[];
  skip?: RegExp[];
}
export interface WalkEntry extends Deno.DirEntry {
  path: string;
}
export declare function ensureDir(path: string | URL): Promise<void>;
export declare function ensureDirSync(path: string | URL): void;
export declare function emptyDir(path: string | URL): Promise<void>;
export declare function emptyDirSync(path: string | URL): void;
export declare function copy(from: string | URL, to: string | URL, options?: CopyOptions): Promise<void>;
export declare function copySync(from: string | URL, to: string | URL, options?: CopyOptions): void;
export declare function exists(path: string | URL, options?: ExistsOptions): Promise<boolean>;
export declare function existsSync(path: string | URL, options?: ExistsOptions): boolean;
export declare function walk(root: string | URL, options?: WalkOptions): AsyncIterableIterator<WalkEntry>;
export declare function walkSync(root: string | URL, options?: WalkOptions): IterableIterator<WalkEntry>;
