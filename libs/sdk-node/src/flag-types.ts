import type { JsonObject } from '@pataka/contracts';

/** What a flag can serve. */
export type FlagValue = boolean | string | number | JsonObject;

/**
 * What is known of an installation's flags: a type per key, as `pataka generate` writes it. Where nothing is known, any key goes.
 */
export type AnyFlags = { readonly [key: string]: FlagValue };

/** The keys of `Flags` whose values are `V`s; any text where nothing is known of the flags. */
export type KeyOf<Flags extends object, V> = string extends keyof Flags ? string : { [K in keyof Flags]-?: Flags[K] extends V ? K : never }[keyof Flags] & string;

/** Whom an evaluation is about: a `targetingKey` (or `user_id`) and attributes, as in OpenFeature. */
export type EvaluationContext = { readonly targetingKey?: string | undefined; readonly [attribute: string]: unknown };
