import type { ConversionCount, ExperimentOverview, ExperimentResults, MetricDefinition, RevenueImpact } from '@pataka/contracts';
import type { Day } from '../evidence/instant';
import { reportOf, type ReportInput } from '../results/report';
import { contextOf, type ReportContext } from '../results/report-context';
import { wholePeriod } from '../results/period';

const RUPEES = 'INR';

const revenueMetric = ({ metrics }: ReportContext): MetricDefinition | null =>
  metrics.find(({ unit, type }) => unit === RUPEES && type === 'mean') ?? metrics.find(({ key }) => key === 'revenue_per_vehicle') ?? null;

const times = (interval: readonly [number, number] | null, by: number): [number, number] | null => (interval === null ? null : [interval[0] * by, interval[1] * by]);

/** The always-valid interval where there is one: an overview is looked at all day long. */
const impactOf = (results: ExperimentResults, metric: MetricDefinition | null, variantId: string, subjects: number): RevenueImpact => {
  const none = (reason: string): RevenueImpact =>
    ({ variantId, metric: metric?.key ?? null, unit: metric?.unit ?? null, subjects, perSubject: null, interval: null, total: null, totalInterval: null, reason });
  if (metric === null) return none('the experiment has no metric in rupees');
  const compared = results.comparisons.find((one) => one.metric === metric.key && one.variantId === variantId);
  if (compared === undefined || compared.absoluteEffect === null) return none(compared?.reason ?? 'insufficient_data');
  const { absoluteEffect: perSubject, alwaysValidInterval: interval } = compared;
  return {
    variantId, metric: metric.key, unit: metric.unit ?? null, subjects, perSubject, interval, total: perSubject * subjects, totalInterval: times(interval, subjects),
    ...(interval === null ? { reason: 'too few subjects for an interval' } : {}),
  };
};

const countOf = ({ rows }: ReportInput, variant: string, metric: string | null, day: Day): ConversionCount => {
  const of = (name: string | null): number => rows.filter((row) => row.axis === 'exposed' && row.day === day && row.variant === variant && row.metric === name).reduce((sum, row) => sum + row.n, 0);
  const [subjects, converted] = [of(''), metric === null ? 0 : of(metric)];
  return { subjects, converted, rate: subjects === 0 ? null : converted / subjects };
};

/** An experiment at a glance: a pure function of its evidence and the day. */
export const overviewOf = (input: ReportInput, today: Day): ExperimentOverview => {
  const context = contextOf(input.experiment, input.catalogue);
  const results = reportOf(input, wholePeriod(input));
  const primary = context.primary?.key ?? null;
  const all = results.variants.reduce((sum, { sampleSize }) => sum + sampleSize, 0);
  const revenue = revenueMetric(context);
  const best = results.comparisons.filter(({ metric }) => metric === primary).map(({ alwaysValidPValue }) => alwaysValidPValue).filter((p) => p !== null);
  const { id, key, name, status, startedAt } = input.experiment;
  return {
    id, key, ...(name === undefined ? {} : { name }), status, ...(startedAt === undefined ? {} : { startedAt }), metric: primary,
    variants: results.variants.map(({ variantId, isControl, sampleSize, conversionRate }) => ({
      variantId, isControl, subjects: sampleSize, share: all === 0 ? null : sampleSize / all, conversionRate, today: countOf(input, variantId, primary, today),
    })),
    pValue: results.statistical.pValue, alwaysValidPValue: best.length === 0 ? null : Math.min(...best),
    sampleRatio: { pValue: results.sampleRatio.pValue, ok: results.sampleRatio.ok }, verdict: results.verdict,
    revenue: results.variants.filter(({ isControl }) => !isControl).map(({ variantId, sampleSize }) => impactOf(results, revenue, variantId, sampleSize)),
    coverage: results.coverage.name,
  };
};
