import type { FlagValue } from '@pataka/contracts';
import type { Context } from './context';
import { unserved, withReceipt, type Evaluation } from './evaluation';
import type { FlagPlace } from './places';
import type { CompiledRuleset } from './ruleset';

/** The version of the rules of evaluation; it stands in every exposure's receipt and changes with any answer. */
export const ENGINE_VERSION = '1.1.0';

/** The answer to an evaluation that broke off. */
export const failed = (error: unknown): Evaluation => unserved('GENERAL', error instanceof Error ? error.message : 'the evaluation failed');

/** The shared answer, without what an exposure's receipt needs; undefined where there is no such flag. */
const decide = (ruleset: CompiledRuleset, flagKey: string, context: Context, nowMs: number): Evaluation | undefined => {
  try {
    return ruleset.begin(flagKey)?.decide(context, context.timestampMs ?? nowMs);
  } catch (error) {
    return failed(error); // a chain of prerequisites too long for the call stack, a getter of the caller that throws
  }
};

/**
 * Evaluates a flag for a context. Never throws.
 *
 * @param ruleset - the flags of one environment
 * @param flagKey - the flag's key; case matters
 * @param context - made by `prepareContext`
 * @param nowMs - milliseconds since the epoch; stands in for a context's missing `timestamp`
 * @returns the value, or an error code: FLAG_NOT_FOUND; TARGETING_KEY_MISSING, when the rule that applies buckets by something
 *   the context has not; PARSE_ERROR for a malformed flag; GENERAL for anything else
 */
export const evaluate = (ruleset: CompiledRuleset, flagKey: string, context: Context, nowMs: number): Evaluation => {
  const answer = decide(ruleset, flagKey, context, nowMs);
  if (answer === undefined) return unserved('FLAG_NOT_FOUND', `there is no flag ${flagKey}`);
  return answer.experimentId === undefined ? answer : withReceipt(answer, context.unit, context.bucket);
};

/**
 * Evaluates one of several flags for one context at one instant: between them nothing is found out twice, not even a prerequisite or
 * segment that all of them need. Begins with `ruleset.run += 1`, once for all. Never throws.
 *
 * @param place - `ruleset.place(key)`
 * @returns the shared answer; of an experiment's, what was bucketed stands in the context until the next
 */
export const evaluateTogether = (place: FlagPlace, context: Context, nowMs: number): Evaluation => {
  try {
    const flag = place.compiled;
    return flag === undefined ? unserved('FLAG_NOT_FOUND', 'there is no such flag') : flag.decide(context, context.timestampMs ?? nowMs);
  } catch (error) {
    return failed(error);
  }
};

/**
 * Evaluates a flag for its plain value, without making anything. Never throws.
 *
 * @returns the value, or `fallback` wherever {@link evaluate} has an error code
 */
export const evaluateValue = <F>(ruleset: CompiledRuleset, flagKey: string, context: Context, nowMs: number, fallback: F): FlagValue | F => {
  const answer = decide(ruleset, flagKey, context, nowMs);
  return answer === undefined || answer.errorCode !== undefined ? fallback : answer.value;
};
