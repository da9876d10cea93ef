import type { Comparison, ComparisonRole, MetricDefinition } from '@pataka/contracts';
import { adjustPValues, betaBinomial, normalPosterior, type Interval } from '@pataka/statistics';
import { isAdjusted } from '../evidence/evidence-plan';
import { dayOf, HOUR_MICROS, type Micros } from '../evidence/instant';
import { adjustedComparison } from './cuped';
import { effectOf, noEffect, quantileEffect, type Effect, type ValueCounts } from './effect';
import { guardOf } from './guard';
import { detectableOf, powerOf } from './power';
import type { Method, ReportContext } from './report-context';
import { looksOf, runningMinimum, type Look } from './sequence';
import { armsOf, pooled, type Arm, type SumRow } from './sums';

/** How many subjects have each value, by metric and variant: what quantiles need. */
export type SubjectValues = ReadonlyMap<string, ReadonlyMap<string, ValueCounts>>;

/** Sums to compare. `complete`: they are all there is, so that past looks can be told from them; `values` speak of all there is, or are null. */
export interface Evidence { rows: readonly SumRow[]; values: SubjectValues | null; complete: boolean; newest: Micros | null }

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

const asHappened = (axis: SumRow['axis']): SumRow['axis'] => (axis === 'exposed-before' ? 'happened-before' : 'happened');

/** Of a part of the subjects nobody knows the past: its looks are the present one, which is valid too. */
const inOneLook = (rows: readonly SumRow[]): SumRow[] =>
  rows.filter(({ axis }) => axis.startsWith('exposed')).map((row) => (row.metric === '' ? row : { ...row, axis: asHappened(row.axis) }));

/** The evidence on one metric: of subjects that have been exposed for long enough, where the metric asks for that. */
export const maturedFor = (evidence: Evidence, { maturityHours }: MetricDefinition): Evidence => {
  if (maturityHours === undefined || evidence.newest === null) return evidence;
  const until = dayOf(Math.max(0, evidence.newest - maturityHours * HOUR_MICROS));
  return { ...evidence, rows: evidence.rows.filter(({ axis, day }) => axis.startsWith('exposed') && day < until), values: null, complete: false };
};

interface Told { rows: readonly SumRow[]; looks: Look[] }

const looksAt = ({ rows: all, complete }: Evidence, metric: MetricDefinition, treatment: string, { control, nTune, alpha }: ReportContext): Told => {
  if (metric.type === 'quantile') return { rows: all, looks: [] };
  const rows = complete ? all : inOneLook(all);
  const looks = looksOf(rows, { metric, control, treatment, nTune, alpha });
  return { rows, looks: complete ? looks : looks.slice(-1) };
};

/** Counts of values, with the subjects that have no event: their value is 0, where the metric speaks of them. */
export const countsOf = (metric: MetricDefinition, values: SubjectValues, variant: string, arm: Arm): ValueCounts => {
  const counts = values.get(metric.key)?.get(variant) ?? [];
  const without = arm.subjects - counts.reduce((sum, [, subjects]) => sum + subjects, 0);
  return metric.population === 'converted' || without <= 0 ? counts : [...counts, [0, without]];
};

