import type { Comparison, MetricDefinition } from '@pataka/contracts';
import { adjustPValues, betaBinomial, normalIsf, normalPosterior, normalSf, twoProportionPower, type Interval } from '@pataka/statistics';
import { effectOf, quantileEffect, type Effect } from './effect';
import type { ReportContext } from './report-context';
import { runningMinimum, looksOf } from './sequence';
import { armsOf, pooled, type Arm, type SumRow } from './sums';

/** Values of single subjects, by metric and variant: what quantiles need. */
export type SubjectValues = ReadonlyMap<string, ReadonlyMap<string, readonly number[]>>;

/** Sums to compare. `complete`: they are all there is, so that past looks can be told from them. */
export interface Evidence { rows: readonly SumRow[]; values: SubjectValues; complete: boolean }

/** A comparison with what the verdict needs of it. */
export interface Compared { comparison: Comparison; effect: Effect; controlArm: Arm; treatmentArm: Arm }

const pair = (interval: Interval | null): [number, number] | null => (interval === null ? null : [interval[0], interval[1]]);

/** Power to find the smallest effect of interest with the subjects there are; never that of the effect observed, which says no more than p. */
const powerOf = (effect: Effect, metric: MetricDefinition, control: Arm, treatment: Arm, { alpha, minimumEffect }: ReportContext): number | null => {
  const { standardError, control: baseline } = effect;
  if (baseline === null || standardError === null || standardError === 0 || baseline.mean === 0) return null;
  if (effect.test !== 'two-proportion-z' || baseline.mean >= 1) {
    const [z, shift] = [normalIsf(alpha / 2), (Math.abs(baseline.mean) * minimumEffect) / standardError];
    return normalSf(z - shift) + normalSf(z + shift);
  }
  const rise = baseline.mean * (1 + minimumEffect);
  const pTreatment = rise < 1 && metric.direction !== 'decrease' ? rise : Math.max(baseline.mean * (1 - minimumEffect), Number.EPSILON);
  return twoProportionPower({ pControl: baseline.mean, pTreatment, nControl: control.subjects, ratio: treatment.subjects / control.subjects, alpha, alternative: 'two-sided' }).power;
};

interface Belief { chanceToBeat: number | null; expectedLoss: number | null }

/** Posterior chance that the treatment is the better one, and what is lost on average if it is shipped and is not. */
const beliefOf = (effect: Effect, exactArms: readonly [Arm, Arm] | null, metric: MetricDefinition, alpha: number): Belief => {
  const lessIsBetter = metric.direction === 'decrease';
  if (exactArms !== null) {
    const arms = exactArms.map((arm) => ({ n: arm.subjects, x: arm.converted }));
    const found = betaBinomial({ arms, prior: { a: 1, b: 1 }, alpha }).arms[1]!;
    const [chance, loss, gain] = [found.probBeatsControl!, found.expectedLossVsControl!, found.expectedGainVsControl!];
    return lessIsBetter ? { chanceToBeat: 1 - chance, expectedLoss: gain } : { chanceToBeat: chance, expectedLoss: loss };
  }
  if (effect.difference === null || effect.standardError === null || effect.standardError === 0) return { chanceToBeat: null, expectedLoss: null };
  const found = normalPosterior({ estimate: lessIsBetter ? -effect.difference : effect.difference, se: effect.standardError, prior: null, alpha });
  return { chanceToBeat: found.chanceToBeat, expectedLoss: found.expectedLossTreatment };
};

const sequenceOf = (evidence: Evidence, metric: MetricDefinition, treatment: string, { control, nTune, alpha }: ReportContext) => {
  if (metric.type === 'quantile') return { pValue: null, interval: null };
  // Of a part of the subjects nobody knows the past looks: the last one alone is valid too.
  const rows = evidence.complete ? evidence.rows : evidence.rows.filter((row) => row.axis === 'exposed').map((row) => (row.metric === '' ? row : { ...row, axis: 'happened' as const }));
  const looks = looksOf(rows, { metric, control, treatment, nTune, alpha });
  return runningMinimum(evidence.complete ? looks : looks.slice(-1));
};

const compare = (evidence: Evidence, metric: MetricDefinition, treatment: string, context: ReportContext): Compared => {
  const { control, alpha } = context;
  const [controlArms, treatmentArms] = [armsOf(evidence.rows, control, metric.key), armsOf(evidence.rows, treatment, metric.key)];
  const [controlArm, treatmentArm] = [pooled(controlArms), pooled(treatmentArms)];
  const values = (variant: string): readonly number[] => evidence.values.get(metric.key)?.get(variant) ?? [];
  const effect = metric.type === 'quantile' ? quantileEffect(metric, values(control), values(treatment), alpha) : effectOf(metric, controlArms, treatmentArms, alpha);
  const sequence = sequenceOf(evidence, metric, treatment, context);
  // The exact posterior costs milliseconds: for the one metric that decides.
  const exact = metric.key === context.primary?.key && effect.test === 'two-proportion-z' && controlArms.size < 2 && effect.control !== null;
  return {
    effect, controlArm, treatmentArm,
    comparison: {
      metric: metric.key, variantId: treatment, controlId: control, test: effect.test, statistic: effect.statistic, pValue: effect.pValue, adjustedPValue: null,
      absoluteEffect: effect.difference, relativeEffect: effect.lift, confidenceInterval: pair(effect.interval), relativeConfidenceInterval: pair(effect.liftInterval),
      power: powerOf(effect, metric, controlArm, treatmentArm, context), alwaysValidPValue: sequence.pValue, alwaysValidInterval: pair(sequence.interval),
      ...beliefOf(effect, exact ? [controlArm, treatmentArm] : null, metric, alpha), ...(effect.reason === null ? {} : { reason: effect.reason }),
    },
  };
};

/** Adjusts the p-values of one family of tests in place. */
const adjust = (family: readonly Compared[], method: 'holm' | 'bh', alpha: number): void => {
  const { adjusted } = adjustPValues({ pValues: family.map(({ comparison }) => comparison.pValue), method, alpha });
  family.forEach(({ comparison }, index) => (comparison.adjustedPValue = adjusted[index] ?? null));
};

/** Every treatment against control on every metric; p-values corrected among the primary metric's, the other success metrics', and the guards'. */
export const comparisonsOf = (evidence: Evidence, context: ReportContext): Compared[] => {
  const all = context.metrics.flatMap((metric) => context.treatments.map((treatment) => compare(evidence, metric, treatment, context)));
  const primary = all.filter(({ comparison }) => comparison.metric === context.primary?.key);
  const secondary = all.filter(({ comparison }) => comparison.metric !== context.primary?.key && context.secondary.has(comparison.metric));
  adjust(primary, 'holm', context.alpha);
  adjust(secondary, 'bh', context.alpha);
  adjust(all.filter((one) => !primary.includes(one) && !secondary.includes(one)), 'holm', context.alpha);
  return all;
};
