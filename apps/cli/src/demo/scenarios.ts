import { resolve } from 'node:path';
import type { CreateExperiment, JsonObject } from '@pataka/contracts';
import { bundlesOf, writable } from '../api/bundle';
import { readTruth, type TruthFile } from '../simulate/truth';
import { normal, pick } from './random';

/** One simulated person, as evaluation sees them. */
export type Person = JsonObject & { targetingKey: string };

/** An experiment of `examples/`, who takes part in it, and what is true in it. */
export interface Scenario {
  title: string;
  experiment: CreateExperiment;
  metrics: JsonObject[];
  truth: TruthFile['truth'];
  person: (index: number, random: () => number) => Person;
}

const examples = resolve(__dirname, '../../../../examples');
const cities = ['mumbai', 'delhi', 'bangalore', 'pune', 'chennai', 'hyderabad'];
const elsewhere = ['jaipur', 'kolkata', 'lucknow'];

const scenarioOf = (name: string, person: Scenario['person']): Scenario => {
  const [bundle] = bundlesOf(`${examples}/experiments/${name}.yaml`);
  const experiment = writable('experiments', bundle!.experiments![0]!) as unknown as CreateExperiment;
  return { title: experiment.name ?? experiment.key, experiment, metrics: bundle!.metrics ?? [], truth: readTruth(`${examples}/simulations/${name}.yaml`).truth, person };
};

/** Both of FleetFlow's examples, as they stand in the files that `pataka import` takes. */
export const scenarios = (): Scenario[] => [
  scenarioOf('hindi-driver-scoring', (index, random) => ({
    targetingKey: `driver-${index}`, role: 'driver', fleet_size: 5 + Math.floor(random() * 200), region: pick(random, random() < 0.85 ? cities : elsewhere),
    language: pick(random, ['hi-IN', 'mr-IN', 'ta-IN', 'te-IN', 'hi', 'en-IN']), vehicle_type: pick(random, ['truck', 'van', 'auto']),
  })),
  scenarioOf('ai-route-optimization', (index, random) => ({
    targetingKey: `manager-${index}`, fleet_id: `fleet-${index}`, role: 'fleet_manager', fleet_size: 10 + Math.floor(random() * 300), region: pick(random, [...cities, ...elsewhere]),
    route_type: random() < 0.9 ? 'long_distance' : 'city',
  })),
];

/** An experiment to send: under a key of this run, so that the demo can be played again, and in a layer of its own for the same reason. */
export const named = ({ experiment }: Scenario, suffix: string, strategy: CreateExperiment['strategy']): CreateExperiment => {
  const { layer, ...rest } = experiment;
  return { ...rest, key: `${experiment.key}_${suffix}`, ...(layer === undefined ? {} : { layer: { ...layer, key: `${layer.key}_${suffix}` } }), ...(strategy === undefined ? {} : { strategy }) };
};

/** The percentage that a rollout ends at. */
export const lastPercentage = ({ strategy }: CreateExperiment): number => strategy?.steps?.at(-1)?.percentage ?? strategy?.targetPercentage ?? 100;

/** The measured values of a person in a variant; a conversion that did not happen is no event. */
export const valuesOf = ({ truth }: Scenario, variant: string, random: () => number): { metric: string; value: number }[] =>
  Object.entries(truth[variant] ?? {}).flatMap(([metric, of]) => {
    if (typeof of !== 'number') return [{ metric, value: Math.round(normal(random, of.mean, of.sd) * 1000) / 1000 }];
    return random() < of ? [{ metric, value: 1 }] : [];
  });

/** What is true of a metric in a variant, as a number. */
export const trueValue = ({ truth }: Scenario, variant: string, metric: string): number | undefined => {
  const of = truth[variant]?.[metric];
  return typeof of === 'object' ? of.mean : of;
};
