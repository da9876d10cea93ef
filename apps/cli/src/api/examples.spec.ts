import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CreateExperiment, faultsOf, MetricDefinition } from '@pataka/contracts';
import { bundlesOf, writable } from './bundle';

const folder = resolve(__dirname, '../../../../examples/experiments');
const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
const bundles = files.map((name) => [name, bundlesOf(join(folder, name))] as const);
const experimentOf = (key: string): CreateExperiment => bundles.flatMap(([, list]) => list).flatMap(({ experiments = [] }) => experiments).find((one) => one['key'] === key) as unknown as CreateExperiment;

describe('the example experiments', () => {
  it.each(bundles)('%s holds experiments and metrics that fit their shapes', (_name, list) => {
    for (const { experiments = [], metrics = [] } of list) {
      expect(experiments.length).toBeGreaterThan(0);
      for (const one of experiments) expect(faultsOf(CreateExperiment, writable('experiments', one))).toEqual([]);
      for (const one of metrics) expect(faultsOf(MetricDefinition, writable('metrics', one))).toEqual([]);
    }
  });

  it('name only metrics that a file of theirs defines', () => {
    const defined = new Set(bundles.flatMap(([, list]) => list).flatMap(({ metrics = [] }) => metrics.map(({ key }) => key)));
    for (const one of bundles.flatMap(([, list]) => list).flatMap(({ experiments = [] }) => experiments)) {
      for (const name of ['successMetrics', 'guardrailMetrics', 'safetyMetrics'] as const) for (const metric of (one[name] ?? []) as string[]) expect(defined).toContain(metric);
    }
  });

  it('rise as they are meant to: by ten a week from 5%, and by 15, 30, 50 and 75', () => {
    const percentages = (key: string) => experimentOf(key).strategy!.steps!.map(({ percentage }) => percentage);
    expect(percentages('hindi_driver_scoring')).toEqual([5, 15, 25, 35, 45, 55, 65, 75, 85, 95, 100]);
    expect(percentages('ai_route_optimization')).toEqual([15, 30, 50, 75]);
    expect([...new Set(experimentOf('hindi_driver_scoring').strategy!.steps!.flatMap(({ regions = [] }) => regions))]).toEqual(['north', 'west', 'south']);
  });
});
