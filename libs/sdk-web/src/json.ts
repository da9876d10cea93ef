// Written down here as in the contracts: the published types have to stand by themselves.

/** Any JSON value. */
export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };
/** A JSON object. */
export type JsonObject = { [key: string]: JsonValue };
/** A value that a flag can serve: boolean, string, finite number or object, never null or an array. */
export type FlagValue = boolean | number | string | JsonObject;
/** A literal's type as a flag can change it: `false` becomes `boolean`. */
export type Widened<T> = T extends boolean ? boolean : T extends number ? number : T extends string ? string : T;
