import {
  type CreateExperiment, DomainError, type Experiment, type ExperimentEvent, type ExperimentStatus, type PatchExperiment, type Strategy, topics,
} from '@pataka/contracts';
import type { Aggregate, StoredFacts } from '@pataka/event-sourcing';
import { cellsOf } from './cells';
import { draftPatchFaults } from './experiment-faults';
import { runningChanges } from './running-changes';

/** What can be asked of an experiment. Times and ids come with the command. */
export type ExperimentCommand =
  | { type: 'CreateExperiment'; id: string; body: CreateExperiment; now: string }
  | { type: 'LinkFlag'; flagKey: string }
  | { type: 'RefuseFlag'; flagKey: string; code: string; detail: string }
  | { type: 'ChangeExperiment'; patch: PatchExperiment }
  | { type: 'StartExperiment' }
  | { type: 'PauseExperiment' }
  | { type: 'ResumeExperiment' }
  | { type: 'CompleteExperiment'; winnerVariantId?: string }
  | { type: 'RollBackExperiment'; detail?: string }
  | { type: 'ArchiveExperiment' };

type State = Experiment | null;
type Of<Type extends ExperimentCommand['type']> = Extract<ExperimentCommand, { type: Type }>;

/** Statuses that each action may start from. */
const allowedFrom: Record<string, readonly ExperimentStatus[]> = {
  start: ['DRAFT'], pause: ['ACTIVE'], resume: ['PAUSED'], complete: ['ACTIVE', 'PAUSED'], 'roll back': ['ACTIVE', 'PAUSED'], archive: ['DRAFT', 'COMPLETED'],
};
const actionsOf = (status: ExperimentStatus): string[] => Object.keys(allowedFrom).filter((action) => allowedFrom[action]!.includes(status));

const existing = (state: State): Experiment => {
  if (state === null) throw new DomainError('experiment-not-found');
  return state;
};

const requireStatus = (experiment: Experiment, action: string): void => {
  if (allowedFrom[action]!.includes(experiment.status)) return;
  const allowed = actionsOf(experiment.status);
  const possible = allowed.length === 0 ? 'nothing more can be done with it' : `it can ${allowed.join(', ')}`;
  throw new DomainError('illegal-transition', `A ${experiment.status} experiment cannot ${action}: ${possible}`, [], { status: experiment.status, allowed });
};

/** The share of the audience that a FIXED strategy lets in. */
export const fixedPercentage = (strategy: Strategy): number => strategy.targetPercentage ?? strategy.initialPercentage ?? 100;

const create = ({ id, body, now }: Of<'CreateExperiment'>, state: State): ExperimentEvent[] => {
  if (state !== null) throw new DomainError('already-exists');
  const strategy = body.strategy ?? { type: 'FIXED', targetPercentage: 100 };
  const variants = body.factors === undefined ? (body.variants ?? []) : cellsOf(body.factors);
  const experiment: Experiment = {
    ...body, id, status: 'DRAFT', environment: body.environment ?? 'production', flagKey: body.flagKey ?? body.key, variants, strategy,
    successMetrics: body.successMetrics ?? [], guardrailMetrics: body.guardrailMetrics ?? [], safetyMetrics: body.safetyMetrics ?? [],
    linked: false, phase: 1, phases: [], rollout: { percentage: fixedPercentage(strategy), step: 0, nextStepAt: null },
    version: 1, createdBy: '', createdAt: now, updatedAt: now,
  };
  return [{ type: 'experiment.created', data: { experiment } }];
};

const link = ({ flagKey }: Of<'LinkFlag'>, state: State): ExperimentEvent[] =>
  existing(state).linked ? [] : [{ type: 'experiment.flag-linked', data: { flagKey } }];

const refuse = ({ flagKey, code, detail }: Of<'RefuseFlag'>, state: State): ExperimentEvent[] => {
  const experiment = existing(state);
  return experiment.linked || experiment.refusal !== undefined ? [] : [{ type: 'experiment.flag-refused', data: { flagKey, code, detail } }];
};

const change = ({ patch }: Of<'ChangeExperiment'>, state: State): ExperimentEvent[] => {
  const experiment = existing(state);
  if (Object.keys(patch).length === 0) return [];
  if (experiment.status === 'ACTIVE' || experiment.status === 'PAUSED') return runningChanges(experiment, patch);
  if (experiment.status !== 'DRAFT') throw new DomainError('illegal-transition', `A ${experiment.status} experiment does not change any more`);
  const faults = draftPatchFaults(patch);
  if (faults.length > 0) throw new DomainError('validation', undefined, faults);
  return [{ type: 'experiment.updated', data: { changes: patch } }];
};

const start = (state: State): ExperimentEvent[] => {
  const experiment = existing(state);
  requireStatus(experiment, 'start');
  if (experiment.refusal !== undefined) throw new DomainError('illegal-transition', `Its flag could not be made: ${experiment.refusal}. Make another experiment with a free flagKey`);
  if (!experiment.linked) throw new DomainError('illegal-transition', 'Its flag is not there yet: try again in a moment');
  return [{ type: 'experiment.started', data: {} }];
};

