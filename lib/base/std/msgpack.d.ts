/** Types of the msgpack encoder and decoder. */
export type ValueType =
  | number
  | bigint
  | string
  | boolean
  | null
  | Uint8Array
  | readonly ValueType[]
  | ValueMap;
export interface ValueMap {
  [name: string]: ValueType;
}
/** @throws {Error} for a value that msgpack cannot hold. */
export declare function encode(value: ValueType): Uint8Array<ArrayBuffer>;
/** @throws {EvalError} for bytes that are no msgpack value, or are followed by more. */
export declare function decode(bytes: Uint8Array): ValueType;
