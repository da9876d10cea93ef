import { ValueType, type HrTime } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import { AggregationTemporality, DataPointType, type MetricData, type MetricProducer } from '@opentelemetry/sdk-metrics';
import type { Registry } from './metrics';

interface Value { metricName?: string; labels: Record<string, string | number>; value: number }
interface Metric { name: string; help: string; type: string; values: Value[] }
interface Times { startTime: HrTime; endTime: HrTime }

const hrTime = (milliseconds: number): HrTime => [Math.trunc(milliseconds / 1000), Math.round((milliseconds % 1000) * 1e6)];

const descriptorOf = ({ name, help }: Metric) => ({ name, description: help, unit: name.endsWith('_seconds') ? 's' : name.endsWith('_bytes') ? 'By' : '', valueType: ValueType.DOUBLE });

const numbersOf = (metric: Metric, times: Times): MetricData => {
  const dataPoints = metric.values.map(({ labels, value }) => ({ ...times, attributes: labels, value }));
  const common = { descriptor: descriptorOf(metric), aggregationTemporality: AggregationTemporality.CUMULATIVE, dataPoints };
  return metric.type === 'counter' ? { ...common, dataPointType: DataPointType.SUM, isMonotonic: true } : { ...common, dataPointType: DataPointType.GAUGE };
};

/** One series of a Prometheus histogram, whose buckets count up to each limit. */
interface Series { attributes: Record<string, string | number>; limits: { le: number; upTo: number }[]; sum: number; count: number }

const seriesOf = ({ name, values }: Metric): Series[] => {
  const series = new Map<string, Series>();
  for (const { metricName, labels, value } of values) {
    const { le, ...attributes } = labels;
    const key = JSON.stringify(Object.entries(attributes).sort());
    const one = series.get(key) ?? { attributes, limits: [], sum: 0, count: 0 };
    series.set(key, one);
    if (metricName === `${name}_sum`) one.sum = value;
    else if (metricName === `${name}_count`) one.count = value;
    else if (le !== undefined) one.limits.push({ le: le === '+Inf' ? Infinity : Number(le), upTo: value });
  }
  return [...series.values()];
};

const histogramOf = (metric: Metric, times: Times): MetricData => ({
  descriptor: descriptorOf(metric), aggregationTemporality: AggregationTemporality.CUMULATIVE, dataPointType: DataPointType.HISTOGRAM,
  dataPoints: seriesOf(metric).map(({ attributes, limits, sum, count }) => {
    const ordered = [...limits].sort((a, b) => a.le - b.le);
    const counts = ordered.map(({ upTo }, index) => upTo - (ordered[index - 1]?.upTo ?? 0));
    return { ...times, attributes, value: { buckets: { boundaries: ordered.map(({ le }) => le).filter(Number.isFinite), counts }, sum, count } };
  }),
});

/** Gives OpenTelemetry's reader what a Prometheus registry holds; there is one set of metrics, told in two formats. */
export const metricProducerOf = (registry: Registry, resource: Resource): MetricProducer => {
  const startTime = hrTime(Date.now());
  return {
    collect: async () => {
      const times = { startTime, endTime: hrTime(Date.now()) };
      const metrics = (await registry.getMetricsAsJSON()) as unknown as Metric[];
      const data = metrics.filter(({ values }) => values.length > 0).map((metric) => (metric.type === 'histogram' ? histogramOf(metric, times) : numbersOf(metric, times)));
      return { resourceMetrics: { resource, scopeMetrics: [{ scope: { name: 'pataka' }, metrics: data }] }, errors: [] };
    },
  };
};
