import { createHash } from 'node:crypto';
import type { Experiment, ExperimentResults, MetricDefinition, MetricResult, StatisticalAnalysis, VariantResults } from '@pataka/contracts';
import { normalIsf, tIsf, wilsonInterval } from '@pataka/statistics';
import { dayText, instantText, type Day, type Micros } from '../evidence/instant';
import { comparisonsOf, type Compared, type SubjectValues } from './comparison';
import { quantileEffect } from './effect';
import { planningOf } from './power';
import { contextOf, type Method, type ReportContext } from './report-context';
import { sampleRatioOf } from './sample-ratio';
import { armsOf, estimateOfArm, momentsOfArm, pooled, populationOf, type Arm, type SumRow } from './sums';
import { bestOf, methodOf, verdictOf } from './verdict';

/** Counts up with every change of what reports say of the same sums. */
const ENGINE = 'pataka-analytics/2';

export interface DatedValue { day: Day; value: number }

/** All that a report rests on. */
export interface ReportInput {
  experiment: Experiment;
  catalogue: ReadonlyMap<string, MetricDefinition>;
  rows: readonly SumRow[];
  /** Values of single subjects with their day of first exposure, by metric and variant; of quantile metrics only. */
  values: ReadonlyMap<string, ReadonlyMap<string, readonly DatedValue[]>>;
  newest: Micros | null;
  offsets: Record<string, Record<string, string>>;
}

/** What of it is asked for; days both inclusive. */
export interface ReportRequest { from: Day; to: Day; method: Method | null }

const shown = (mean: number, standardError: number | null, interval: readonly [number, number] | null, sampleSize: number, reason?: string): MetricResult =>
  ({ mean, standardError, confidenceInterval: interval === null ? null : [interval[0], interval[1]], sampleSize, ...(reason === undefined ? {} : { reason }) });

const quantileResult = (metric: MetricDefinition, values: readonly number[], alpha: number): MetricResult => {
  const { control } = quantileEffect(metric, values, values, alpha);
  if (control === null) return { mean: null, standardError: null, confidenceInterval: null, sampleSize: values.length, reason: 'insufficient_data' };
  const [error, z] = [Math.sqrt(control.variance), normalIsf(alpha / 2)];
  return shown(control.mean, error, [control.mean - z * error, control.mean + z * error], values.length);
};

const metricResult = (metric: MetricDefinition, arm: Arm, values: readonly number[], alpha: number): MetricResult => {
  if (metric.type === 'quantile') return quantileResult(metric, values, alpha);
  const n = populationOf(arm, metric);
  const estimate = estimateOfArm(arm, metric);
  if (typeof estimate === 'string') {
    const mean = metric.type === 'mean' && n > 0 ? momentsOfArm(arm, metric).mean : null;
    return { mean, standardError: null, confidenceInterval: null, sampleSize: n, reason: estimate };
  }
  const error = Math.sqrt(estimate.variance);
  if ((metric.type ?? 'conversion') === 'conversion') return shown(estimate.mean, error, wilsonInterval({ n, x: arm.converted }, alpha), n);
  const half = (metric.type === 'mean' ? tIsf(alpha / 2, n - 1) : normalIsf(alpha / 2)) * error;
  return shown(estimate.mean, error, [estimate.mean - half, estimate.mean + half], n);
};

const variantsOf = (rows: readonly SumRow[], values: SubjectValues, context: ReportContext): VariantResults[] =>
  context.experiment.variants.map((variant) => {
    const armOf = (metric: string): Arm => pooled(armsOf(rows, variant.id, metric));
    const { subjects, converted } = armOf(context.primary?.key ?? '');
    return {
      variantId: variant.id, variantName: variant.name ?? variant.id, isControl: variant.id === context.control, sampleSize: subjects,
      conversionRate: context.primary === null || subjects === 0 ? null : converted / subjects,
      metrics: Object.fromEntries(context.metrics.map((metric) => [metric.key, metricResult(metric, armOf(metric.key), values.get(metric.key)?.get(variant.id) ?? [], context.alpha)])),
    };
  });

