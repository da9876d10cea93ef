import { DomainError, type Experiment, type ExperimentEvent, type Fault, type PatchExperiment, type Strategy, type Variant } from '@pataka/contracts';
import type { Placement } from '../layers/placement';
import { stepsOf } from '../rollouts/steps';
import { variantFaults } from './experiment-faults';
import { strategyFaults } from './strategy-faults';

/** Members that say nothing about who gets what, so they may change while an experiment runs. */
const harmless = ['name', 'description', 'hypothesis', 'successMetrics', 'guardrailMetrics', 'safetyMetrics', 'endDate', 'plan', 'segments', 'exclusions'] as const;

/** What is stored comes back with its members in another order. */
const canonical = (value: unknown): string => JSON.stringify(value ?? null, (_name, member: unknown) =>
  (typeof member === 'object' && member !== null && !Array.isArray(member) ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1))) : member));
const same = (one: unknown, other: unknown): boolean => canonical(one) === canonical(other);

const sameButWeights = (before: readonly Variant[], after: readonly Variant[]): boolean => {
  const plain = (variants: readonly Variant[]): unknown => variants.map(({ id, config, isControl }) => [id, config, isControl === true]);
  return same(plain(before), plain(after));
};

const weightEvents = (experiment: Experiment, variants: readonly Variant[]): ExperimentEvent[] => {
  const faults = variantFaults(variants);
  if (!sameButWeights(experiment.variants, variants)) faults.push({ pointer: '/variants', detail: 'only the weights of a running experiment change: clone it for other variants' });
  if (faults.length > 0) throw new DomainError('validation', undefined, faults);
  const weights = Object.fromEntries(variants.map(({ id, weight }) => [id, weight]));
  if (experiment.variants.every(({ id, weight }) => weights[id] === weight)) return [];
  return [{ type: 'experiment.weights-changed', data: { phase: experiment.phase + 1, weights } }];
};

/** Who may be in, and when they are served, stays as it is while an experiment runs. */
const fixedOfStrategy = ['type', 'audienceSegments', 'geographicRules', 'servingWindows'] as const;

const fixedFaults = (before: Strategy, after: Strategy): Fault[] =>
  fixedOfStrategy.filter((name) => !same(before[name], after[name])).map((name) => ({ pointer: `/strategy/${name}`, detail: 'is fixed while the experiment runs' }));

/** Steps that were taken stay as they were; those to come may change, and never shrink. */
const stepFaults = (experiment: Experiment, strategy: Strategy): Fault[] => {
  const { step, percentage } = experiment.rollout;
  const [before, after] = [stepsOf(experiment), stepsOf({ type: experiment.type, strategy })];
  const taken = (steps: ReturnType<typeof stepsOf>): unknown => steps.slice(0, step + 1).map(({ percentage: reached, regions }) => [reached, regions]);
  if (!same(taken(before), taken(after))) return [{ pointer: '/strategy', detail: `the ${step + 1} steps up to the present one, at ${percentage}%, stay as they were` }];
  const shrunk = after.findIndex((one, index) => index > step && one.percentage < percentage);
  return shrunk === -1 ? [] : [{ pointer: '/strategy', detail: `step ${shrunk} is below the ${percentage}% reached: lowering it would throw subjects out` }];
};

const fixedStrategyEvents = (experiment: Experiment, { targetPercentage: percentage = 100 }: Strategy): ExperimentEvent[] => {
  const reached = experiment.rollout.percentage;
  if (percentage < reached) throw new DomainError('validation', undefined, [{ pointer: '/strategy/targetPercentage', detail: `is below the ${reached} reached: lowering it would throw subjects out` }]);
  return percentage === reached ? [] : [{ type: 'experiment.percentage-changed', data: { percentage, step: experiment.rollout.step + 1 } }];
};

const withoutTarget = ({ targetPercentage: _, ...rest }: Strategy): Omit<Strategy, 'targetPercentage'> => rest;

const strategyEvents = (experiment: Experiment, strategy: Strategy): ExperimentEvent[] => {
  const faults = [...strategyFaults(strategy, experiment), ...fixedFaults(experiment.strategy, strategy)];
  const isFixed = strategy.type === 'FIXED';
  if (faults.length === 0 && !isFixed) faults.push(...stepFaults(experiment, strategy));
  if (faults.length > 0) throw new DomainError('validation', undefined, faults);
  const growth = isFixed ? fixedStrategyEvents(experiment, strategy) : [];
  const rest = isFixed ? { ...withoutTarget(strategy), ...(experiment.strategy.targetPercentage === undefined ? {} : { targetPercentage: experiment.strategy.targetPercentage }) } : strategy;
  const unchanged = isFixed ? same(withoutTarget(strategy), withoutTarget(experiment.strategy)) : same(strategy, experiment.strategy);
  return [...(unchanged ? [] : [{ type: 'experiment.updated' as const, data: { changes: { strategy: rest } } }]), ...growth];
};

/** Where it has room was found out by whoever brought the command. */
const shareEvents = ({ layer }: Experiment, share: number, { layer: range, traffic = [] }: Placement): ExperimentEvent[] =>
  (range === undefined || share === layer?.share ? [] : [{ type: 'experiment.share-changed', data: { share, layer: range, traffic } }]);

/**
 * What a change does to a running experiment: a raised percentage, or share of its layer, only adds subjects, other weights open a phase, words, metrics,
 * thresholds and the steps to come are free. Anything else would make the evidence worthless and is refused.
 */
export const runningChanges = (experiment: Experiment, patch: PatchExperiment, placement: Placement = {}): ExperimentEvent[] => {
  const fixed = Object.keys(patch).filter((name) => !['variants', 'strategy', 'layer', ...harmless].includes(name));
  if (fixed.length > 0) {
    throw new DomainError('illegal-transition', `${fixed.join(', ')} cannot change while the experiment is ${experiment.status}`, fixed.map((name) => ({ pointer: `/${name}`, detail: 'is fixed while the experiment runs' })));
  }
  const changes = Object.fromEntries(Object.entries(patch).filter(([name]) => (harmless as readonly string[]).includes(name))) as PatchExperiment;
  return [
    ...(Object.keys(changes).length === 0 ? [] : [{ type: 'experiment.updated' as const, data: { changes } }]),
    ...(patch.strategy === undefined ? [] : strategyEvents(experiment, patch.strategy)),
    ...(patch.variants === undefined ? [] : weightEvents(experiment, patch.variants)),
    ...(patch.layer === undefined ? [] : shareEvents(experiment, patch.layer.share, placement)),
  ];
};
