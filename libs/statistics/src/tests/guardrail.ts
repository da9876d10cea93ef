import {
  demand,
  requireBoolean,
  requireFinite,
  requireFraction,
  requireNonNegative,
  requirePositive,
} from '../invalid-input';
import type { BinomialArm, MeanArm, Status } from '../moments/arms';
import { estimateOf } from '../moments/arms';
import { normalIsf, upperTail } from '../special/normal';
import { tIsf, tSf } from '../special/student-t';

/** An effect (treatment minus control) tested against a margin in the same unit; `df` null means normal. */
export interface NonInferiorityInput {
  readonly estimate: number;
  readonly se: number;
  readonly margin: number;
  readonly alpha: number;
  readonly higherIsBetter: boolean;
  readonly df: number | null;
}

/** `pass`: not worse by the margin; `fail`: shown to be worse; else `inconclusive`. */
export type GuardrailStatus = 'pass' | 'fail' | 'inconclusive';

/** Result of {@link nonInferiority}; `bound` is the lower confidence limit of the improvement. */
export interface NonInferiorityResult {
  readonly status: GuardrailStatus | 'zero_variance';
  readonly z: number | null;
  readonly pValue: number | null;
  readonly bound: number | null;
  readonly harmPValue: number | null;
  readonly harm: boolean | null;
}

/** Result of {@link relativeNonInferiority}. */
export interface RelativeNonInferiorityResult {
  readonly status: Status;
  readonly contrast: number | null;
  readonly se: number | null;
  readonly z: number | null;
  readonly pValue: number | null;
  readonly pass: boolean | null;
}

/** Result of {@link equivalence}. */
export interface EquivalenceResult {
  readonly status: Status;
  readonly pLower: number | null;
  readonly pUpper: number | null;
  readonly pValue: number | null;
  readonly equivalent: boolean | null;
}

const guardrailStatus = (pass: boolean, harm: boolean): GuardrailStatus => {
  if (pass) return 'pass';
  return harm ? 'fail' : 'inconclusive';
};

const checkNonInferiority = (input: NonInferiorityInput): void => {
  requireFinite(input.estimate, 'estimate');
  requireNonNegative(input.se, 'se');
  requireNonNegative(input.margin, 'margin');
  requireFraction(input.alpha, 'alpha');
  requireBoolean(input.higherIsBetter, 'higherIsBetter');
  if (input.df !== null && input.df !== undefined) requirePositive(input.df, 'df');
};

/**
 * Non-inferiority of a guardrail: d = ±estimate so that improvement is positive, z = (d+margin)/se, pass when
 * P(Z > z) < alpha; harm when P(Z <= d/se) < alpha. Pass wins over fail.
 * @throws InvalidInput for a negative margin or se, or alpha outside (0,1)
 */
export const nonInferiority = (input: NonInferiorityInput): NonInferiorityResult => {
  checkNonInferiority(input);
  const { se, margin, alpha } = input;
  const df = input.df ?? null;
  if (se === 0) return { status: 'zero_variance', z: null, pValue: null, bound: null, harmPValue: null, harm: null };
  const sf = df === null ? upperTail : (value: number): number => tSf(value, df);
  const d = input.higherIsBetter ? input.estimate : -input.estimate;
  const z = (d + margin) / se;
  const pValue = sf(z);
  const harmPValue = sf(-d / se);
  const harm = harmPValue < alpha;
  const quantile = df === null ? normalIsf(alpha) : tIsf(alpha, df);
  return { z, pValue, bound: d - quantile * se, harmPValue, harm, status: guardrailStatus(pValue < alpha, harm) };
};

const NO_CONTRAST = { contrast: null, se: null, z: null, pValue: null, pass: null };

/**
 * Non-inferiority by a share δ of the baseline, as the contrast mT-(1-δ)mC (or (1+δ)mC-mT when lower is better):
 * no ratio is involved, so it holds near a zero baseline too.
 * @throws InvalidInput for impossible arms, a negative margin or alpha outside (0,1)
 */
export const relativeNonInferiority = (input: {
  readonly control: BinomialArm | MeanArm;
  readonly treatment: BinomialArm | MeanArm;
  readonly relativeMargin: number;
  readonly alpha: number;
  readonly higherIsBetter: boolean;
}): RelativeNonInferiorityResult => {
  const control = estimateOf(input.control, 'control');
  const treatment = estimateOf(input.treatment, 'treatment');
  requireNonNegative(input.relativeMargin, 'relativeMargin');
  requireFraction(input.alpha, 'alpha');
  requireBoolean(input.higherIsBetter, 'higherIsBetter');
  if (control === null || treatment === null) return { status: 'insufficient_data', ...NO_CONTRAST };
  const sign = input.higherIsBetter ? 1 : -1;
  const share = 1 - sign * input.relativeMargin;
  const contrast = sign * (treatment.mean - share * control.mean);
  const se = Math.sqrt(treatment.variance + share * share * control.variance);
  if (se === 0) return { ...NO_CONTRAST, status: 'zero_variance', contrast, se };
  const z = contrast / se;
  const pValue = upperTail(z);
  return { status: 'ok', contrast, se, z, pValue, pass: pValue < input.alpha };
};

/**
 * Equivalence within (lower, upper) by two one-sided tests; the p-value is the larger of the two. Source: Schuirmann 1987.
 * @throws InvalidInput unless lower < upper, se >= 0 and alpha is in (0,1)
 */
export const equivalence = (input: {
  readonly estimate: number;
  readonly se: number;
  readonly lower: number;
  readonly upper: number;
  readonly alpha: number;
}): EquivalenceResult => {
  const { estimate, se, lower, upper, alpha } = input;
  requireFinite(estimate, 'estimate');
  requireNonNegative(se, 'se');
  requireFinite(lower, 'lower');
  requireFinite(upper, 'upper');
  demand(lower < upper, 'lower must be below upper');
  requireFraction(alpha, 'alpha');
  if (se === 0) return { status: 'zero_variance', pLower: null, pUpper: null, pValue: null, equivalent: null };
  const pLower = upperTail((estimate - lower) / se);
  const pUpper = upperTail((upper - estimate) / se);
  const pValue = Math.max(pLower, pUpper);
  return { status: 'ok', pLower, pUpper, pValue, equivalent: pValue < alpha };
};
