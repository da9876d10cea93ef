import { demand, requireFinite, requireFraction, requireNonNegative, requirePositive } from '../invalid-input';
import type { Alternative } from '../moments/arms';
import { normalIsf, upperTail } from '../special/normal';
import { noncentralTSf } from '../special/noncentral-t';
import { tIsf } from '../special/student-t';
import { checkPlan } from '../tests/p-values';
import { ceilUsers, checkDirection, criticalZ, solveSampleSize } from './two-proportion-power';

interface Plan {
  readonly ratio: number;
  readonly alpha: number;
  readonly alternative: Alternative;
}

const checkSizePlan = (plan: Plan & { readonly power: number }, effect: number): void => {
  requirePositive(plan.ratio, 'ratio');
  checkPlan(plan.alpha, plan.alternative);
  requireFraction(plan.power, 'power');
  requireFinite(effect, 'effect');
  checkDirection(effect, plan.alternative);
  demand(plan.power > plan.alpha, 'power must be above alpha');
};

/** Power of a z-test of a standardised effect with `nControl` users; 1/n = 1/nC + 1/nT. */
const zPower = (effect: number, nControl: number, { ratio, alpha, alternative }: Plan): number => {
  const shift = effect * Math.sqrt(nControl / (1 + 1 / ratio));
  const limit = criticalZ(alpha, alternative);
  const above = alternative === 'less' ? 0 : upperTail(limit - shift);
  const below = alternative === 'greater' ? 0 : upperTail(limit + shift);
  return above + below;
};

/**
 * Power of a z-test of two means with known sd, both tails counted when two-sided.
 * @throws InvalidInput unless sd, nControl and ratio are positive, delta finite and alpha in (0,1)
 */
export const meanPower = (
  plan: Plan & { readonly sd: number; readonly delta: number; readonly nControl: number },
): { power: number } => {
  requirePositive(plan.sd, 'sd');
  requireFinite(plan.delta, 'delta');
  requirePositive(plan.nControl, 'nControl');
  requirePositive(plan.ratio, 'ratio');
  checkPlan(plan.alpha, plan.alternative);
  return { power: zPower(plan.delta / plan.sd, plan.nControl, plan) };
};

/**
 * Smallest effect, in the unit of `se`, that a two-sided test finds with the given power at the present data:
 * (z_{α/2} + z_power)·se. To be shown instead of any power computed from the observed effect.
 * @throws InvalidInput for a negative se, or alpha or power outside (0,1)
 */
export const detectableEffect = (input: { readonly se: number; readonly alpha: number; readonly power: number }): number => {
  requireNonNegative(input.se, 'se');
  requireFraction(input.alpha, 'alpha');
  requireFraction(input.power, 'power');
  return (normalIsf(input.alpha / 2) - normalIsf(input.power)) * input.se;
};

/**
 * Days until `users` of both arms are there: whole weeks, at least one, so that every weekday counts alike.
 * @throws InvalidInput unless users and dailyUsers are positive and traffic is in (0,1]
 */
export const durationDays = (input: {
  readonly users: number;
  readonly dailyUsers: number;
  readonly traffic: number;
}): number => {
  requirePositive(input.users, 'users');
  requirePositive(input.dailyUsers, 'dailyUsers');
  demand(input.traffic > 0 && input.traffic <= 1, 'traffic must be in (0, 1]');
  const days = ceilUsers(input.users / (input.dailyUsers * input.traffic));
  return 7 * Math.max(1, Math.ceil(days / 7));
};

const zSampleSize = (effect: number, plan: Plan & { readonly power: number }): number => {
  checkSizePlan(plan, effect);
  const quantiles = criticalZ(plan.alpha, plan.alternative) - normalIsf(plan.power);
  const start = Math.max(1e-12, (quantiles / effect) ** 2 * (1 + 1 / plan.ratio));
  return solveSampleSize(start, plan.power, (n) => zPower(effect, n, plan));
};

/** Users per arm; `nControl` is the real root. */
export interface MeanSampleSize {
  readonly nControl: number;
  readonly nControlCeil: number;
  readonly nTreatmentCeil: number;
}

