import type { FlagValue, JsonValue } from './json';

/** OpenFeature's evaluation context: who is asked about, in flat attributes. `user_id` stands in for `targetingKey`. */
export interface EvaluationContext { targetingKey?: string; [attribute: string]: JsonValue | undefined }

/** What was answered for one flag: a value, or why there is none. */
export interface FlagAnswer {
  readonly key: string;
  readonly value?: FlagValue;
  readonly variant?: string;
  readonly reason?: string;
  readonly errorCode?: string;
  readonly errorDetails?: string;
  readonly metadata?: Readonly<Record<string, string | number | boolean>>;
}

/** The answers for one context, as they are kept in storage and put into a page that a server renders. Plain JSON. */
export interface BulkAnswer {
  readonly context: EvaluationContext;
  readonly flags: readonly FlagAnswer[];
  readonly etag?: string;
  /** The configuration's global position, and the engine that decided: both go into receipts. */
  readonly position?: number;
  readonly engine?: string;
  /** When it was answered, milliseconds since the epoch. */
  readonly at: number;
}

/** The answers that are served from. `fault` says that the server refused the context, and how. */
export interface Snapshot extends Omit<BulkAnswer, 'flags'> {
  readonly contextText: string;
  readonly flags: ReadonlyMap<string, FlagAnswer>;
  /** True until the network has confirmed what came from storage. */
  readonly cached: boolean;
  readonly fault?: { readonly errorCode: string; readonly errorDetails: string };
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const isFlagValue = (value: unknown): value is FlagValue => ['boolean', 'string', 'number'].includes(typeof value) || isRecord(value);
const isText = (value: unknown): value is string => typeof value === 'string';

const isFlagAnswer = (value: unknown): value is FlagAnswer =>
  isRecord(value) && isText(value['key']) && (isText(value['errorCode']) || isFlagValue(value['value'])) &&
  (value['metadata'] === undefined || isRecord(value['metadata']));

/** The readable answers of a `flags` list; null where there is no such list. What cannot be read is left out. */
export const flagAnswersOf = (flags: unknown): FlagAnswer[] | null => (Array.isArray(flags) ? flags.filter(isFlagAnswer) : null);

/** A bulk answer from storage or a page, as far as it is one. */
export const bulkAnswerOf = (raw: unknown): BulkAnswer | null => {
  if (!isRecord(raw) || !isRecord(raw['context']) || typeof raw['at'] !== 'number') return null;
  const flags = flagAnswersOf(raw['flags']);
  const { etag, position, engine, at } = raw;
  return flags === null ? null : {
    context: raw['context'] as EvaluationContext, flags, at,
    ...(isText(etag) ? { etag } : {}), ...(typeof position === 'number' ? { position } : {}), ...(isText(engine) ? { engine } : {}),
  };
};

/** A value's JSON with sorted members: equal values have equal texts. */
export const canonical = (value: unknown): string =>
  JSON.stringify(value, (_name, member: unknown) => (isRecord(member) ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1))) : member)) ?? '';

/** The targeting key of a context, by the server's own rules; undefined where there is none. */
export const targetingKeyOf = ({ targetingKey, user_id: userId }: EvaluationContext): string | undefined => {
  if (isText(targetingKey) && targetingKey !== '') return targetingKey;
  return (isText(userId) && userId !== '') || typeof userId === 'number' ? String(userId) : undefined;
};

/** Makes answers ready to be served from. */
export const snapshotOf = ({ flags, ...rest }: BulkAnswer, cached: boolean): Snapshot => ({
  ...rest, cached, contextText: canonical(rest.context), flags: new Map(flags.map((flag) => [flag.key, flag])),
});

/** The reverse of {@link snapshotOf}. */
export const bulkAnswerFrom = ({ flags, context, etag, position, engine, at }: Snapshot): BulkAnswer => ({
  context, flags: [...flags.values()], at,
  ...(etag === undefined ? {} : { etag }), ...(position === undefined ? {} : { position }), ...(engine === undefined ? {} : { engine }),
});

const shared = (before: FlagAnswer | undefined, after: FlagAnswer): FlagAnswer => {
  if (before === undefined) return after;
  if (canonical(before) === canonical(after)) return before;
  return typeof after.value === 'object' && canonical(before.value) === canonical(after.value) ? { ...after, value: before.value! } : after;
};

/**
 * The next answers with everything equal taken over from those before, so that what is compared by identity (React, memoised code)
 * sees a change only where there is one; and the keys whose answers differ.
 */
export const succeed = (before: Snapshot | null, next: Snapshot): { snapshot: Snapshot; changed: string[] } => {
  const flags = new Map<string, FlagAnswer>();
  for (const [key, answer] of next.flags) flags.set(key, shared(before?.flags.get(key), answer));
  const changed = [...flags].filter(([key, answer]) => before?.flags.get(key) !== answer).map(([key]) => key);
  const gone = [...(before?.flags.keys() ?? [])].filter((key) => !flags.has(key));
  return { snapshot: { ...next, flags }, changed: [...changed, ...gone] };
};
