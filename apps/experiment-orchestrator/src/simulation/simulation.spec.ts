import type { CreateExperiment } from '@pataka/contracts';
import { simulateRun, type SimulatedRun, type Simulation, syntheticSource, type SyntheticWorld } from './simulation';

// The short form runs each time; PATAKA_SIMULATED_LIVES=10000 is the long one.
const LIVES = Number(process.env['PATAKA_SIMULATED_LIVES'] ?? 1_000);
const DAYS = 28;

const policy = (more: Partial<CreateExperiment> = {}): CreateExperiment => ({
  key: 'scoring', type: 'AB_TEST', successMetrics: ['retention'], safetyMetrics: ['accidents'],
  variants: [{ id: 'control', weight: 0.5, config: 'a', isControl: true }, { id: 'ml', weight: 0.5, config: 'b' }],
  strategy: { type: 'AUTOMATIC', initialPercentage: 10, incrementSize: 30, targetPercentage: 100, incrementInterval: 'P7D', successThresholds: { retention: { value: 0.75, minimumSample: 100 } } }, ...more,
});
const simulation = (experiment = policy(), days = DAYS): Simulation =>
  ({ experiment, startsAt: '2026-07-06T04:30:00.000Z', days, definitions: new Map([['accidents', { key: 'accidents', type: 'conversion', direction: 'decrease' }]]), places: { calendars: new Map(), parents: new Map() } });
const alike = { retention: 0.8, accidents: 0.02, error: 0.02 };
const world = (treatment: Partial<Record<keyof typeof alike, number>> = {}, subjectsPerDay = 1_000): SyntheticWorld => ({ truth: { control: alike, ml: { ...alike, ...treatment } }, subjectsPerDay });
const lives = (what: Simulation, where: SyntheticWorld, count: number): SimulatedRun[] => Array.from({ length: count }, (_, seed) => simulateRun(what, syntheticSource(where, seed + 1)));
const share = (runs: readonly SimulatedRun[], outcome: SimulatedRun['outcome']): number => runs.filter((run) => run.outcome === outcome).length / runs.length;

describe('a simulated rollout', () => {
  it('takes its steps when they are due, and finishes', () => {
    const run = simulateRun(simulation(), syntheticSource(world(), 1));
    expect(run.decisions.map(({ day, record }) => [day, record.decision, record.toPercentage])).toEqual([[7, 'advance', 40], [14, 'advance', 70], [21, 'advance', 100], [28, 'finish', undefined]]);
    expect([run.outcome, run.day, run.percentages[6], run.percentages[27]]).toEqual(['finished', 28, 40, 100]);
  });

  it('is the same for the same seed, and another for another', () => {
    const [one, again, other] = [1, 1, 2].map((seed) => simulateRun(simulation(), syntheticSource(world(), seed)));
    expect(again).toEqual(one);
    expect(other?.decisions).not.toEqual(one?.decisions);
  });

  it('holds where a success threshold is not met, and where its metric is missing', () => {
    const low: SyntheticWorld = { truth: { control: alike, ml: { ...alike, retention: 0.7 } }, subjectsPerDay: 1_000 };
    const missing: SyntheticWorld = { truth: { control: { accidents: 0.02, error: 0.02 }, ml: { accidents: 0.02, error: 0.02 } }, subjectsPerDay: 1_000 };
    expect(simulateRun(simulation(), syntheticSource(low, 1))).toMatchObject({ outcome: 'held', experiment: { rollout: { percentage: 10 } } });
    expect(simulateRun(simulation(), syntheticSource(missing, 1)).outcome).toBe('held');
  });

  it('reaches only the regions of its step', () => {
    const waves = policy({ strategy: { type: 'AUTOMATIC', steps: [{ percentage: 50, duration: 'P7D', regions: ['north'] }, { percentage: 100, duration: 'P7D' }], successThresholds: { retention: 0.7 } } });
    let seen = 0;
    simulateRun(simulation(waves, 1), (_day, experiment, at) => {
      const results = syntheticSource({ ...world(), regions: { north: 0.2, south: 0.8 } }, 1)(1, experiment, at);
      seen = results!.variants.reduce((sum, { sampleSize }) => sum + sampleSize, 0);
      return results;
    });
    expect(seen).toBe(100);
  });

  it('moves the weights of a bandit, a phase each', () => {
    const bandit = policy({ type: 'BANDITS', strategy: { type: 'FIXED', targetPercentage: 100 }, safetyMetrics: [] });
    const run = simulateRun(simulation(bandit, 10), syntheticSource(world({ retention: 0.86 }, 500), 3));
    expect(run.experiment.phase).toBeGreaterThan(1);
    expect(run.experiment.phases.length).toBe(run.experiment.phase);
    expect(run.experiment.variants.find(({ id }) => id === 'ml')!.weight).toBeGreaterThan(0.9);
  });
});

describe('the default guards', () => {
  it(`roll back at most 5% of ${LIVES} rollouts without any effect`, () => {
    const runs = lives(simulation(), world(), LIVES);
    expect(share(runs, 'rolledBack')).toBeLessThanOrEqual(0.05);
    expect(share(runs, 'finished')).toBeGreaterThan(0.9);
  }, 600_000);

  it('catch a safety metric that doubles, early', () => {
    const runs = lives(simulation(), world({ accidents: 0.05 }), 100);
    expect(share(runs, 'rolledBack')).toBeGreaterThan(0.95);
    const days = runs.map(({ day }) => day ?? DAYS).sort((a, b) => a - b);
    expect(days[50]).toBeLessThan(21);
  });
});
