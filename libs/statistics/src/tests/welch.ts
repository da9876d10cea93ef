import type { Alternative, Interval, MeanArm, Moments, Status } from '../moments/arms';
import { checkMoments, momentsOf } from '../moments/arms';
import { tIsf } from '../special/student-t';
import { around, checkPlan, tPValue } from './p-values';

/** How two means are compared. */
export interface TestPlan {
  readonly alpha: number;
  readonly alternative: Alternative;
}

/** Sums of both arms, and how they are compared. */
export interface WelchInput extends TestPlan {
  readonly control: MeanArm;
  readonly treatment: MeanArm;
}

/** Result of {@link welchTest}; differences are treatment minus control, variances those of single users. */
export interface WelchResult {
  readonly status: Status;
  readonly meanControl: number | null;
  readonly meanTreatment: number | null;
  readonly varControl: number | null;
  readonly varTreatment: number | null;
  readonly diff: number | null;
  readonly se: number | null;
  readonly t: number | null;
  readonly df: number | null;
  readonly pValue: number | null;
  readonly ci: Interval | null;
  readonly cohenD: number | null;
}

/** An estimate's variance as a sum of independent parts, each with its degrees of freedom. */
export interface VariancePart {
  readonly variance: number;
  readonly df: number;
}

/** Degrees of freedom of a sum of variances. Source: Satterthwaite 1946, Welch 1947. */
export const satterthwaite = (parts: readonly VariancePart[]): number => {
  const total = parts.reduce((sum, part) => sum + part.variance, 0);
  return 1 / parts.reduce((sum, { variance, df }) => sum + (variance / total) ** 2 / df, 0);
};

/** t, p and interval of an estimate with standard error `se` > 0 and `df` degrees of freedom. */
export const tInference = (estimate: number, se: number, df: number, plan: TestPlan) => ({
  t: estimate / se,
  pValue: tPValue(estimate / se, df, plan.alternative),
  ci: around(estimate, tIsf(plan.alpha / 2, df) * se),
});

const NOT_TESTED = { t: null, df: null, pValue: null, ci: null, cohenD: null };

/**
 * Welch's t-test from moments that were made elsewhere, e.g. by {@link fixedPointMoments}.
 * @throws InvalidInput for moments that are not finite, alpha outside (0,1) or an unknown alternative
 */
export const welchFromMoments = (control: Moments, treatment: Moments, plan: TestPlan): WelchResult => {
  checkMoments(control, 'control');
  checkMoments(treatment, 'treatment');
  checkPlan(plan.alpha, plan.alternative);
  const described = {
    meanControl: control.mean,
    meanTreatment: treatment.mean,
    varControl: control.variance,
    varTreatment: treatment.variance,
    diff: control.mean === null || treatment.mean === null ? null : treatment.mean - control.mean,
  };
  const { diff, varControl, varTreatment } = described;
  if (diff === null || varControl === null || varTreatment === null) {
    return { ...described, ...NOT_TESTED, status: 'insufficient_data', se: null };
  }
  const parts = [
    { variance: varControl / control.n, df: control.n - 1 },
    { variance: varTreatment / treatment.n, df: treatment.n - 1 },
  ];
  const se = Math.sqrt(parts.reduce((sum, part) => sum + part.variance, 0));
  if (se === 0) return { ...described, ...NOT_TESTED, status: 'zero_variance', se };
  const df = satterthwaite(parts);
  const cohenD = diff / Math.sqrt((varControl + varTreatment) / 2);
  return { ...described, status: 'ok', se, df, cohenD, ...tInference(diff, se, df, plan) };
};

/**
 * Welch's t-test of two means from n, Σ and Σ² per arm. Source: Welch 1947.
 * `insufficient_data` with fewer than two users in an arm, `zero_variance` when both arms are constant.
 * @throws InvalidInput for sums that no data can have, alpha outside (0,1) or an unknown alternative
 */
export const welchTest = ({ control, treatment, alpha, alternative }: WelchInput): WelchResult =>
  welchFromMoments(momentsOf(control, 'control'), momentsOf(treatment, 'treatment'), { alpha, alternative });
