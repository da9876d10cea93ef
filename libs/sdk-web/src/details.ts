import type { JsonValue } from './json';
import type { FlagAnswer, Snapshot } from './snapshot';

/** A value and how it came about. With an `errorCode` the value is the caller's fallback. */
export interface Details<T> {
  value: T;
  variant?: string;
  /** OpenFeature's reason; `CACHED` until the network has confirmed what came from storage, `STALE` while another context is being fetched, `ERROR` with a code. */
  reason: string;
  /** OpenFeature's error code: FLAG_NOT_FOUND, TYPE_MISMATCH, PROVIDER_NOT_READY, or what the server answered. */
  errorCode?: string;
  errorMessage?: string;
  ruleId?: string;
  flagVersion?: number;
  experimentId?: string;
  metadata: Readonly<Record<string, string | number | boolean>>;
}

/** What a caller wants a value to be; `any` takes what there is. */
export type Kind = 'boolean' | 'string' | 'number' | 'object' | 'any';

const NOTHING = Object.freeze({});

const named = ({ variant, metadata = NOTHING }: FlagAnswer): Partial<Details<never>> => {
  const { ruleId, flagVersion, experimentId } = metadata as Record<string, unknown>;
  return {
    ...(variant === undefined ? {} : { variant }),
    ...(typeof ruleId === 'string' ? { ruleId } : {}),
    ...(typeof flagVersion === 'number' ? { flagVersion } : {}),
    ...(typeof experimentId === 'string' ? { experimentId } : {}),
  };
};

/** The kind of a fallback, which the value has to share. */
export const kindOf = (fallback: JsonValue | undefined): Kind =>
  fallback === null || fallback === undefined ? 'any' : (typeof fallback as Exclude<Kind, 'any'>);

const faultOf = (snapshot: Snapshot | null, key: string, kind: Kind): readonly [code: string, message: string] | null => {
  if (snapshot === null) return ['PROVIDER_NOT_READY', 'nothing has been answered yet'];
  if (snapshot.fault !== undefined) return [snapshot.fault.errorCode, snapshot.fault.errorDetails];
  const answer = snapshot.flags.get(key);
  if (answer === undefined) return ['FLAG_NOT_FOUND', `there is no flag "${key}" for this key`];
  if (answer.errorCode !== undefined) return [answer.errorCode, answer.errorDetails ?? ''];
  return kind === 'any' || typeof answer.value === kind ? null : ['TYPE_MISMATCH', `"${key}" is a ${typeof answer.value}, not a ${kind}`];
};

const reasonOf = ({ cached }: Snapshot, { reason = 'UNKNOWN' }: FlagAnswer, stale: boolean): string => {
  if (stale) return 'STALE';
  return cached ? 'CACHED' : reason;
};

/** Reads a flag's answer. Never throws: whatever is amiss gives the fallback and says why. */
export const detailsOf = <T>(snapshot: Snapshot | null, key: string, fallback: T, kind: Kind, stale: boolean): Details<T> => {
  const fault = faultOf(snapshot, key, kind);
  const answer = snapshot?.flags.get(key);
  const metadata = answer?.metadata ?? NOTHING;
  if (fault !== null) return { value: fallback, reason: 'ERROR', errorCode: fault[0], errorMessage: fault[1], metadata };
  return { value: answer!.value as T, reason: reasonOf(snapshot!, answer!, stale), metadata, ...named(answer!) };
};
