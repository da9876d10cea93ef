import { demand, requireFraction, requireOneOf, requirePositive } from '../invalid-input';
import type { Alternative } from '../moments/arms';
import { normalIsf, upperTail } from '../special/normal';
import { findRoot } from '../special/roots';
import { checkPlan } from '../tests/p-values';

/** Plan of a pooled z-test of two rates; `ratio` is treatment users per control user. */
export interface ProportionPlan {
  readonly pControl: number;
  readonly pTreatment: number;
  readonly ratio: number;
  readonly alpha: number;
  readonly alternative: Alternative;
}

/** Users per arm; `nControl` is the real root, the others are rounded up. */
export interface ProportionSampleSize {
  readonly nControl: number;
  readonly nControlCeil: number;
  readonly nTreatmentCeil: number;
}

/** Smallest detectable effect: the treatment rate, its distance from the control's, and that as a share of it. */
export interface DetectableRate {
  readonly pTreatment: number | null;
  readonly absolute: number | null;
  readonly relative: number | null;
}

/** Rounds up, but not for the rounding of a whole number. */
export const ceilUsers = (n: number): number => Math.ceil(n - 1e-9);

/** The normal quantile that a test at `alpha` rejects beyond. */
export const criticalZ = (alpha: number, alternative: Alternative): number =>
  normalIsf(alternative === 'two-sided' ? alpha / 2 : alpha);

/** @throws InvalidInput when a one-sided alternative points away from the effect, or there is no effect */
export const checkDirection = (effect: number, alternative: Alternative): void => {
  demand(effect !== 0, 'the effect must not be 0');
  demand(alternative !== 'greater' || effect > 0, 'the effect is on the wrong side');
  demand(alternative !== 'less' || effect < 0, 'the effect is on the wrong side');
};

const checkRates = (plan: ProportionPlan): void => {
  requireFraction(plan.pControl, 'pControl');
  requireFraction(plan.pTreatment, 'pTreatment');
  requirePositive(plan.ratio, 'ratio');
  checkPlan(plan.alpha, plan.alternative);
};

/** sd of the difference per √nControl: under the null (pooled) and under the effect. */
const deviations = ({ pControl, pTreatment, ratio }: ProportionPlan): { null: number; effect: number } => {
  const pooled = (pControl + ratio * pTreatment) / (1 + ratio);
  return {
    null: Math.sqrt(pooled * (1 - pooled) * (1 + 1 / ratio)),
    effect: Math.sqrt(pControl * (1 - pControl) + (pTreatment * (1 - pTreatment)) / ratio),
  };
};

const powerAt = (plan: ProportionPlan, nControl: number): number => {
  const sd = deviations(plan);
  const limit = criticalZ(plan.alpha, plan.alternative) * sd.null;
  const shift = (plan.pTreatment - plan.pControl) * Math.sqrt(nControl);
  const above = plan.alternative === 'less' ? 0 : upperTail((limit - shift) / sd.effect);
  const below = plan.alternative === 'greater' ? 0 : upperTail((limit + shift) / sd.effect);
  return above + below;
};

/**
 * Power of the pooled z-test, both tails counted when two-sided. Source: statsmodels `power_proportions_2indep`.
 * @throws InvalidInput for rates or alpha outside (0,1), or nControl or ratio <= 0
 */
export const twoProportionPower = (plan: ProportionPlan & { readonly nControl: number }): { power: number } => {
  checkRates(plan);
  requirePositive(plan.nControl, 'nControl');
  return { power: powerAt(plan, plan.nControl) };
};

/** Grows n from the one-tail formula until the power is passed, then finds the root. */
export const solveSampleSize = (start: number, target: number, power: (n: number) => number): number => {
  let [low, high] = [start / 2, start];
  while (power(high) < target && high < 1e300) high *= 1.25;
  while (power(low) > target && low > 1e-300) low /= 2;
  demand(power(low) <= target, 'this power is reached without any users');
  return findRoot((n) => power(n) - target, low, high);
};

/**
 * Users for a given power: the root of {@link twoProportionPower} in nControl.
 * @throws InvalidInput for equal rates, an effect on the wrong side, power <= alpha, or values out of range
 */
export const twoProportionSampleSize = (plan: ProportionPlan & { readonly power: number }): ProportionSampleSize => {
  checkRates(plan);
  requireFraction(plan.power, 'power');
  const effect = plan.pTreatment - plan.pControl;
  checkDirection(effect, plan.alternative);
  demand(plan.power > plan.alpha, 'power must be above alpha');
  const sd = deviations(plan);
  const distance = criticalZ(plan.alpha, plan.alternative) * sd.null - normalIsf(plan.power) * sd.effect;
  const start = Math.max(1e-6, (distance / effect) ** 2);
  const nControl = solveSampleSize(start, plan.power, (n) => powerAt(plan, n));
  return { nControl, nControlCeil: ceilUsers(nControl), nTreatmentCeil: ceilUsers(plan.ratio * nControl) };
};

/**
 * Smallest effect found with the given power at nControl; nulls when no rate below 1 (or above 0) is far enough away.
 * @throws InvalidInput for values out of range, or a direction against the alternative
 */
export const twoProportionMde = (
  plan: Omit<ProportionPlan, 'pTreatment'> & {
    readonly nControl: number;
    readonly power: number;
    readonly direction: 'increase' | 'decrease';
  },
): DetectableRate => {
  const { pControl, nControl, power, direction } = plan;
  requireOneOf(direction, ['increase', 'decrease'], 'direction');
  checkRates({ ...plan, pTreatment: pControl });
  requirePositive(nControl, 'nControl');
  requireFraction(power, 'power');
  demand(power > plan.alpha, 'power must be above alpha');
  checkDirection(direction === 'increase' ? 1 : -1, plan.alternative);
  const missing = (pTreatment: number): number => powerAt({ ...plan, pTreatment }, nControl) - power;
  const edge = direction === 'increase' ? 1 : 0;
  const farthest = edge + (pControl - edge) * 1e-12;
  if (missing(farthest) < 0) return { pTreatment: null, absolute: null, relative: null };
  const pTreatment = findRoot(missing, Math.min(pControl, farthest), Math.max(pControl, farthest), 1e-15);
  return { pTreatment, absolute: pTreatment - pControl, relative: (pTreatment - pControl) / pControl };
};
