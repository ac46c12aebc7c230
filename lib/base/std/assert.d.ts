/** Types of the assertions that our tests use. */
type ErrorClass<E extends Error> = abstract new (...args: never[]) => E;

export declare class AssertionError extends Error {}
export declare function assert(condition: unknown, message?: string): asserts condition;
export declare function assertFalse(condition: unknown, message?: string): void;
export declare function assertEquals<T>(actual: T, expected: T, message?: string): void;
export declare function assertNotEquals<T>(actual: T, expected: T, message?: string): void;
export declare function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  message?: string,
): asserts actual is T;
export declare function assertExists<T>(actual: T, message?: string): asserts actual is NonNullable<T>;
export declare function assertGreater<T>(actual: T, limit: T, message?: string): void;
export declare function assertGreaterOrEqual<T>(actual: T, limit: T, message?: string): void;
export declare function assertLess<T>(actual: T, limit: T, message?: string): void;
export declare function assertLessOrEqual<T>(actual: T, limit: T, message?: string): void;
export declare function assertMatch(actual: string, expected: RegExp, message?: string): void;
export declare function assertNotMatch(actual: string, expected: RegExp, message?: string): void;
export declare function assertStringIncludes(actual: string, expected: string, message?: string): void;
export declare function assertArrayIncludes<T>(
  actual: ArrayLike<T>,
  expected: ArrayLike<T>,
  message?: string,
): void;
export declare function assertObjectMatch(
  actual: object,
  expected: object,
  message?: string,
): void;
export declare function assertInstanceOf<E extends abstract new (...args: never[]) => unknown>(
  actual: unknown,
  expected: E,
  message?: string,
): asserts actual is InstanceType<E>;
export declare function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  errorClass?: ErrorClass<E>,
  includes?: string,
  message?: string,
): E;
export declare function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  errorClass?: ErrorClass<E>,
  includes?: string,
  message?: string,
): Promise<E>;
export declare function fail(message?: string): never;
export declare function unreachable(message?: string): never;
