import type { MetricDefinition, SegmentComparison, SegmentMetric, SegmentResult } from '@pataka/contracts';
import { adjustPValues, dailyTrend } from '@pataka/statistics';
import { segmentedOf } from '../evidence/evidence-plan';
import { effectOf } from './effect';
import type { ReportContext } from './report-context';
import { armsOf, pooled, type SegmentRow } from './sums';

const MOST_VALUES = 20;
const OTHER = 'other';
const LEAST_SUBJECTS = 2;

/** The values of an attribute that most subjects have, in that order; all others are `other`, which comes last. */
const withOthers = (rows: readonly SegmentRow[]): Map<string, SegmentRow[]> => {
  const sizes = new Map<string, number>();
  for (const { value, metric, n } of rows) if (metric === '') sizes.set(value, (sizes.get(value) ?? 0) + n);
  const named = [...sizes].filter(([value]) => value !== OTHER).sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([value]) => value);
  const kept = new Set(named.slice(0, MOST_VALUES));
  const groups = new Map<string, SegmentRow[]>(named.slice(0, MOST_VALUES).map((value) => [value, []]));
  for (const row of rows) {
    const value = kept.has(row.value) ? row.value : OTHER;
    const group = groups.get(value);
    if (group === undefined) groups.set(value, [row]);
    else group.push(row);
  }
  return groups;
};

interface Told { comparison: SegmentComparison; standardError: number | null }

const compare = (value: string, rows: readonly SegmentRow[], metric: MetricDefinition, treatment: string, { control, alpha }: ReportContext): Told => {
  const [controlArms, treatmentArms] = [armsOf(rows, control, metric.key), armsOf(rows, treatment, metric.key)];
  const [controlSubjects, treatmentSubjects] = [pooled(controlArms).subjects, pooled(treatmentArms).subjects];
  const effect = effectOf(metric, controlArms, treatmentArms, alpha);
  const enough = Math.min(controlSubjects, treatmentSubjects) >= LEAST_SUBJECTS;
  return {
    standardError: enough ? effect.standardError : null,
    comparison: {
      value, variantId: treatment, controlSubjects, treatmentSubjects, controlMean: effect.control?.mean ?? null, treatmentMean: effect.treatment?.mean ?? null,
      absoluteEffect: effect.difference, relativeEffect: effect.lift, confidenceInterval: effect.interval === null ? null : [effect.interval[0], effect.interval[1]],
      pValue: enough ? effect.pValue : null, adjustedPValue: null, ...(effect.reason === null ? {} : { reason: effect.reason }),
    },
  };
};

type Interaction = SegmentMetric['interactions'][number];

/** Cochran's Q of the effects within the values: whether they are one effect. */
const interactionOf = (told: readonly Told[], variantId: string): Interaction => {
  const effects = told.flatMap(({ comparison, standardError }, day) =>
    (comparison.variantId === variantId && comparison.absoluteEffect !== null && standardError !== null && standardError > 0 ? [{ day, estimate: comparison.absoluteEffect, se: standardError }] : []));
  const { q, qDf, qPValue } = dailyTrend({ days: effects });
  return { variantId, statistic: qPValue === null ? null : q, degreesOfFreedom: qDf ?? 0, pValue: qPValue, adjustedPValue: null, hint: 'too few values to tell whether the effect differs between them' };
};

const hintOf = ({ adjustedPValue, hint }: Interaction, attribute: string, alpha: number): string => {
  if (adjustedPValue === null) return hint;
  return adjustedPValue < alpha
    ? `the effect differs by ${attribute}: look at each value, and test what you see in an experiment of its own`
    : `no sign that the effect differs by ${attribute}: differences between the values are what chance brings`;
};

type Role = NonNullable<SegmentMetric['family']>['role'];
/** One metric by one attribute, before its p-values are adjusted. */
interface Cut { attribute: string; metric: MetricDefinition; role: Role; told: Told[]; interactions: Interaction[] }

const roleOf = ({ key }: MetricDefinition, { primary, secondary }: ReportContext): Role => (key === primary?.key ? 'primary' : secondary.has(key) ? 'secondary' : 'guard');

const cutOf = (attribute: string, groups: ReadonlyMap<string, SegmentRow[]>, metric: MetricDefinition, context: ReportContext): Cut => {
  const told = [...groups].flatMap(([value, own]) => context.treatments.map((treatment) => compare(value, own, metric, treatment, context)));
  return { attribute, metric, role: roleOf(metric, context), told, interactions: context.treatments.map((treatment) => interactionOf(told, treatment)) };
};

const adjust = (family: readonly { pValue: number | null; adjustedPValue: number | null }[], alpha: number): void => {
  const { adjusted } = adjustPValues({ pValues: family.map(({ pValue }) => pValue), method: 'bh', alpha });
  family.forEach((one, index) => (one.adjustedPValue = adjusted[index] ?? null));
};

/** Adjusts a family in place and shows its members; null stands for no test. */
const shown = (family: readonly Cut[], alpha: number): [Cut, SegmentMetric][] => {
  const [comparisons, interactions] = [family.flatMap(({ told }) => told.map(({ comparison }) => comparison)), family.flatMap((cut) => cut.interactions)];
  adjust(comparisons, alpha);
  adjust(interactions, alpha);
  const tests = (of: readonly { pValue: number | null }[]): number => of.filter(({ pValue }) => pValue !== null).length;
  return family.map((cut) => [cut, {
    metric: cut.metric.key, comparisons: cut.told.map(({ comparison }) => comparison), interactions: cut.interactions.map((one) => ({ ...one, hint: hintOf(one, cut.attribute, alpha) })),
    family: { role: cut.role, method: 'bh', comparisons: tests(comparisons), interactions: tests(interactions) },
  }]);
};

// Evidence of before other metrics were told apart has nothing of them, until it is weighed anew.
const isTold = ({ key }: MetricDefinition, rows: readonly SegmentRow[], { primary }: ReportContext): boolean => key === primary?.key || rows.some(({ metric }) => metric === key);

/**
 * Metrics told apart by the attributes asked for, all subjects together. Corrected over every value, treatment and attribute: among the primary metric's,
 * the other success metrics', and the guards' tests.
 */
export const segmentsOf = (rows: readonly SegmentRow[], context: ReportContext): { segments?: SegmentResult[] } => {
  const { primary, experiment, metrics, alpha } = context;
  if (primary === null || primary.type === 'quantile' || (experiment.segments ?? []).length === 0) return {};
  const cuts = experiment.segments!.flatMap((attribute) => {
    const own = rows.filter((row) => row.attribute === attribute);
    const groups = withOthers(own);
    return segmentedOf(experiment, metrics).filter((metric) => isTold(metric, own, context)).map((metric) => cutOf(attribute, groups, metric, context));
  });
  const results = new Map((['primary', 'secondary', 'guard'] as const).flatMap((role) => shown(cuts.filter((cut) => cut.role === role), alpha)));
  return { segments: cuts.filter(({ role }) => role === 'primary').map((cut) => {
    const others = cuts.filter(({ attribute, role }) => attribute === cut.attribute && role !== 'primary').map((other) => results.get(other)!);
    return { attribute: cut.attribute, ...results.get(cut)!, ...(others.length === 0 ? {} : { others }) };
  }) };
};
