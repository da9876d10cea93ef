import type { MetricDefinition, MetricResult, VariantResults } from '@pataka/contracts';
import { normalIsf, tIsf, wilsonInterval } from '@pataka/statistics';
import { countsOf, maturedFor, type Evidence } from './comparison';
import { quantileEffect, type ValueCounts } from './effect';
import type { ReportContext } from './report-context';
import { armsOf, estimateOfArm, momentsOfArm, pooled, populationOf, type Arm } from './sums';

const unknown = (sampleSize: number, reason: string, mean: number | null = null): MetricResult => ({ mean, standardError: null, confidenceInterval: null, sampleSize, reason });

const shown = (mean: number, standardError: number, interval: readonly [number, number] | null, sampleSize: number): MetricResult =>
  ({ mean, standardError, confidenceInterval: interval === null ? null : [interval[0], interval[1]], sampleSize });

const quantileResult = (metric: MetricDefinition, values: ValueCounts | null, subjects: number, alpha: number): MetricResult => {
  if (values === null) return unknown(subjects, 'a quantile speaks of all subjects of the experiment only');
  const sampleSize = values.reduce((sum, [, n]) => sum + n, 0);
  const { control } = quantileEffect(metric, values, values, alpha);
  if (control === null) return unknown(sampleSize, 'insufficient_data');
  const [error, z] = [Math.sqrt(control.variance), normalIsf(alpha / 2)];
  return shown(control.mean, error, [control.mean - z * error, control.mean + z * error], sampleSize);
};

const metricResult = (metric: MetricDefinition, arm: Arm, alpha: number): MetricResult => {
  const n = populationOf(arm, metric);
  const estimate = estimateOfArm(arm, metric);
  if (typeof estimate === 'string') return unknown(n, estimate, metric.type === 'mean' && n > 0 ? momentsOfArm(arm, metric).mean : null);
  const error = Math.sqrt(estimate.variance);
  if ((metric.type ?? 'conversion') === 'conversion') return shown(estimate.mean, error, wilsonInterval({ n, x: arm.converted }, alpha), n);
  const half = (metric.type === 'mean' ? tIsf(alpha / 2, n - 1) : normalIsf(alpha / 2)) * error;
  return shown(estimate.mean, error, [estimate.mean - half, estimate.mean + half], n);
};

/** Each variant on each metric, of the subjects asked for. */
export const variantsOf = (all: Evidence, context: ReportContext): VariantResults[] =>
  context.experiment.variants.map((variant) => {
    const armOf = (metric: MetricDefinition | null): Arm => pooled(armsOf(metric === null ? all.rows : maturedFor(all, metric).rows, variant.id, metric?.key ?? ''));
    const resultOf = (metric: MetricDefinition): MetricResult => {
      const arm = armOf(metric);
      if (metric.type !== 'quantile') return metricResult(metric, arm, context.alpha);
      const { values } = maturedFor(all, metric);
      return quantileResult(metric, values === null ? null : countsOf(metric, values, variant.id, arm), arm.subjects, context.alpha);
    };
    const primary = armOf(context.primary);
    return {
      variantId: variant.id, variantName: variant.name ?? variant.id, isControl: variant.id === context.control, sampleSize: armOf(null).subjects,
      conversionRate: context.primary === null || primary.subjects === 0 ? null : primary.converted / primary.subjects,
      metrics: Object.fromEntries(context.metrics.map((metric) => [metric.key, resultOf(metric)])),
    };
  });