/** The effect on one metric; of a quantile only where the values are those of the subjects asked for. */
const effectOn = (metric: MetricDefinition, { rows, values }: Evidence, [control, treatment]: readonly [string, string], alpha: number) => {
  const [controlArms, treatmentArms] = [armsOf(rows, control, metric.key), armsOf(rows, treatment, metric.key)];
  const [controlArm, treatmentArm] = [pooled(controlArms), pooled(treatmentArms)];
  const arms = { controlArm, treatmentArm, phases: controlArms.size };
  if (metric.type !== 'quantile') return { ...arms, effect: effectOf(metric, controlArms, treatmentArms, alpha) };
  if (values === null) return { ...arms, effect: noEffect(metric, 'a quantile speaks of all subjects of the experiment only') };
  return { ...arms, effect: quantileEffect(metric, countsOf(metric, values, control, controlArm), countsOf(metric, values, treatment, treatmentArm), alpha) };
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

/** Quantiles are told from values of three digits. */
const VALUE_ERROR = 0.005;

const compare = (all: Evidence, metric: MetricDefinition, treatment: string, context: ReportContext, method: Method): Compared => {
  const { control, alpha } = context;
  const evidence = maturedFor(all, metric);
  const { effect, controlArm, treatmentArm, phases } = effectOn(metric, evidence, [control, treatment], alpha);
  const { rows, looks } = looksAt(evidence, metric, treatment, context);
  const sequence = runningMinimum(looks);
  const role = roleOf(metric, context);
  // The exact posterior costs milliseconds: for the one metric that decides.
  const exact = role === 'primary' && effect.test === 'two-proportion-z' && phases < 2 && effect.control !== null;
  const days = looks.filter(({ valid }, index) => valid || index === looks.length - 1).map(({ day }) => day);
  return {
    effect, controlArm, treatmentArm,
    comparison: {
      metric: metric.key, variantId: treatment, controlId: control, role, ...testedOf(effect), power: powerOf(effect, metric, [controlArm, treatmentArm], context),
      minimumDetectableEffect: detectableOf(effect, context), alwaysValidPValue: sequence.pValue, adjustedAlwaysValidPValue: null, alwaysValidInterval: pair(sequence.interval),
      ...beliefOf(effect, exact ? [controlArm, treatmentArm] : null, metric, alpha),
      ...(role === 'guardrail' || role === 'safety' ? { guard: guardOf({ metric, role, effect, control: controlArm, treatment: treatmentArm, looks }, method, context) } : {}),
      ...(isAdjusted(metric, context.experiment) ? { cuped: adjustedComparison(rows, metric, { variantId: treatment, standardError: effect.standardError }, days, context) } : {}),
      ...(metric.type === 'quantile' ? { valueError: VALUE_ERROR } : {}), ...(effect.reason === null ? {} : { reason: effect.reason }),
    },
  };
};

type Tested = Pick<Comparison, 'pValue' | 'adjustedPValue' | 'alwaysValidPValue' | 'adjustedAlwaysValidPValue'>;

/** Adjusts the p-values of one family of tests in place: those of the fixed test, and those of the sequence. */
const adjust = (family: readonly Tested[], method: 'holm' | 'bh', alpha: number): void => {
  const adjusted = (of: 'pValue' | 'alwaysValidPValue') => adjustPValues({ pValues: family.map((tested) => tested[of]), method, alpha }).adjusted;
  const [fixed, sequential] = [adjusted('pValue'), adjusted('alwaysValidPValue')];
  family.forEach((tested, index) => {
    tested.adjustedPValue = fixed[index] ?? null;
    tested.adjustedAlwaysValidPValue = sequential[index] ?? null;
  });
};

const families: readonly { roles: readonly ComparisonRole[]; method: 'holm' | 'bh' }[] = [
  { roles: ['primary'], method: 'holm' }, { roles: ['secondary'], method: 'bh' }, { roles: ['guardrail', 'safety'], method: 'holm' },
];

/** Every treatment against control on every metric; p-values corrected among the primary metric's, the other success metrics', and the guards'. */
export const comparisonsOf = (evidence: Evidence, context: ReportContext, method: Method): Compared[] => {
  const all = context.metrics.flatMap((metric) => context.treatments.map((treatment) => compare(evidence, metric, treatment, context, method)));
  for (const { roles, method: correction } of families) {
    const family = all.filter(({ comparison }) => roles.includes(comparison.role)).map(({ comparison }) => comparison);
    adjust(family, correction, context.alpha);
    adjust(family.flatMap(({ cuped }) => cuped ?? []), correction, context.alpha);
  }
  return all;
};
