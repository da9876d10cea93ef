import { resourceFromAttributes } from '@opentelemetry/resources';
import { Counter, Gauge, Histogram, Registry } from './metrics';
import { metricProducerOf } from './telemetry-metrics';

const collected = async (registry: Registry) => {
  const { resourceMetrics, errors } = await metricProducerOf(registry, resourceFromAttributes({})).collect();
  expect(errors).toEqual([]);
  return Object.fromEntries(resourceMetrics.scopeMetrics[0]!.metrics.map((metric) => [metric.descriptor.name, metric]));
};

describe('metrics for OpenTelemetry', () => {
  it('tells counters as monotonic sums and gauges as they stand', async () => {
    const registry = new Registry();
    new Counter({ name: 'trials_total', help: 'Trials', labelNames: ['kind'], registers: [registry] }).inc({ kind: 'a' }, 3);
    new Gauge({ name: 'depth_bytes', help: 'Depth', registers: [registry] }).set(-2);
    const { trials_total, depth_bytes } = await collected(registry);
    expect(trials_total).toMatchObject({ isMonotonic: true, dataPoints: [{ attributes: { kind: 'a' }, value: 3 }] });
    expect(depth_bytes).toMatchObject({ descriptor: { unit: 'By' }, dataPoints: [{ value: -2 }] });
  });

  it('counts each bucket of a histogram by itself, series by series', async () => {
    const registry = new Registry();
    const histogram = new Histogram({ name: 'trial_seconds', help: 'Durations', labelNames: ['route'], buckets: [1, 2], registers: [registry] });
    for (const value of [0.5, 1.5, 1.7, 9]) histogram.observe({ route: 'x' }, value);
    histogram.observe({ route: 'y' }, 1);
    const { trial_seconds } = await collected(registry);
    expect(trial_seconds?.dataPoints).toMatchObject([
      { attributes: { route: 'x' }, value: { count: 4, sum: 12.7, buckets: { boundaries: [1, 2], counts: [1, 2, 1] } } },
      { attributes: { route: 'y' }, value: { count: 1, sum: 1, buckets: { boundaries: [1, 2], counts: [1, 0, 0] } } },
    ]);
  });

  it('leaves out what nobody has counted', async () => {
    const registry = new Registry();
    new Counter({ name: 'never_total', help: 'Never', labelNames: ['kind'], registers: [registry] });
    expect(await collected(registry)).toEqual({});
  });
});
