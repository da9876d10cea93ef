import {
  type CreateExperiment, DomainError, type Experiment, type ExperimentEvent, type ExperimentStatus, type PatchExperiment, topics,
} from '@pataka/contracts';
import type { Aggregate } from '@pataka/event-sourcing';
import type { Placement } from '../layers/placement';
import type { Decided } from '../rollouts/decision';
import { finishOf, stepsOf } from '../rollouts/steps';
import { cellsOf } from './cells';
import { draftPatchFaults } from './experiment-faults';
import { evolve, watchedOf } from './experiment-state';
import { readinessOf } from './readiness';
import { runningChanges } from './running-changes';

/** What can be asked of an experiment. Times and ids come with the command. */
export type ExperimentCommand =
  | { type: 'CreateExperiment'; id: string; body: CreateExperiment; clonedFrom?: string; now: string }
  | { type: 'LinkFlag'; flagKey: string }
  | { type: 'RefuseFlag'; flagKey: string; code: string; detail: string }
  | { type: 'ChangeExperiment'; patch: PatchExperiment; placement?: Placement }
  | { type: 'StartExperiment'; force?: boolean; placement?: Placement; now: string }
  | { type: 'PauseExperiment'; now: string }
  | { type: 'ResumeExperiment'; now: string }
  | { type: 'Decide'; decided: Decided; nextReweighAt?: string }
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

/** What a body leaves out. */
const completed = ({ factors, variants = [], environment = 'production', strategy = { type: 'FIXED', targetPercentage: 100 }, successMetrics = [], guardrailMetrics = [], safetyMetrics = [], ...body }: CreateExperiment) =>
  ({ ...body, ...(factors === undefined ? { variants } : { factors, variants: cellsOf(factors) }), environment, flagKey: body.flagKey ?? body.key, strategy, successMetrics, guardrailMetrics, safetyMetrics });

const create = ({ id, body, clonedFrom, now }: Of<'CreateExperiment'>, state: State): ExperimentEvent[] => {
  if (state !== null) throw new DomainError('already-exists');
  const whole = completed(body);
  const experiment: Experiment = {
    ...whole, watchedMetrics: watchedOf(whole), id, status: 'DRAFT', linked: false, phase: 1, phases: [], rollout: { percentage: stepsOf(whole)[0]?.percentage ?? 100, step: 0, nextStepAt: null },
    ...(clonedFrom === undefined ? {} : { clonedFrom }), version: 1, createdBy: '', createdAt: now, updatedAt: now,
  };
  return [{ type: 'experiment.created', data: { experiment } }];
};

const link = ({ flagKey }: Of<'LinkFlag'>, state: State): ExperimentEvent[] =>
  existing(state).linked ? [] : [{ type: 'experiment.flag-linked', data: { flagKey } }];

const refuse = ({ flagKey, code, detail }: Of<'RefuseFlag'>, state: State): ExperimentEvent[] => {
  const experiment = existing(state);
  return experiment.linked || experiment.refusal !== undefined ? [] : [{ type: 'experiment.flag-refused', data: { flagKey, code, detail } }];
};

const change = ({ patch, placement }: Of<'ChangeExperiment'>, state: State): ExperimentEvent[] => {
  const experiment = existing(state);
  if (Object.keys(patch).length === 0) return [];
  if (experiment.status === 'ACTIVE' || experiment.status === 'PAUSED') return runningChanges(experiment, patch, placement);
  if (experiment.status !== 'DRAFT') throw new DomainError('illegal-transition', `A ${experiment.status} experiment does not change any more`);
  const faults = draftPatchFaults(experiment, patch);
  if (faults.length > 0) throw new DomainError('validation', undefined, faults);
  return [{ type: 'experiment.updated', data: { changes: patch } }];
};

const start = ({ force = false, placement = {}, now }: Of<'StartExperiment'>, state: State): ExperimentEvent[] => {
  const experiment = existing(state);
  requireStatus(experiment, 'start');
  if (experiment.refusal !== undefined) throw new DomainError('illegal-transition', `Its flag could not be made: ${experiment.refusal}. Make another experiment with a free flagKey`);
  if (!experiment.linked) throw new DomainError('illegal-transition', 'Its flag is not there yet: try again in a moment');
  return [{ type: 'experiment.started', data: { ...readinessOf(experiment, now, force), ...placement } }];
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

/** A decision is an event, and what follows from it is another: flags and evidence follow those, people read the decision. */
const consequences = ({ record, ...clock }: Decided, experiment: Experiment): ExperimentEvent[] => {
  switch (record.decision) {
    case 'advance': return [{ type: 'experiment.percentage-changed', data: { percentage: record.toPercentage ?? record.percentage, step: record.toStep ?? record.step, ...clock } }];
    case 'rollBack': return [{ type: 'experiment.rolled-back', data: { detail: record.sentence.en } }];
    case 'finish': {
      const completes = record.reasons.includes('end-date') || finishOf(experiment) === 'complete';
      return completes ? [{ type: 'experiment.completed', data: record.winnerVariantId === undefined ? {} : { winnerVariantId: record.winnerVariantId } }] : [];
    }
    case 'reweigh': {
      const weights = record.weights ?? {};
      const same = experiment.variants.every(({ id, weight }) => (weights[id] ?? weight) === weight);
      return same ? [] : [{ type: 'experiment.weights-changed', data: { phase: experiment.phase + 1, weights } }];
    }
    case 'hold':
    case 'escalate': return [];
  }
};

const takeDecision = ({ decided, nextReweighAt }: Of<'Decide'>, state: State): ExperimentEvent[] => {
  const experiment = existing(state);
  // Whoever decided looked at an experiment that has gone on since.
  if (!['ACTIVE', 'PAUSED'].includes(experiment.status) || decided.record.step !== experiment.rollout.step) return [];
  const { record, nextStepAt } = decided;
  const clock = { ...(nextStepAt === undefined ? {} : { nextStepAt }), ...(nextReweighAt === undefined ? {} : { nextReweighAt }) };
  return [{ type: 'experiment.decided', data: { ...record, ...clock } }, ...consequences(decided, experiment)];
};

const decide = (command: ExperimentCommand, state: State): ExperimentEvent[] => {
  switch (command.type) {
    case 'CreateExperiment': return create(command, state);
    case 'LinkFlag': return link(command, state);
    case 'RefuseFlag': return refuse(command, state);
    case 'ChangeExperiment': return change(command, state);
    case 'StartExperiment': return start(command, state);
    case 'PauseExperiment': return simple(state, 'pause', 'PAUSED', { type: 'experiment.paused', data: { at: command.now } });
    case 'ResumeExperiment': return simple(state, 'resume', 'ACTIVE', { type: 'experiment.resumed', data: { at: command.now } });
    case 'Decide': return takeDecision(command, state);
    case 'CompleteExperiment': return complete(command, state);
    case 'RollBackExperiment': return rollBack(command, state);
    case 'ArchiveExperiment': return simple(state, 'archive', 'ARCHIVED', { type: 'experiment.archived', data: {} });
  }
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
