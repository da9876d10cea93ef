export { InvalidInput } from './invalid-input';
export { evaluateStatistic, statisticNames } from './dispatch';

export { normalCdf, normalIsf, normalPdf, normalQuantile, normalSf } from './special/normal';
export { tIsf, tSf } from './special/student-t';
export { chiSquareSf } from './special/chi-square';
export { betainc, betaincUpper, betaQuantile } from './special/beta';

export type { Alternative, BinomialArm, Interval, MeanArm, MeanEstimate, Moments, Status } from './moments/arms';
export { estimateOf, momentsOf } from './moments/arms';
export { centredProduct, centredSumOfSquares, sampleVariance } from './moments/centred';
export type { FixedPointArm } from './moments/exact-sums';
export { decimalMoments, fixedPointMoments } from './moments/exact-sums';
export type { MergedMoments, Part, UserSums, UserValue } from './moments/merge';
export { mergeMoments, mergeParts, partOf, userTotals } from './moments/merge';

export { normalPValue, tPValue } from './tests/p-values';
export type { TwoProportionInput, TwoProportionResult } from './tests/two-proportion';
export { twoProportionTest, wilsonInterval } from './tests/two-proportion';
export type { TestPlan, WelchInput, WelchResult } from './tests/welch';
export { welchFromMoments, welchTest } from './tests/welch';
export type { DeltaLiftResult, FiellerResult, LiftInput, LogRatioResult } from './tests/lift';
export { deltaLift, deltaLiftOf, fiellerLift, fiellerLiftOf, logRatioLift } from './tests/lift';
export type { MultiplicityInput, MultiplicityMethod, MultiplicityResult } from './tests/multiplicity';
export { adjustPValues } from './tests/multiplicity';
export type {
  EquivalenceResult,
  GuardrailStatus,
  NonInferiorityInput,
  NonInferiorityResult,
  RelativeNonInferiorityResult,
} from './tests/guardrail';
export { equivalence, nonInferiority, relativeNonInferiority } from './tests/guardrail';

export type { OneSidedSequenceResult, SequenceInput, SequenceResult } from './sequential/confidence-sequence';
export { asymptoticConfidenceSequence, oneSidedConfidenceSequence } from './sequential/confidence-sequence';
export type { Look, MsprtInput, MsprtResult } from './sequential/msprt';
export { msprt, msprtPath } from './sequential/msprt';

export type { BetaBinomialArm, BetaBinomialInput } from './bayes/beta-binomial';
export { betaBinomial } from './bayes/beta-binomial';
export type { NormalPosteriorInput, NormalPosteriorResult } from './bayes/normal';
export { normalPosterior, unitNormalLoss } from './bayes/normal';

export type { DetectableRate, ProportionPlan, ProportionSampleSize } from './design/two-proportion-power';
export { twoProportionMde, twoProportionPower, twoProportionSampleSize } from './design/two-proportion-power';

export type { SampleRatioInput, SampleRatioResult, SequentialSampleRatioResult } from './health/srm';
export { SAMPLE_RATIO_ALARM, sampleRatioTest, sequentialSampleRatio, sequentialSampleRatioPath } from './health/srm';

export type { Decision, DecisionCriteria, DecisionInput, Verdict } from './decision/evaluate';
export { DEFAULT_CRITERIA, evaluateDecision } from './decision/evaluate';

export type { WinsorizeInput, WinsorizeResult } from './moments/winsorize';
export { quantileType7, winsorize } from './moments/winsorize';
export type { RatioArm, RatioResult } from './tests/ratio';
export { ratioEstimate, ratioTest } from './tests/ratio';
export type { CupedArm, CupedResult } from './tests/cuped';
export { cupedTest } from './tests/cuped';
export type { StratifiedResult, Stratum } from './tests/stratified';
export { stratifiedTest } from './tests/stratified';
export type { ArmQuantile, QuantileArm, QuantileCounts, QuantileResult } from './tests/quantile';
export { countedQuantileTest, quantileTest } from './tests/quantile';
export type { FactorialCell, FactorialEffect, FactorialTerm } from './tests/factorial';
export { factorialEffects, factorialTerms, factorialWald } from './tests/factorial';
export type { DailyEffect, TrendResult } from './tests/trend';
export { dailyTrend } from './tests/trend';
export type { Spending, SpendingPlan } from './sequential/spending';
export { spentPerSide } from './sequential/spending';
export type { CrossingProbabilities, GroupSequentialBounds } from './sequential/group-sequential';
export { crossingProbabilities, groupSequentialBounds } from './sequential/group-sequential';
export type { Allocation, AllocationInput, BetaArm, NormalArm } from './bayes/bandit';
export { allocate } from './bayes/bandit';
export type { MeanSampleSize } from './design/mean-power';
export {
  arcsineSampleSize,
  detectableEffect,
  durationDays,
  meanPower,
  meanSampleSize,
  tTestPower,
  tTestSampleSize,
} from './design/mean-power';
export { noncentralTSf } from './special/noncentral-t';
export type {
  AttributionInput,
  AttributionMetric,
  AttributionResult,
  EventFact,
  EventOutcome,
  ExposureFact,
} from './attribution/aggregate';
export { attribute } from './attribution/aggregate';
