import type { Experiment, ExperimentEvent, Rollout } from '@pataka/contracts';
import type { StoredFacts } from '@pataka/event-sourcing';
import { escalationDue } from '../rollouts/decision';
import { dueAfter, fixedPercentage, stepsOf } from '../rollouts/steps';

type Recorded<Type extends ExperimentEvent['type']> = Extract<ExperimentEvent, { type: Type }> & StoredFacts;

const weightsOf = (experiment: Experiment): Record<string, number> => Object.fromEntries(experiment.variants.map(({ id, weight }) => [id, weight]));

const utc = (instant: string): string => new Date(instant).toISOString();

/** The earliest instant at which anything of an experiment falls due. A rollout that began before there were clocks has none. */
const dueAtOf = (experiment: Experiment): string | undefined => {
  const { status, rollout, endDate } = experiment;
  if (rollout.stepFrom === undefined || (status !== 'ACTIVE' && status !== 'PAUSED')) return undefined;
  const escalation = escalationDue(experiment);
  const active = status !== 'ACTIVE' ? [] : [rollout.nextStepAt, rollout.nextReweighAt, escalation === null ? null : new Date(escalation).toISOString()];
  return [endDate, ...active].filter((instant): instant is string => typeof instant === 'string').map(utc).sort()[0];
};

const withDue = (experiment: Experiment): Experiment => {
  const { dueAt: _, ...rollout } = experiment.rollout;
  const dueAt = dueAtOf(experiment);
  return { ...experiment, rollout: dueAt === undefined ? rollout : { ...rollout, dueAt } };
};

const unheld = ({ heldSince: _since, holdReasons: _reasons, holds: _holds, escalatedAt: _escalated, ...rollout }: Rollout): Rollout => rollout;

const shifted = (instant: string, byMs: number): string => new Date(Date.parse(instant) + byMs).toISOString();

/** The clock of a rollout stands still while it is paused: what was to come comes as much later. */
const resumed = ({ pausedAt, ...rollout }: Rollout, at: string | undefined): Rollout => {
  if (pausedAt === undefined || at === undefined) return rollout;
  const byMs = Date.parse(at) - Date.parse(pausedAt);
  const moved = (['nextStepAt', 'heldSince', 'nextReweighAt'] as const).flatMap((name) => (typeof rollout[name] === 'string' ? [[name, shifted(rollout[name], byMs)]] : []));
  return { ...rollout, ...(Object.fromEntries(moved) as Partial<Rollout>) };
};

const decided = ({ data }: Recorded<'experiment.decided'>, { rollout }: Experiment): Partial<Experiment> => {
  switch (data.decision) {
    case 'hold': return { rollout: { ...rollout, nextStepAt: data.nextStepAt ?? null, heldSince: rollout.heldSince ?? data.at, holdReasons: data.reasons, holds: (rollout.holds ?? 0) + 1 } };
    case 'escalate': return { rollout: { ...rollout, escalatedAt: data.at } };
    case 'finish': return { rollout: { ...unheld(rollout), nextStepAt: null, finishedAt: data.at } };
    case 'reweigh': return { rollout: { ...rollout, ...(data.nextReweighAt === undefined ? {} : { nextReweighAt: data.nextReweighAt }) } };
    // What follows from these is told by an event of its own.
    case 'advance':
    case 'rollBack': return {};
  }
};

const percentageChanged = ({ data }: Recorded<'experiment.percentage-changed'>, before: Experiment): Partial<Experiment> => ({
  rollout: {
    ...unheld(before.rollout), percentage: data.percentage, step: data.step,
    ...(data.from === undefined ? {} : { stepFrom: data.from, nextStepAt: data.nextStepAt ?? null }),
  },
  ...(before.strategy.type === 'FIXED' ? { strategy: { ...before.strategy, targetPercentage: data.percentage } } : {}),
});

const started = ({ data, at }: Recorded<'experiment.started'>, before: Experiment): Partial<Experiment> => ({
  ...(data.layer === undefined ? {} : { layer: { ...before.layer!, ...data.layer } }), ...(data.traffic === undefined ? {} : { traffic: data.traffic }),
  status: 'ACTIVE', startedAt: at, phases: [{ phase: before.phase, from: data.from ?? at, weights: weightsOf(before) }],
  ...(data.from === undefined ? {} : {
    rollout: { ...before.rollout, stepFrom: data.from, nextStepAt: data.nextStepAt ?? null, ...(data.nextReweighAt === undefined ? {} : { nextReweighAt: data.nextReweighAt }) },
  }),
});

