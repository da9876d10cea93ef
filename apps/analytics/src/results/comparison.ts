import type { Comparison, ComparisonRole, MetricDefinition } from '@pataka/contracts';
import { adjustPValues, betaBinomial, normalPosterior, type Interval } from '@pataka/statistics';
import { effectOf, quantileEffect, type Effect } from './effect';
import { guardOf } from './guard';
import { detectableOf, powerOf } from './power';
import type { Method, ReportContext } from './report-context';
import { looksOf, runningMinimum, type Look } from './sequence';
import { armsOf, pooled, type Arm, type SumRow } from './sums';

/** Values of single subjects, by metric and variant: what quantiles need. */
export type SubjectValues = ReadonlyMap<string, ReadonlyMap<string, readonly number[]>>;

/** Sums to compare. `complete`: they are all there is, so that past looks can be told from them. */
export interface Evidence { rows: readonly SumRow[]; values: SubjectValues; complete: boolean }

/** A comparison with what the verdict needs of it. */
export interface Compared { comparison: Comparison; effect: Effect; controlArm: Arm; treatmentArm: Arm }

const pair = (interval: Interval | null): [number, number] | null => (interval === null ? null : [interval[0], interval[1]]);

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

/** The looks that can be told: all of them or, of a part of the subjects, whose past nobody knows, the present one, which is valid too. */
const knownLooks = (evidence: Evidence, metric: MetricDefinition, treatment: string, { control, nTune, alpha }: ReportContext): Look[] => {
  if (metric.type === 'quantile') return [];
  const rows = evidence.complete ? evidence.rows : evidence.rows.filter((row) => row.axis === 'exposed').map((row) => (row.metric === '' ? row : { ...row, axis: 'happened' as const }));
  const looks = looksOf(rows, { metric, control, treatment, nTune, alpha });
  return evidence.complete ? looks : looks.slice(-1);
};

const roleOf = (metric: MetricDefinition, { primary, secondary, safety }: ReportContext): ComparisonRole => {
  if (metric.key === primary?.key) return 'primary';
  if (secondary.has(metric.key)) return 'secondary';
  return safety.has(metric.key) ? 'safety' : 'guardrail';
};

const testedOf = (effect: Effect) => ({
  test: effect.test, statistic: effect.statistic, pValue: effect.pValue, adjustedPValue: null, absoluteEffect: effect.difference, relativeEffect: effect.lift,
  standardError: effect.standardError, confidenceInterval: pair(effect.interval), relativeConfidenceInterval: pair(effect.liftInterval),
});

const compare = (evidence: Evidence, metric: MetricDefinition, treatment: string, context: ReportContext, method: Method): Compared => {
  const { control, alpha } = context;
  const [controlArms, treatmentArms] = [armsOf(evidence.rows, control, metric.key), armsOf(evidence.rows, treatment, metric.key)];
  const arms: [Arm, Arm] = [pooled(controlArms), pooled(treatmentArms)];
  const values = (variant: string): readonly number[] => evidence.values.get(metric.key)?.get(variant) ?? [];
  const effect = metric.type === 'quantile' ? quantileEffect(metric, values(control), values(treatment), alpha) : effectOf(metric, controlArms, treatmentArms, alpha);
  const looks = knownLooks(evidence, metric, treatment, context);
  const sequence = runningMinimum(looks);
  const role = roleOf(metric, context);
  // The exact posterior costs milliseconds: for the one metric that decides.
  const exact = role === 'primary' && effect.test === 'two-proportion-z' && controlArms.size < 2 && effect.control !== null;
  return {
    effect, controlArm: arms[0], treatmentArm: arms[1],
    comparison: {
      metric: metric.key, variantId: treatment, controlId: control, role, ...testedOf(effect), power: powerOf(effect, metric, arms, context),
      minimumDetectableEffect: detectableOf(effect, context), alwaysValidPValue: sequence.pValue, adjustedAlwaysValidPValue: null, alwaysValidInterval: pair(sequence.interval),
      ...beliefOf(effect, exact ? arms : null, metric, alpha),
      ...(role === 'guardrail' || role === 'safety' ? { guard: guardOf({ metric, role, effect, control: arms[0], treatment: arms[1], looks }, method, context) } : {}),
      ...(effect.reason === null ? {} : { reason: effect.reason }),
    },
  };
};

/** Adjusts the p-values of one family of tests in place: those of the fixed test, and those of the sequence. */
const adjust = (family: readonly Compared[], method: 'holm' | 'bh', alpha: number): void => {
  const adjusted = (of: 'pValue' | 'alwaysValidPValue') => adjustPValues({ pValues: family.map(({ comparison }) => comparison[of]), method, alpha }).adjusted;
  const [fixed, sequential] = [adjusted('pValue'), adjusted('alwaysValidPValue')];
  family.forEach(({ comparison }, index) => {
    comparison.adjustedPValue = fixed[index] ?? null;
    comparison.adjustedAlwaysValidPValue = sequential[index] ?? null;
  });
};

/** Every treatment against control on every metric; p-values corrected among the primary metric's, the other success metrics', and the guards'. */
export const comparisonsOf = (evidence: Evidence, context: ReportContext, method: Method): Compared[] => {
  const all = context.metrics.flatMap((metric) => context.treatments.map((treatment) => compare(evidence, metric, treatment, context, method)));
  const family = (...roles: ComparisonRole[]): Compared[] => all.filter(({ comparison }) => roles.includes(comparison.role));
  adjust(family('primary'), 'holm', context.alpha);
  adjust(family('secondary'), 'bh', context.alpha);
  adjust(family('guardrail', 'safety'), 'holm', context.alpha);
  return all;
};
