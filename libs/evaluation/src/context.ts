import type { Failure } from './evaluation';
import { parseInstant } from './instant';

type Attributes = Readonly<Record<string, unknown>>;
/** Reads one attribute at an evaluation's instant; undefined or null when it is missing. */
export type Reader = (context: Context, at: number) => unknown;

/** Whether something holds for a context at an instant (milliseconds since the epoch). */
export type Test = (context: Context, at: number) => boolean;

const NO_ATTRIBUTES: Attributes = {};

const invalid = (errorDetails: string): Failure => ({ errorCode: 'INVALID_CONTEXT', errorDetails });

// Made once: refusing costs no more than taking.
const NO_OBJECT = invalid('the context is not an object');
const KEY_IS_NO_STRING = invalid('targetingKey is not a string');
const USER_ID_LOST_DIGITS = invalid('user_id is beyond 2^53-1 and has lost digits: send it as a string');
const USER_ID_IS_NO_KEY = invalid('user_id is neither a string nor a number');
const TIMESTAMP_IS_NO_INSTANT = invalid('timestamp is no RFC 3339 instant');

const isRecord = (value: unknown): value is Attributes => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A uint64 that arrived as a JSON number has lost digits beyond 2^53-1, and with them its bucket. */
const hasLostDigits = (value: unknown): boolean => typeof value === 'number' && !(Math.abs(value) <= Number.MAX_SAFE_INTEGER);

const userIdOf = (value: unknown): unknown => {
  if (value === undefined || value === null || value === '') return undefined;
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : value;
};

const timestampOf = (value: unknown): number | undefined => {
  if (typeof value === 'string') return parseInstant(value);
  const time = value instanceof Date ? value.getTime() : NaN;
  return Number.isNaN(time) ? undefined : time;
};

/** Why the members that name the key are refused, if they are. */
const keyFault = (given: unknown, userId: unknown, rawUserId: unknown): Failure | undefined => {
  if (given !== undefined && typeof given !== 'string') return KEY_IS_NO_STRING;
  if (hasLostDigits(rawUserId)) return USER_ID_LOST_DIGITS;
  return given || userId === undefined || typeof userId === 'string' ? undefined : USER_ID_IS_NO_KEY;
};

/**
 * An evaluation context that has been checked; made by {@link prepareContext}. It refers to the caller's object instead of
 * copying it, which is what makes preparing cheap: don't change that object while the context is in use.
 */
export class Context {
  attributes: Attributes = NO_ATTRIBUTES;
  custom: Attributes | undefined = undefined;
  targetingKey: string | undefined = undefined;
  userId: unknown = undefined;
  /** Milliseconds since the epoch; undefined: the caller's now. */
  timestampMs: number | undefined = undefined;
  /** What the rule that was judged last bucketed, and the bucket it found; read right after a match. */
  unit: string | undefined = undefined;
  bucket: number | undefined = undefined;

  /** Takes in a caller's object, in place of the one before; a context may so serve many evaluations without anything being made. */
  take(raw: unknown): Failure | undefined {
    return isRecord(raw) ? this.takeRecord(raw) : raw === undefined ? this.takeRecord(NO_ATTRIBUTES) : NO_OBJECT;
  }

  private takeRecord(raw: Attributes): Failure | undefined {
    const key = raw['targetingKey'];
    const userId = raw['user_id'];
    const custom = raw['custom_attributes'];
    const timestamp = raw['timestamp'];
    this.attributes = raw;
    // Nearly every context has a key, and none of the rest.
    if (typeof key === 'string' && key !== '' && userId === undefined) this.targetingKey = this.userId = key;
    else {
      const fault = this.takeKeys(key, userId);
      if (fault !== undefined) return fault;
    }
    this.custom = custom === undefined || !isRecord(custom) ? undefined : custom;
    this.timestampMs = undefined;
    return timestamp === undefined && this.custom === undefined ? undefined : this.takeTimestamp(timestamp);
  }

  private takeKeys(key: unknown, rawUserId: unknown): Failure | undefined {
    const userId = userIdOf(rawUserId);
    const fault = keyFault(key, userId, rawUserId);
    if (fault !== undefined) return fault;
    this.targetingKey = (key || userId) as string | undefined; // anything else is a fault
    this.userId = userId ?? this.targetingKey;
    return undefined;
  }

  private takeTimestamp(given: unknown): Failure | undefined {
    const timestamp = given === undefined ? this.custom?.['timestamp'] : given;
    if (timestamp === undefined || timestamp === null) return undefined;
    this.timestampMs = timestampOf(timestamp);
    return this.timestampMs === undefined ? TIMESTAMP_IS_NO_INSTANT : undefined;
  }
}

/**
 * Checks a context as a caller sent it. `user_id` and `targetingKey` stand for each other where one is missing or empty;
 * `custom_attributes` are attributes unless the top level has one of that name, and never a targeting key.
 *
 * @param raw - any JSON; absent means a context without attributes. A `Date` counts as its RFC 3339 text
 * @returns the context, or why it is refused (INVALID_CONTEXT): no object; a targeting key that is no string; a `user_id`
 *   beyond 2^53-1; a `timestamp` that is no RFC 3339 instant
 */
export const prepareContext = (raw: unknown): Context | Failure => {
  const context = new Context();
  return context.take(raw) ?? context;
};
