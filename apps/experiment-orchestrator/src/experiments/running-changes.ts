import { DomainError, type Experiment, type ExperimentEvent, type Fault, type PatchExperiment, type Variant } from '@pataka/contracts';
import { strategyFaults, variantFaults } from './experiment-faults';

/** Members that say nothing about who gets what, so they may change while an experiment runs. */
const harmless = ['name', 'description', 'hypothesis', 'successMetrics', 'guardrailMetrics', 'safetyMetrics', 'endDate', 'plan', 'segments', 'exclusions'] as const;

const sameButWeights = (before: readonly Variant[], after: readonly Variant[]): boolean => {
  const plain = (variants: readonly Variant[]): string => JSON.stringify(variants.map(({ id, config, isControl }) => [id, config, isControl === true]));
  return plain(before) === plain(after);
};

const weightEvents = (experiment: Experiment, variants: readonly Variant[]): ExperimentEvent[] => {
  const faults = variantFaults(variants);
  if (!sameButWeights(experiment.variants, variants)) faults.push({ pointer: '/variants', detail: 'only the weights of a running experiment change: clone it for other variants' });
  if (faults.length > 0) throw new DomainError('validation', undefined, faults);
  const weights = Object.fromEntries(variants.map(({ id, weight }) => [id, weight]));
  if (experiment.variants.every(({ id, weight }) => weights[id] === weight)) return [];
  return [{ type: 'experiment.weights-changed', data: { phase: experiment.phase + 1, weights } }];
};

const strategyEvents = (experiment: Experiment, strategy: NonNullable<PatchExperiment['strategy']>): ExperimentEvent[] => {
  const faults: Fault[] = strategyFaults(strategy);
  const { targetPercentage: percentage = 100, ...rest } = strategy;
  const { targetPercentage: _, ...before } = experiment.strategy;
  if (JSON.stringify(rest) !== JSON.stringify(before)) faults.push({ pointer: '/strategy', detail: 'only targetPercentage of a running experiment changes' });
  if (percentage < experiment.rollout.percentage) faults.push({ pointer: '/strategy/targetPercentage', detail: `is below the ${experiment.rollout.percentage} reached: lowering it would throw subjects out` });
  if (faults.length > 0) throw new DomainError('validation', undefined, faults);
  if (percentage === experiment.rollout.percentage) return [];
  return [{ type: 'experiment.percentage-changed', data: { percentage, step: experiment.rollout.step + 1 } }];
};

/**
 * What a change does to a running experiment: a raised percentage only adds subjects, other weights open a phase, words and metrics are
 * free. Anything else would make the evidence worthless and is refused.
 */
export const runningChanges = (experiment: Experiment, patch: PatchExperiment): ExperimentEvent[] => {
  const fixed = Object.keys(patch).filter((name) => !['variants', 'strategy', ...harmless].includes(name));
  if (fixed.length > 0) {
    throw new DomainError('illegal-transition', `${fixed.join(', ')} cannot change while the experiment is ${experiment.status}`, fixed.map((name) => ({ pointer: `/${name}`, detail: 'is fixed while the experiment runs' })));
  }
  const changes = Object.fromEntries(Object.entries(patch).filter(([name]) => (harmless as readonly string[]).includes(name))) as PatchExperiment;
  return [
    ...(Object.keys(changes).length === 0 ? [] : [{ type: 'experiment.updated' as const, data: { changes } }]),
    ...(patch.strategy === undefined ? [] : strategyEvents(experiment, patch.strategy)),
    ...(patch.variants === undefined ? [] : weightEvents(experiment, patch.variants)),
  ];
};
