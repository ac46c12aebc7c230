/**
 * Forms of a path. Everywhere below the protocol a path is absolute and tidy, so that one file has one spelling in
 * traces, statements, the watch and requests.
 *
 * Always true: a tidy path leads where the untidy one led. ".." stays: behind a link it does not undo a component.
 *
 * @module
 */

/** Takes out "." and empty components of an absolute path, and a slash at its end. */
export function tidy(path: string): string {
  if (!/\/\.?(?:\/|$)/.test(path)) return path;
  return "/" + path.split("/").filter((part) => part !== "" && part !== ".").join("/");
}

/** `path` as seen from the folder `cwd`, tidy. */
export function absolute(path: string, cwd: string): string {
  return tidy(path.startsWith("/") ? path : `${cwd}/${path}`);
}

/** Where an absolute path leads if no link is on its way: ".." undone, too. */
export function withoutLinks(path: string): string {
  if (!path.includes("/..")) return tidy(path);
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return "/" + parts.join("/");
}

/** A path's folder and the name in it. */
export interface Parts {
  folder: string;
  name: string;
}

/** Takes an absolute path apart; the root folder's path is "/". */
export function partsOf(path: string): Parts {
  const cut = path.lastIndexOf("/");
  return { folder: path.slice(0, cut) || "/", name: path.slice(cut + 1) };
}
