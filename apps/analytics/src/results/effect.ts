import type { MetricDefinition } from '@pataka/contracts';
import { countedQuantileTest, fiellerLiftOf, normalIsf, normalPValue, twoProportionTest, welchFromMoments, type Interval, type MeanEstimate } from '@pataka/statistics';
import { isPerMember } from '../evidence/evidence-plan';
import { estimateOfArm, momentsOfArm, type Arm, type Arms } from './sums';

/** What one treatment did to one metric, treatment minus control. */
export interface Effect {
  test: 'two-proportion-z' | 'welch-t' | 'delta' | 'quantile';
  statistic: number | null;
  pValue: number | null;
  /** Cohen's d. */
  effectSize: number | null;
  difference: number | null;
  standardError: number | null;
  interval: Interval | null;
  lift: number | null;
  liftInterval: Interval | null;
  control: MeanEstimate | null;
  treatment: MeanEstimate | null;
  reason: string | null;
}

const testOf = (metric: MetricDefinition): Effect['test'] => {
  const tests = { conversion: 'two-proportion-z', mean: 'welch-t', ratio: 'delta', quantile: 'quantile' } as const;
  return isPerMember(metric) ? 'delta' : tests[metric.type ?? 'conversion'];
};

/** That nothing can be said, and why. */
export const noEffect = (metric: MetricDefinition, reason: string): Effect => ({
  test: testOf(metric), statistic: null, pValue: null, effectSize: null, difference: null, standardError: null, interval: null, lift: null, liftInterval: null,
  control: null, treatment: null, reason,
});

const liftReason = { bounded: null, complement: 'the control is not separated from 0: no bounded relative interval', all: 'the control is not separated from 0: no relative interval' } as const;

const withLift = (control: MeanEstimate, treatment: MeanEstimate, alpha: number) => {
  const { status, kind, lift, ci } = fiellerLiftOf(control, treatment, alpha);
  return { lift, liftInterval: ci, reason: kind === null ? (status === 'ok' ? null : status) : liftReason[kind] };
};

const described = (control: MeanEstimate, treatment: MeanEstimate, alpha: number) => ({
  control, treatment, difference: treatment.mean - control.mean, standardError: Math.sqrt(control.variance + treatment.variance), ...withLift(control, treatment, alpha),
});

/** Normal test of two estimates, for ratios and wherever phases were averaged. */
const normalEffect = (metric: MetricDefinition, control: MeanEstimate, treatment: MeanEstimate, alpha: number): Effect => {
  const found = described(control, treatment, alpha);
  const { difference, standardError } = found;
  if (standardError === 0) return { ...noEffect(metric, 'zero_variance'), ...found, reason: 'zero_variance', test: testOf(metric) };
  const half = normalIsf(alpha / 2) * standardError;
  return {
    ...found, test: testOf(metric), statistic: difference / standardError, pValue: normalPValue(difference / standardError),
    interval: [difference - half, difference + half], effectSize: null,
  };
};

const directEffect = (metric: MetricDefinition, controlArm: Arm, treatmentArm: Arm, alpha: number): Effect => {
  const [control, treatment] = [estimateOfArm(controlArm, metric), estimateOfArm(treatmentArm, metric)];
  if (typeof control === 'string') return noEffect(metric, control);
  if (typeof treatment === 'string') return noEffect(metric, treatment);
  if (metric.type === 'ratio' || isPerMember(metric)) return normalEffect(metric, control, treatment, alpha);
  const found = described(control, treatment, alpha);
  if ((metric.type ?? 'conversion') === 'conversion') {
    const test = twoProportionTest({ control: { n: controlArm.subjects, x: controlArm.converted }, treatment: { n: treatmentArm.subjects, x: treatmentArm.converted }, alpha, alternative: 'two-sided' });
    return { ...found, test: 'two-proportion-z', statistic: test.z, pValue: test.pValue, effectSize: test.cohenD, interval: test.ciNewcombe, reason: test.status === 'ok' ? found.reason : test.status };
  }
  const test = welchFromMoments(momentsOfArm(controlArm, metric), momentsOfArm(treatmentArm, metric), { alpha, alternative: 'two-sided' });
  return { ...found, test: 'welch-t', statistic: test.t, pValue: test.pValue, effectSize: test.cohenD, interval: test.ci, reason: test.status === 'ok' ? found.reason : test.status };
};