/** Other durations count from the beginning of the present step; a hold keeps its next look. */
const replanned = (experiment: Experiment): Rollout => {
  const { rollout, strategy } = experiment;
  if (experiment.status === 'DRAFT') return { ...rollout, percentage: stepsOf(experiment)[0]?.percentage ?? fixedPercentage(strategy) };
  if (rollout.stepFrom === undefined || rollout.heldSince !== undefined || rollout.finishedAt !== undefined || strategy.type === 'FIXED') return rollout;
  const due = dueAfter(Date.parse(rollout.stepFrom), stepsOf(experiment)[rollout.step], strategy);
  return { ...rollout, nextStepAt: due === null ? null : new Date(due).toISOString() };
};

const ERROR_METRIC = 'error';

/** What guards an experiment although it does not name it: errors have to be measured to be a guard. */
export const watchedOf = ({ strategy, successMetrics, guardrailMetrics, safetyMetrics }: Pick<Experiment, 'strategy' | 'successMetrics' | 'guardrailMetrics' | 'safetyMetrics'>): string[] => {
  const named = [...successMetrics, ...guardrailMetrics, ...safetyMetrics].some((metric) => (typeof metric === 'string' ? metric : metric.key) === ERROR_METRIC);
  return named || strategy.guards?.errorRate === false ? [] : [ERROR_METRIC];
};

/** An experiment of before there were watched metrics stays as it is: its evidence would have to be counted anew. */
const rewatched = (before: Experiment, changes: Partial<Experiment>): Partial<Experiment> =>
  (before.watchedMetrics === undefined ? {} : { watchedMetrics: watchedOf({ ...before, ...changes }) });

const updated = ({ data }: Recorded<'experiment.updated'>, before: Experiment): Partial<Experiment> =>
  ({ ...data.changes, ...rewatched(before, data.changes as Partial<Experiment>), ...(data.changes.strategy === undefined ? {} : { rollout: replanned({ ...before, ...data.changes } as Experiment) }) });

const weightsChanged = ({ data, at }: Recorded<'experiment.weights-changed'>, before: Experiment): Partial<Experiment> => ({
  phase: data.phase, variants: before.variants.map((variant) => ({ ...variant, weight: data.weights[variant.id] ?? variant.weight })),
  phases: [...before.phases, { phase: data.phase, from: at, weights: data.weights }],
});

const changed = (event: ExperimentEvent & StoredFacts, before: Experiment): Partial<Experiment> => {
  switch (event.type) {
    case 'experiment.created': return event.data.experiment;
    case 'experiment.flag-linked': return { linked: true };
    case 'experiment.flag-refused': return { refusal: event.data.detail };
    case 'experiment.updated': return updated(event, before);
    case 'experiment.weights-changed': return weightsChanged(event, before);
    case 'experiment.percentage-changed': return percentageChanged(event, before);
    case 'experiment.share-changed': return { layer: { ...before.layer!, share: event.data.share, ...event.data.layer }, traffic: event.data.traffic };
    case 'experiment.started': return started(event, before);
    case 'experiment.paused': return { status: 'PAUSED', ...(event.data.at === undefined ? {} : { rollout: { ...before.rollout, pausedAt: event.data.at } }) };
    case 'experiment.resumed': return { status: 'ACTIVE', rollout: resumed(before.rollout, event.data.at) };
    case 'experiment.decided': return decided(event, before);
    case 'experiment.completed': return { status: 'COMPLETED', outcome: 'completed', completedAt: event.at, ...event.data };
    case 'experiment.rolled-back': return { status: 'COMPLETED', outcome: 'rolledBack', completedAt: event.at };
    case 'experiment.archived': return { status: 'ARCHIVED' };
  }
};

/** An experiment after an event. */
export const evolve = (state: Experiment | null, event: ExperimentEvent & StoredFacts): Experiment => {
  const before = state ?? ({} as Experiment);
  const made = event.type === 'experiment.created' ? { createdBy: event.meta.actor, createdAt: event.at } : {};
  return withDue({ ...before, ...changed(event, before), ...made, version: event.version, updatedAt: event.at });
};
