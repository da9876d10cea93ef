import type { CreateExperiment, Experiment, ExperimentResults, Strategy } from '@pataka/contracts';
import { experimentAggregate } from '../experiments/experiment.decider';
import type { World } from './decision';

/** One arm of one metric: subjects, and how many of them did it. */
export interface Arm { subjects: number; [metric: string]: number }

/** Results as analytics would publish them of conversions, by variant. Rates and errors are what they are; nothing else is looked at. */
export const resultsOf = (arms: Record<string, Arm>, more: { until?: string; sampleRatio?: ExperimentResults['sampleRatio']; name?: string; winner?: string } = {}): ExperimentResults => {
  const [control = ''] = Object.keys(arms);
  const rate = (variant: string, metric: string): { mean: number; standardError: number } => {
    const { subjects, [metric]: x = 0 } = arms[variant]!;
    const mean = x / subjects;
    return { mean, standardError: Math.sqrt((mean * (1 - mean)) / subjects) };
  };
  const metrics = Object.keys(arms[control] ?? {}).filter((name) => name !== 'subjects');
  const variants = Object.entries(arms).map(([variantId, { subjects }]) => ({
    variantId, variantName: variantId, isControl: variantId === control, sampleSize: subjects, conversionRate: null,
    metrics: Object.fromEntries(metrics.map((metric) => [metric, { ...rate(variantId, metric), confidenceInterval: null, sampleSize: subjects }])),
  }));
  const comparisons = metrics.flatMap((metric) => Object.keys(arms).slice(1).map((variantId) => {
    const [c, t] = [rate(control, metric), rate(variantId, metric)];
    return { metric, variantId, controlId: control, absoluteEffect: t.mean - c.mean, standardError: Math.hypot(c.standardError, t.standardError) };
  }));
  return {
    experimentId: 'exp_1', period: '', generatedAt: more.until ?? '2026-07-08T04:00:00.000Z', variants, comparisons, excluded: { multipleVariants: 0 }, confidence: 0.95,
    sampleRatio: more.sampleRatio ?? { pValue: 0.5, ok: true, sequentialPValue: 1 }, coverage: { name: more.name ?? 'evidence-1', offsets: {} },
    ...(more.winner === undefined ? {} : { winner: more.winner }),
  } as unknown as ExperimentResults;
};

export const nobodyKnows: Pick<World, 'definitions' | 'places'> = { definitions: new Map(), places: { calendars: new Map(), parents: new Map() } };

const facts = (version: number, at: string) => ({ id: `e${version}`, streamId: 'experiment:exp_1', version, position: version, schemaVersion: 1, at, meta: { actor: 'spec', correlationId: 'spec' } });

/** An experiment that has started, by the decider itself. */
export const startedAt = (now: string, strategy: Strategy, more: Partial<CreateExperiment> = {}): Experiment => {
  const body: CreateExperiment = {
    key: 'scoring', name: 'Scoring', type: 'AB_TEST', successMetrics: ['retention'],
    variants: [{ id: 'control', weight: 0.5, config: 'a', isControl: true }, { id: 'ai', weight: 0.5, config: 'b' }], ...more, strategy,
  };
  let state: Experiment | null = null;
  let version = 0;
  for (const command of [{ type: 'CreateExperiment', id: 'exp_1', body, now }, { type: 'LinkFlag', flagKey: 'scoring' }, { type: 'StartExperiment', now, force: true }] as const) {
    for (const event of experimentAggregate.decide(command, state)) state = experimentAggregate.evolve(state, { ...event, ...facts((version += 1), now) });
  }
  return state!;
};

/** The experiment after a command. */
export const after = (experiment: Experiment, command: Parameters<typeof experimentAggregate.decide>[0], at: string): Experiment =>
  experimentAggregate.decide(command, experiment).reduce<Experiment>((state, event) => experimentAggregate.evolve(state, { ...event, ...facts(state.version + 1, at) })!, experiment);
