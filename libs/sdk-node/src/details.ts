import type { ErrorCode as EvaluationErrorCode, Evaluation, Reason } from '@pataka/evaluation';

/** Why no value was served, in OpenFeature's words. */
export type ErrorCode = EvaluationErrorCode | 'TYPE_MISMATCH' | 'PROVIDER_NOT_READY';

/** A flag's value and how it came about. `value` is the caller's fallback wherever there is an `errorCode`. */
export type Details<T> = {
  readonly value: T;
  readonly variant?: string | undefined;
  readonly reason: Reason | 'ERROR';
  readonly flagVersion?: number | undefined;
  readonly ruleId?: string | undefined;
  readonly experimentId?: string | undefined;
  readonly errorCode?: ErrorCode | undefined;
  readonly errorDetails?: string | undefined;
};

/** The caller's fallback, and why. Members are in the order of every other answer, so that all have one shape. */
export const failure = <T>(fallback: T, errorCode: ErrorCode, errorDetails: string, flagVersion?: number): Details<T> => ({
  value: fallback,
  variant: undefined,
  reason: 'ERROR',
  flagVersion,
  ruleId: undefined,
  experimentId: undefined,
  errorCode,
  errorDetails,
});

/** What a caller expects: the type of values, or whatever the flag serves. */
export type Expected = 'boolean' | 'string' | 'number' | 'object' | 'any';

/** What a fallback tells of the values that its caller expects. */
export const expectedOf = (fallback: unknown): Expected => {
  const type = typeof fallback;
  return type === 'boolean' || type === 'string' || type === 'number' || (type === 'object' && fallback !== null) ? type : 'any';
};

/** An answer of the engine as callers get it: a fresh object, since the engine's own are shared. */
export const detailsOf = <T>(answer: Evaluation, fallback: T, expected: Expected): Details<T> => {
  if (answer.errorCode !== undefined) return failure(fallback, answer.errorCode, answer.errorDetails, answer.flagVersion);
  const type = typeof answer.value;
  if (type !== expected && expected !== 'any') return failure(fallback, 'TYPE_MISMATCH', `the flag serves a ${type}, not a ${expected}`, answer.flagVersion);
  return {
    value: answer.value as T,
    variant: answer.variant,
    reason: answer.reason,
    flagVersion: answer.flagVersion,
    ruleId: answer.ruleId,
    experimentId: answer.experimentId,
    errorCode: undefined,
    errorDetails: undefined,
  };
};
