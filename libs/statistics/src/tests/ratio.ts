import { demand, requireCount, requireFinite, requireFraction, requireObject } from '../invalid-input';
import type { Interval, MeanEstimate, Status } from '../moments/arms';
import { centredProduct, centredSumOfSquares, checkedCrossProduct } from '../moments/centred';
import { normalIsf } from '../special/normal';
import { deltaLiftOf } from './lift';
import { around, normalPValue } from './p-values';

/** Sums over users of a numerator y and a denominator x. */
export interface RatioArm {
  readonly n: number;
  readonly sumY: number;
  readonly sumX: number;
  readonly sumYY: number;
  readonly sumXX: number;
  readonly sumXY: number;
}

/** Result of {@link ratioTest}; differences are treatment minus control. */
export interface RatioResult {
  readonly status: Status;
  readonly ratioControl: number | null;
  readonly ratioTreatment: number | null;
  readonly seControl: number | null;
  readonly seTreatment: number | null;
  readonly diff: number | null;
  readonly se: number | null;
  readonly z: number | null;
  readonly pValue: number | null;
  readonly ci: Interval | null;
  readonly lift: number | null;
  readonly liftSe: number | null;
  readonly liftCi: Interval | null;
}

/** Why an arm has no ratio, or the ratio with its variance. */
type RatioEstimate = MeanEstimate | 'insufficient_data' | 'zero_denominator';

/** Rounding the sums to doubles alone can leave this share of Σy² + R²Σx² when every user has the same ratio. */
const ROUNDING = 8 * Number.EPSILON;

/**
 * Σu² of u = y - R·x, centred. Where it is no more than the rounding of its terms, every user has the same ratio.
 */
const residualSumOfSquares = (arm: RatioArm, name: string): number => {
  const { n, sumX, sumY, sumXX, sumYY, sumXY } = arm;
  const syy = centredSumOfSquares(n, sumY, sumYY);
  const sxx = centredSumOfSquares(n, sumX, sumXX);
  requireFinite(sumXY, `${name}.sumXY`);
  const scale = Math.sqrt(sumXX * sumYY);
  const sxy = n === 0 ? 0 : checkedCrossProduct(centredProduct(n, sumX, sumY, sumXY), sxx, syy, scale);
  const ratio = sumX === 0 ? 0 : sumY / sumX;
  const sum = syy - 2 * ratio * sxy + ratio * ratio * sxx;
  return sum <= ROUNDING * (sumYY + ratio * ratio * sumXX) ? 0 : sum;
};

/**
 * Σy/Σx of an arm with its delta-method variance over users: Var = s²(y - R·x) / (n·x̄²). Source: Deng, Knoblich, Lu 2018.
 * @throws InvalidInput for sums that no data can have
 */
export const ratioEstimate = (arm: RatioArm, name: string): RatioEstimate => {
  requireObject(arm, name);
  requireCount(arm.n, `${name}.n`);
  requireFinite(arm.sumX, `${name}.sumX`);
  requireFinite(arm.sumY, `${name}.sumY`);
  const residual = residualSumOfSquares(arm, name);
  if (arm.n < 2) return 'insufficient_data';
  if (arm.sumX === 0) return 'zero_denominator';
  const meanX = arm.sumX / arm.n;
  return { mean: arm.sumY / arm.sumX, variance: residual / (arm.n - 1) / arm.n / (meanX * meanX) };
};

const EMPTY: Omit<RatioResult, 'status'> = {
  ratioControl: null,
  ratioTreatment: null,
  seControl: null,
  seTreatment: null,
  diff: null,
  se: null,
  z: null,
  pValue: null,
  ci: null,
  lift: null,
  liftSe: null,
  liftCi: null,
};

const unavailable = (control: RatioEstimate, treatment: RatioEstimate): RatioResult => {
  const short = control === 'insufficient_data' || treatment === 'insufficient_data';
  const known = (arm: RatioEstimate) => (typeof arm === 'string' ? null : arm);
  return {
    ...EMPTY,
    status: short ? 'insufficient_data' : 'zero_denominator',
    ratioControl: known(control)?.mean ?? null,
    ratioTreatment: known(treatment)?.mean ?? null,
  };
};

/**
 * z-test of two ratios of sums whose denominators vary per user (the unit of assignment), with the delta-method lift.
 * @throws InvalidInput for sums that no data can have, or alpha outside (0,1)
 */
export const ratioTest = (input: {
  readonly control: RatioArm;
  readonly treatment: RatioArm;
  readonly alpha: number;
}): RatioResult => {
  const control = ratioEstimate(input.control, 'control');
  const treatment = ratioEstimate(input.treatment, 'treatment');
  requireFraction(input.alpha, 'alpha');
  if (typeof control === 'string' || typeof treatment === 'string') return unavailable(control, treatment);
  const diff = treatment.mean - control.mean;
  const se = Math.sqrt(control.variance + treatment.variance);
  const described = {
    ...EMPTY,
    ratioControl: control.mean,
    ratioTreatment: treatment.mean,
    seControl: Math.sqrt(control.variance),
    seTreatment: Math.sqrt(treatment.variance),
    diff,
    se,
  };
  const { lift, se: liftSe, ci: liftCi } = deltaLiftOf(control, treatment, input.alpha);
  if (se === 0) return { ...described, status: 'zero_variance', lift };
  const z = diff / se;
  const ci = around(diff, normalIsf(input.alpha / 2) * se);
  demand(Number.isFinite(z), 'the sums are out of range');
  return { ...described, status: 'ok', z, pValue: normalPValue(z), ci, lift, liftSe, liftCi };
};
