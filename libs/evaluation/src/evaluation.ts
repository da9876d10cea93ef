import type { FlagValue } from '@pataka/contracts';

/** Why a value was served, in OpenFeature's words. */
export type Reason = 'STATIC' | 'DEFAULT' | 'TARGETING_MATCH' | 'SPLIT' | 'DISABLED';
/** Why no value was served, in OpenFeature's words. */
export type ErrorCode = 'FLAG_NOT_FOUND' | 'TARGETING_KEY_MISSING' | 'INVALID_CONTEXT' | 'PARSE_ERROR' | 'GENERAL';

/** A context that was refused, or a flag that could not be evaluated. */
export type Failure = { readonly errorCode: ErrorCode; readonly errorDetails: string };

/**
 * Where a recorder counts one outcome. It is kept at the shared answer, so that counting takes no look-up: the first to meet an answer
 * without one puts its own there, of a class with whatever else it keeps of the outcome. A ruleset so serves one recorder.
 */
export interface Tally { count: number }

/** A flag's value for a context and how it came about. */
export type Served = {
  readonly value: FlagValue;
  readonly variant: string;
  readonly reason: Reason;
  readonly flagVersion: number | undefined;
  /** The rule that served; undefined where the default was answered. */
  readonly ruleId: string | undefined;
  /** The experiment that owns the rule; only with it are the five members below filled in. */
  readonly experimentId: string | undefined;
  readonly phase: number | undefined;
  /** What was bucketed: the targeting key or `bucketBy`'s value; undefined where the context has none. */
  readonly unit: string | undefined;
  /** The bucket that chose the variant or, without a split, that included the unit; undefined where none was needed. */
  readonly bucket: number | undefined;
  /** The weight of the served variant among those whom the rule includes. */
  readonly probability: number | undefined;
  readonly errorCode: undefined;
  readonly errorDetails: undefined;
  tally?: Tally | undefined;
};

/** No value: the caller's fallback holds. */
export type Unserved = { readonly [Member in Exclude<keyof Served, 'errorCode' | 'errorDetails' | 'flagVersion' | 'tally'>]: undefined } & Failure & {
    readonly flagVersion: number | undefined;
    tally?: Tally | undefined;
  };

/**
 * The answer for one flag: served when `errorCode` is undefined. Every answer has the same members in the same order. Answers
 * that don't depend on the context's key are made once and shared, so they must not be changed, nor may their values; only a recorder may set `tally`.
 */
export type Evaluation = Served | Unserved;

/** Makes an answer that serves. */
export const served = (
  decision: Pick<Served, 'value' | 'variant' | 'reason' | 'flagVersion'> & Partial<Pick<Served, 'ruleId' | 'experimentId' | 'phase' | 'probability'>>,
): Served => ({
  value: decision.value,
  variant: decision.variant,
  reason: decision.reason,
  flagVersion: decision.flagVersion,
  ruleId: decision.ruleId,
  experimentId: decision.experimentId,
  phase: decision.phase,
  unit: undefined,
  bucket: undefined,
  probability: decision.probability,
  errorCode: undefined,
  errorDetails: undefined,
  tally: undefined,
});

/** Makes an answer that fails. */
export const unserved = (errorCode: ErrorCode, errorDetails: string, flagVersion?: number): Unserved => ({
  value: undefined,
  variant: undefined,
  reason: undefined,
  flagVersion,
  ruleId: undefined,
  experimentId: undefined,
  phase: undefined,
  unit: undefined,
  bucket: undefined,
  probability: undefined,
  errorCode,
  errorDetails,
  tally: undefined,
});

/** The same answer with what an exposure's receipt needs to name. */
export const withReceipt = (answer: Served, unit: string | undefined, bucket: number | undefined): Served => ({
  value: answer.value,
  variant: answer.variant,
  reason: answer.reason,
  flagVersion: answer.flagVersion,
  ruleId: answer.ruleId,
  experimentId: answer.experimentId,
  phase: answer.phase,
  unit,
  bucket,
  probability: answer.probability,
  errorCode: undefined,
  errorDetails: undefined,
  tally: answer.tally,
});