const simple = (state: State, action: string, done: ExperimentStatus, event: ExperimentEvent): ExperimentEvent[] => {
  const experiment = existing(state);
  if (experiment.status === done) return [];
  requireStatus(experiment, action);
  return [event];
};

const complete = ({ winnerVariantId }: Of<'CompleteExperiment'>, state: State): ExperimentEvent[] => {
  const experiment = existing(state);
  requireStatus(experiment, 'complete');
  if (winnerVariantId === undefined) return [{ type: 'experiment.completed', data: {} }];
  if (experiment.variants.some(({ id }) => id === winnerVariantId)) return [{ type: 'experiment.completed', data: { winnerVariantId } }];
  throw new DomainError('validation', undefined, [{ pointer: '/winnerVariantId', detail: `is not one of ${experiment.variants.map(({ id }) => id).join(', ')}` }]);
};

const rollBack = ({ detail }: Of<'RollBackExperiment'>, state: State): ExperimentEvent[] => {
  const experiment = existing(state);
  if (experiment.outcome === 'rolledBack') return [];
  requireStatus(experiment, 'roll back');
  return [{ type: 'experiment.rolled-back', data: detail === undefined ? {} : { detail } }];
};

const decide = (command: ExperimentCommand, state: State): ExperimentEvent[] => {
  switch (command.type) {
    case 'CreateExperiment': return create(command, state);
    case 'LinkFlag': return link(command, state);
    case 'RefuseFlag': return refuse(command, state);
    case 'ChangeExperiment': return change(command, state);
    case 'StartExperiment': return start(state);
    case 'PauseExperiment': return simple(state, 'pause', 'PAUSED', { type: 'experiment.paused', data: {} });
    case 'ResumeExperiment': return simple(state, 'resume', 'ACTIVE', { type: 'experiment.resumed', data: {} });
    case 'CompleteExperiment': return complete(command, state);
    case 'RollBackExperiment': return rollBack(command, state);
    case 'ArchiveExperiment': return simple(state, 'archive', 'ARCHIVED', { type: 'experiment.archived', data: {} });
  }
};

const weightsOf = (experiment: Experiment): Record<string, number> => Object.fromEntries(experiment.variants.map(({ id, weight }) => [id, weight]));

const changed = (event: ExperimentEvent & StoredFacts, before: Experiment): Partial<Experiment> => {
  switch (event.type) {
    case 'experiment.created': return event.data.experiment;
    case 'experiment.flag-linked': return { linked: true };
    case 'experiment.flag-refused': return { refusal: event.data.detail };
    case 'experiment.updated': return { ...event.data.changes, ...(event.data.changes.strategy === undefined ? {} : { rollout: { ...before.rollout, percentage: fixedPercentage(event.data.changes.strategy) } }) };
    case 'experiment.weights-changed': return {
      phase: event.data.phase, variants: before.variants.map((variant) => ({ ...variant, weight: event.data.weights[variant.id] ?? variant.weight })),
      phases: [...before.phases, { phase: event.data.phase, from: event.at, weights: event.data.weights }],
    };
    case 'experiment.percentage-changed': return { rollout: { ...before.rollout, percentage: event.data.percentage, step: event.data.step }, strategy: { ...before.strategy, targetPercentage: event.data.percentage } };
    case 'experiment.started': return { status: 'ACTIVE', startedAt: event.at, phases: [{ phase: before.phase, from: event.at, weights: weightsOf(before) }] };
    case 'experiment.decided': return {};
    case 'experiment.paused': return { status: 'PAUSED' };
    case 'experiment.resumed': return { status: 'ACTIVE' };
    case 'experiment.completed': return { status: 'COMPLETED', outcome: 'completed', completedAt: event.at, ...event.data };
    case 'experiment.rolled-back': return { status: 'COMPLETED', outcome: 'rolledBack', completedAt: event.at };
    case 'experiment.archived': return { status: 'ARCHIVED' };
  }
};

const evolve = (state: State, event: ExperimentEvent & StoredFacts): State => {
  const before = state ?? ({} as Experiment);
  const made = event.type === 'experiment.created' ? { createdBy: event.meta.actor, createdAt: event.at } : {};
  return { ...before, ...changed(event, before), ...made, version: event.version, updatedAt: event.at };
};

/** Experiments, as event-sourced streams keyed by id, published whole on experiment-events. */
export const experimentAggregate: Aggregate<State, ExperimentCommand, ExperimentEvent> = {
  category: 'experiment',
  initialState: null,
  decide,
  evolve,
  document: (state) => state,
  publish: ({ type, data, meta }, after) => ({
    topic: topics.experimentEvents.name, key: after!.id, type,
    data: { change: { type, data }, actor: meta.actor, ...(meta.reason === undefined ? {} : { reason: meta.reason }), experiment: after },
  }),
};