interface Stratum { users: number; control: MeanEstimate; treatment: MeanEstimate }

const strataOf = (metric: MetricDefinition, control: Arms, treatment: Arms): { phase: number; stratum: Stratum }[] =>
  [...control.keys()].sort((a, b) => a - b).flatMap((phase) => {
    const [c, t] = [control.get(phase)!, treatment.get(phase)];
    if (t === undefined || c.subjects < 2 || t.subjects < 2) return [];
    const estimates = [estimateOfArm(c, metric), estimateOfArm(t, metric)] as const;
    if (typeof estimates[0] === 'string' || typeof estimates[1] === 'string') return [];
    return [{ phase, stratum: { users: c.subjects + t.subjects, control: estimates[0], treatment: estimates[1] } }];
  });

const averaged = (strata: readonly Stratum[], side: 'control' | 'treatment'): MeanEstimate => {
  const total = strata.reduce((sum, { users }) => sum + users, 0);
  return strata.reduce((sum, stratum) => {
    const weight = stratum.users / total;
    return { mean: sum.mean + weight * stratum[side].mean, variance: sum.variance + weight * weight * stratum[side].variance };
  }, { mean: 0, variance: 0 });
};

/**
 * The effect of a treatment on a metric. Within one phase by the metric's own test; over phases of different weights as the average of
 * the phases' effects, each weighed by its users, since a pooled difference would be biased.
 */
export const effectOf = (metric: MetricDefinition, control: Arms, treatment: Arms, alpha: number): Effect => {
  const strata = strataOf(metric, control, treatment);
  const [only] = strata;
  if (strata.length > 1) {
    const parts = strata.map(({ stratum }) => stratum);
    return normalEffect(metric, averaged(parts, 'control'), averaged(parts, 'treatment'), alpha);
  }
  const phase = only?.phase ?? largestPhase(control);
  const [c, t] = [control.get(phase), treatment.get(phase)];
  return c === undefined || t === undefined ? noEffect(metric, 'insufficient_data') : directEffect(metric, c, t, alpha);
};

const largestPhase = (arms: Arms): number => [...arms].reduce<[number, number]>((best, [phase, arm]) => (arm.subjects > best[1] ? [phase, arm.subjects] : best), [0, -1])[0];

/** What a look needs of an effect, without tests. */
export const estimateOf = (metric: MetricDefinition, control: Arms, treatment: Arms): { difference: number; standardError: number } | null => {
  const strata = strataOf(metric, control, treatment).map(({ stratum }) => stratum);
  if (strata.length === 0) return null;
  const [c, t] = [averaged(strata, 'control'), averaged(strata, 'treatment')];
  return { difference: t.mean - c.mean, standardError: Math.sqrt(c.variance + t.variance) };
};

/** How many subjects of an arm have each value. */
export type ValueCounts = readonly (readonly [value: number, subjects: number])[];

/** The effect on a quantile, from how many subjects have each value. */
export const quantileEffect = (metric: MetricDefinition, control: ValueCounts, treatment: ValueCounts, alpha: number): Effect => {
  const test = countedQuantileTest({ control, treatment, nu: metric.quantile ?? 0.5, alpha });
  const [c, t] = [test.control, test.treatment];
  if (c.quantile === null || t.quantile === null || c.se === null || t.se === null) return { ...noEffect(metric, 'insufficient_data'), difference: test.diff };
  const estimates = [{ mean: c.quantile, variance: c.se ** 2 }, { mean: t.quantile, variance: t.se ** 2 }] as const;
  const found = described(...estimates, alpha);
  return { ...found, test: 'quantile', statistic: test.z, pValue: test.pValue, effectSize: null, interval: test.ci, reason: test.status === 'ok' ? found.reason : test.status };
};
