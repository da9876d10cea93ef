import { attribute } from './attribution/aggregate';
import { allocate } from './bayes/bandit';
import { betaBinomial } from './bayes/beta-binomial';
import { normalPosterior } from './bayes/normal';
import { evaluateDecision } from './decision/evaluate';
import { arcsineSampleSize, meanSampleSize, tTestPower, tTestSampleSize } from './design/mean-power';
import { twoProportionMde, twoProportionPower, twoProportionSampleSize } from './design/two-proportion-power';
import { sampleRatioTest, sequentialSampleRatio, sequentialSampleRatioPath } from './health/srm';
import { InvalidInput, isObject } from './invalid-input';
import { mergeMoments, userTotals } from './moments/merge';
import { winsorize } from './moments/winsorize';
import { asymptoticConfidenceSequence, oneSidedConfidenceSequence } from './sequential/confidence-sequence';
import { crossingProbabilities, groupSequentialBounds } from './sequential/group-sequential';
import { msprt, msprtPath } from './sequential/msprt';
import { betainc, betaincUpper, betaQuantile } from './special/beta';
import { chiSquareSf } from './special/chi-square';
import { normalQuantile, normalSf } from './special/normal';
import { tIsf, tSf } from './special/student-t';
import { cupedTest } from './tests/cuped';
import { factorialEffects, factorialWald } from './tests/factorial';
import { equivalence, nonInferiority, relativeNonInferiority } from './tests/guardrail';
import { deltaLift, fiellerLift, logRatioLift } from './tests/lift';
import { adjustPValues } from './tests/multiplicity';
import { quantileTest } from './tests/quantile';
import { ratioTest } from './tests/ratio';
import { stratifiedTest } from './tests/stratified';
import { dailyTrend } from './tests/trend';
import { twoProportionTest } from './tests/two-proportion';
import { welchTest } from './tests/welch';

type Evaluate = (input: unknown) => unknown;

/** Each function checks the values of its own input at run time, so a wire object may be handed to it as it is. */
const evaluate =
  <Input>(compute: (input: Input) => unknown): Evaluate =>
  (input) =>
    compute(input as Input);

/** A special function of named numbers, answered as `{ value }`. */
const evaluateNumbers =
  (names: readonly string[], compute: (...numbers: number[]) => number): Evaluate =>
  (input) => {
    const fields = input as Record<string, number>;
    return { value: compute(...names.map((name) => fields[name] ?? Number.NaN)) };
  };

const FUNCTIONS: ReadonlyMap<string, Evaluate> = new Map([
  ['special.normal_sf', evaluateNumbers(['z'], normalSf)],
  ['special.normal_quantile', evaluateNumbers(['p'], normalQuantile)],
  ['special.t_sf', evaluateNumbers(['t', 'df'], tSf)],
  ['special.t_isf', evaluateNumbers(['q', 'df'], tIsf)],
  ['special.chi2_sf', evaluateNumbers(['x', 'df'], chiSquareSf)],
  ['special.betainc', evaluateNumbers(['a', 'b', 'x'], betainc)],
  ['special.betainc_upper', evaluateNumbers(['a', 'b', 'x'], betaincUpper)],
  ['special.beta_quantile', evaluateNumbers(['p', 'a', 'b'], betaQuantile)],
  ['moments.merge', evaluate(mergeMoments)],
  ['moments.user_updates', evaluate(userTotals)],
  ['test.two_proportion', evaluate(twoProportionTest)],
  ['test.welch', evaluate(welchTest)],
  ['lift.delta', evaluate(deltaLift)],
  ['lift.fieller', evaluate(fiellerLift)],
  ['lift.log_ratio', evaluate(logRatioLift)],
  ['multiplicity.adjust', evaluate(adjustPValues)],
  ['guardrail.noninferiority', evaluate(nonInferiority)],
  ['guardrail.noninferiority_relative', evaluate(relativeNonInferiority)],
  ['guardrail.equivalence', evaluate(equivalence)],
  ['sequential.asymptotic_cs', evaluate(asymptoticConfidenceSequence)],
  ['sequential.asymptotic_cs_one_sided', evaluate(oneSidedConfidenceSequence)],
  ['sequential.msprt', evaluate(msprt)],
  ['sequential.msprt_path', evaluate(msprtPath)],
  ['bayes.beta_binomial', evaluate(betaBinomial)],
  ['bayes.normal', evaluate(normalPosterior)],
  ['power.two_proportion', evaluate(twoProportionPower)],
  ['samplesize.two_proportion', evaluate(twoProportionSampleSize)],
  ['mde.two_proportion', evaluate(twoProportionMde)],
  ['srm.chi_square', evaluate(sampleRatioTest)],
  ['srm.sequential', evaluate(sequentialSampleRatio)],
  ['srm.sequential_path', evaluate(sequentialSampleRatioPath)],
  ['winsorize', evaluate(winsorize)],
  ['test.ratio', evaluate(ratioTest)],
  ['test.cuped', evaluate(cupedTest)],
  ['test.stratified', evaluate(stratifiedTest)],
  ['test.quantile', evaluate(quantileTest)],
  ['samplesize.arcsine', evaluate(arcsineSampleSize)],
  ['samplesize.mean_z', evaluate(meanSampleSize)],
  ['power.t', evaluate(tTestPower)],
  ['samplesize.t', evaluate(tTestSampleSize)],
  ['gst.bounds', evaluate(groupSequentialBounds)],
  ['gst.crossing', evaluate(crossingProbabilities)],
  ['bandit.allocate', evaluate(allocate)],
  ['factorial.effects', evaluate(factorialEffects)],
  ['factorial.wald', evaluate(factorialWald)],
  ['attribution.aggregate', evaluate(attribute)],
  ['trend.daily', evaluate(dailyTrend)],
  ['decision.evaluate', evaluate(evaluateDecision)],
]);

/** JSON has no such numbers; on the wire they are these strings. */
const NON_FINITE: ReadonlyMap<string, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]);

/** Fields that hold names, where "NaN" is a name like any other. */
const NAMES: ReadonlySet<string> = new Set(['user', 'users', 'id', 'variant', 'variants', 'metric', 'name', 'factors']);

const withNumbers = (value: unknown): unknown => {
  if (typeof value === 'string') return NON_FINITE.get(value) ?? value;
  if (Array.isArray(value)) return value.map(withNumbers);
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(([key, field]) => [
    key,
    NAMES.has(key) && !isObject(field) ? field : withNumbers(field),
  ]);
  return Object.fromEntries(entries);
};

/** Names of the functions that {@link evaluateStatistic} knows. */
export const statisticNames = (): string[] => [...FUNCTIONS.keys()];

/**
 * One function of the contract of vectors/stats by name, on an object of JSON. Never throws for bad input:
 * refused input gives `{ error: 'invalid_input' }`, an unknown name `{ error: 'unknown_function' }`.
 */
export const evaluateStatistic = (fn: string, input: unknown): unknown => {
  const compute = FUNCTIONS.get(fn);
  if (!compute) return { error: 'unknown_function' };
  if (!isObject(input)) return { error: 'invalid_input' };
  try {
    return compute(withNumbers(input));
  } catch (error) {
    if (error instanceof InvalidInput) return { error: error.code };
    throw error;
  }
};
