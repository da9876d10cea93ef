import type { MetricDefinition, SegmentComparison, SegmentResult } from '@pataka/contracts';
import { adjustPValues, dailyTrend } from '@pataka/statistics';
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

type Interaction = SegmentResult['interactions'][number];

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

const attributeResult = (attribute: string, rows: readonly SegmentRow[], metric: MetricDefinition, context: ReportContext) => {
  const told = [...withOthers(rows)].flatMap(([value, own]) => context.treatments.map((treatment) => compare(value, own, metric, treatment, context)));
  return { attribute, told, interactions: context.treatments.map((treatment) => interactionOf(told, treatment)) };
};

const adjust = (family: readonly { pValue: number | null; adjustedPValue: number | null }[], alpha: number): void => {
  const { adjusted } = adjustPValues({ pValues: family.map(({ pValue }) => pValue), method: 'bh', alpha });
  family.forEach((one, index) => (one.adjustedPValue = adjusted[index] ?? null));
};

/** The primary metric told apart by the attributes asked for, all subjects together. Corrected over every value, treatment and attribute. */
export const segmentsOf = (rows: readonly SegmentRow[], context: ReportContext): { segments?: SegmentResult[] } => {
  const { primary, experiment, alpha } = context;
  const attributes = experiment.segments ?? [];
  if (primary === null || primary.type === 'quantile' || attributes.length === 0) return {};
  const results = attributes.map((attribute) => attributeResult(attribute, rows.filter((row) => row.attribute === attribute), primary, context));
  adjust(results.flatMap(({ told }) => told.map(({ comparison }) => comparison)), alpha);
  adjust(results.flatMap(({ interactions }) => interactions), alpha);
  return { segments: results.map(({ attribute, told, interactions }) => ({
    attribute, metric: primary.key, comparisons: told.map(({ comparison }) => comparison), interactions: interactions.map((one) => ({ ...one, hint: hintOf(one, attribute, alpha) })),
  })) };
};