const statisticalOf = (best: Compared | null, { alpha }: ReportContext): StatisticalAnalysis => {
  const confidenceLevel = 1 - alpha;
  if (best === null) return { pValue: null, statisticalSignificance: false, confidenceLevel, effectSize: null, powerAnalysis: null, reason: 'the experiment has no success metric' };
  const { comparison, effect } = best;
  return {
    pValue: comparison.pValue, statisticalSignificance: comparison.adjustedPValue !== null && comparison.adjustedPValue < alpha, confidenceLevel,
    effectSize: effect.effectSize, powerAnalysis: comparison.power, ...(effect.reason === null ? {} : { reason: effect.reason }),
  };
};

const excludedOf = (rows: readonly SumRow[]): number => rows.filter((row) => row.axis === 'exposed' && row.variant === '').reduce((sum, row) => sum + row.n, 0);

const rowText = (row: SumRow): string => [row.axis, row.variant, row.metric, row.day, row.phase, row.n, row.y, row.yy, row.x, row.xx, row.xy].join('\u0001');

/** A name for everything that decides the bytes of a report but the offsets. */
const nameOf = ({ experiment, rows, values, newest }: ReportInput, { metrics, primary, guardrails }: ReportContext, request: ReportRequest): string => {
  const hash = createHash('sha256');
  const { id, variants, phases, plan, startedAt } = experiment;
  hash.update(JSON.stringify([ENGINE, request, id, variants, phases, plan ?? null, startedAt ?? null, metrics, primary?.key ?? null, guardrails.map(({ key }) => key), newest]));
  for (const text of rows.map(rowText).sort()) hash.update(`\u0002${text}`);
  for (const [metric, byVariant] of values) for (const [variant, list] of byVariant) hash.update(JSON.stringify([metric, variant, list.map(({ day, value }) => `${day} ${value}`).sort()]));
  return hash.digest('hex');
};

const valuesIn = ({ values }: ReportInput, keep: (day: Day) => boolean): SubjectValues =>
  new Map([...values].map(([metric, byVariant]) => [metric, new Map([...byVariant].map(([variant, list]) => [variant, list.filter(({ day }) => keep(day)).map(({ value }) => value)]))]));

const unitOf = ({ bucketBy }: Experiment) => ({ name: bucketBy ?? 'targetingKey', clustered: bucketBy !== undefined });

/** The report of an experiment: a pure function of its evidence, so that the same evidence gives the same bytes. */
export const reportOf = (input: ReportInput, request: ReportRequest): ExperimentResults => {
  const context = contextOf(input.experiment, input.catalogue);
  const inPeriod = (row: SumRow): boolean => row.axis === 'happened' || (row.day >= request.from && row.day <= request.to);
  const complete = input.rows.every(inPeriod);
  const rows = complete ? input.rows : input.rows.filter((row) => row.axis === 'exposed' && inPeriod(row));
  const values = valuesIn(input, (day) => day >= request.from && day <= request.to);
  const method = methodOf(context, input.newest, request.method);
  const whole = comparisonsOf({ rows: input.rows, values: valuesIn(input, () => true), complete: true }, context, method);
  const compared = complete ? whole : comparisonsOf({ rows, values, complete }, context, method);
  const { verdict, winner } = verdictOf(whole, context, sampleRatioOf(input.rows, input.experiment), input.newest, method);
  return {
    experimentId: input.experiment.id, period: `${dayText(request.from)} to ${dayText(request.to)}`, generatedAt: input.newest === null ? null : instantText(input.newest), method, unit: unitOf(input.experiment),
    variants: variantsOf(rows, values, context), statistical: statisticalOf(bestOf(compared, context.primary), context),
    comparisons: compared.map(({ comparison }) => comparison), planning: planningOf(input.rows, context, input.newest, bestOf(whole, context.primary)?.effect ?? null),
    sampleRatio: sampleRatioOf(rows, input.experiment), excluded: { multipleVariants: excludedOf(rows) },
    confidence: 1 - context.alpha, ...(winner === undefined ? {} : { winner }), verdict, coverage: { name: nameOf(input, context, request), offsets: input.offsets },
  };
};