const rounded = (nControl: number, ratio: number): MeanSampleSize => ({
  nControl,
  nControlCeil: ceilUsers(nControl),
  nTreatmentCeil: ceilUsers(ratio * nControl),
});

/**
 * Users for a z-test of two rates on the arcsine scale, h = 2asin√pT - 2asin√pC. Source: Cohen 1988.
 * @throws InvalidInput for equal rates, an effect on the wrong side, power <= alpha, or values out of range
 */
export const arcsineSampleSize = (
  plan: Plan & { readonly pControl: number; readonly pTreatment: number; readonly power: number },
): MeanSampleSize & { cohenH: number } => {
  requireFraction(plan.pControl, 'pControl');
  requireFraction(plan.pTreatment, 'pTreatment');
  const cohenH = 2 * Math.asin(Math.sqrt(plan.pTreatment)) - 2 * Math.asin(Math.sqrt(plan.pControl));
  return { cohenH, ...rounded(zSampleSize(cohenH, plan), plan.ratio) };
};

/**
 * Users for a z-test of two means with known sd; with CUPED the sd shrinks to sd·√(1-ρ²).
 * @throws InvalidInput for sd <= 0, no effect, an effect on the wrong side, power <= alpha, or |correlation| >= 1
 */
export const meanSampleSize = (
  plan: Plan & {
    readonly sd: number;
    readonly delta: number;
    readonly power: number;
    readonly cupedCorrelation?: number | null;
  },
): MeanSampleSize => {
  requirePositive(plan.sd, 'sd');
  requireFinite(plan.delta, 'delta');
  const correlation = plan.cupedCorrelation ?? 0;
  demand(Math.abs(correlation) < 1, 'cupedCorrelation must be between -1 and 1, exclusive');
  const sd = plan.sd * Math.sqrt((1 - correlation) * (1 + correlation));
  return rounded(zSampleSize(plan.delta / sd, plan), plan.ratio);
};

/** Power of the pooled-variance t-test; the noncentral t takes the place of the normal. */
const tPowerAt = (cohenD: number, nControl: number, { ratio, alpha, alternative }: Plan): number => {
  const df = nControl * (1 + ratio) - 2;
  const shift = cohenD * Math.sqrt(nControl / (1 + 1 / ratio));
  const limit = tIsf(alternative === 'two-sided' ? alpha / 2 : alpha, df);
  const above = alternative === 'less' ? 0 : noncentralTSf(limit, df, shift);
  const below = alternative === 'greater' ? 0 : noncentralTSf(limit, df, -shift);
  return above + below;
};

/**
 * Power of the pooled-variance t-test for a standardised effect. Source: statsmodels `TTestIndPower`.
 * @throws InvalidInput unless there are more than two users in all, ratio > 0 and alpha is in (0,1)
 */
export const tTestPower = (plan: Plan & { readonly cohenD: number; readonly nControl: number }): { power: number } => {
  requireFinite(plan.cohenD, 'cohenD');
  requirePositive(plan.nControl, 'nControl');
  requirePositive(plan.ratio, 'ratio');
  checkPlan(plan.alpha, plan.alternative);
  demand(plan.nControl * (1 + plan.ratio) > 2, 'there must be more than two users');
  return { power: tPowerAt(plan.cohenD, plan.nControl, plan) };
};

/**
 * Users for a given power of the pooled-variance t-test.
 * @throws InvalidInput for no effect, an effect on the wrong side, power <= alpha, or values out of range
 */
export const tTestSampleSize = (plan: Plan & { readonly cohenD: number; readonly power: number }): MeanSampleSize => {
  const start = zSampleSize(plan.cohenD, plan);
  // Below two users in all there are no degrees of freedom and no test, hence no power.
  const least = 2 / (1 + plan.ratio);
  const power = (n: number): number => (n > least * (1 + 1e-9) ? tPowerAt(plan.cohenD, n, plan) : 0);
  return rounded(solveSampleSize(Math.max(start, 1.01 * least), plan.power, power), plan.ratio);
};
