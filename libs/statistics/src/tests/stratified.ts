import { demand, requireFraction, requireList, requireObject } from '../invalid-input';
import type { Interval, MeanArm, Status } from '../moments/arms';
import { momentsOf } from '../moments/arms';
import { preciseSum } from '../special/exact';
import { normalIsf } from '../special/normal';
import { around, normalPValue } from './p-values';

/** Both arms within one stratum: an epoch of weights, a segment, a day of exposure. */
export interface Stratum {
  readonly control: MeanArm;
  readonly treatment: MeanArm;
}

/** Result of {@link stratifiedTest}; `naiveDiff` ignores the strata and is biased when their weights changed. */
export interface StratifiedResult {
  readonly status: Status;
  readonly diff: number | null;
  readonly se: number | null;
  readonly z: number | null;
  readonly pValue: number | null;
  readonly ci: Interval | null;
  readonly naiveDiff: number | null;
}

/** A stratum's difference, the variance of it, and its users. */
const contrast = ({ control, treatment }: Stratum) => {
  const c = momentsOf(control, 'control');
  const t = momentsOf(treatment, 'treatment');
  const users = c.n + t.n;
  if (c.mean === null || t.mean === null || c.variance === null || t.variance === null) return { users, effect: null };
  return { users, effect: { diff: t.mean - c.mean, variance: t.variance / t.n + c.variance / c.n } };
};

const overallMean = (arms: readonly MeanArm[]): number | null => {
  const users = arms.reduce((sum, arm) => sum + arm.n, 0);
  return users === 0 ? null : preciseSum(arms.map((arm) => arm.sum)) / users;
};

const naive = (strata: readonly Stratum[]): number | null => {
  const control = overallMean(strata.map((stratum) => stratum.control));
  const treatment = overallMean(strata.map((stratum) => stratum.treatment));
  return control === null || treatment === null ? null : treatment - control;
};

/**
 * Post-stratified difference Σ w_k(mT_k - mC_k), w_k = users of stratum k / all users, with a normal test.
 * @throws InvalidInput for sums that no data can have, no strata, or alpha outside (0,1)
 */
export const stratifiedTest = (input: { readonly strata: readonly Stratum[]; readonly alpha: number }): StratifiedResult => {
  requireList(input.strata, 'strata');
  requireFraction(input.alpha, 'alpha');
  demand(input.strata.length > 0, 'there must be a stratum');
  for (const stratum of input.strata) requireObject(stratum, 'stratum');
  const contrasts = input.strata.map(contrast);
  const naiveDiff = naive(input.strata);
  const total = contrasts.reduce((sum, { users }) => sum + users, 0);
  const weighted = contrasts.flatMap(({ users, effect }) => (effect ? [{ weight: users / total, ...effect }] : []));
  if (weighted.length < contrasts.length) {
    return { status: 'insufficient_data', diff: null, se: null, z: null, pValue: null, ci: null, naiveDiff };
  }
  const diff = preciseSum(weighted.map((stratum) => stratum.weight * stratum.diff));
  const se = Math.sqrt(preciseSum(weighted.map((stratum) => stratum.weight ** 2 * stratum.variance)));
  if (se === 0) return { status: 'zero_variance', diff, se, z: null, pValue: null, ci: null, naiveDiff };
  const z = diff / se;
  return { status: 'ok', diff, se, z, pValue: normalPValue(z), ci: around(diff, normalIsf(input.alpha / 2) * se), naiveDiff };
};
