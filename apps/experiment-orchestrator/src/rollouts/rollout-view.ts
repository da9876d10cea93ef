import type { DecisionRecord, Experiment, ExperimentEvent, PastStep, PlannedStep, RolloutView } from '@pataka/contracts';
import type { Stored } from '@pataka/event-sourcing';
import { effectiveStart } from '../experiments/readiness';
import { openingFrom, type Places } from './openings';
import { powerEstimate, type Reach, reachOf } from './power-estimate';
import { stepsOf } from './steps';
import { timetable, wholeTimetable } from './timetable';

type Past = ExperimentEvent & Pick<Stored, 'at'>;

const stepOf = (experiment: Experiment, step: number, percentage: number, from: string): PastStep => {
  const regions = stepsOf(experiment)[step]?.regions;
  return { step, percentage, ...(regions === undefined ? {} : { regions }), from, until: null, decisions: [] };
};

const recordOf = ({ nextStepAt: _next, nextReweighAt: _reweigh, ...record }: Extract<ExperimentEvent, { type: 'experiment.decided' }>['data']): DecisionRecord => record;

/** The first percentage is the draft's last, which no event of the start names. */
const firstPercentage = (experiment: Experiment, events: readonly Past[]): number => {
  const grown = events.find((event) => event.type === 'experiment.percentage-changed');
  return grown === undefined ? experiment.rollout.percentage : (stepsOf(experiment)[0]?.percentage ?? 0);
};

/** Every step that was reached, with what was decided in it, from the events of an experiment. */
export const stepsReached = (experiment: Experiment, events: readonly Past[]): PastStep[] => {
  const reached: PastStep[] = [];
  const end = (until: string): void => {
    const last = reached.at(-1);
    if (last !== undefined) reached[reached.length - 1] = { ...last, until };
  };
  for (const event of events) {
    if (event.type === 'experiment.started') reached.push(stepOf(experiment, 0, firstPercentage(experiment, events), event.data.from ?? event.at));
    else if (event.type === 'experiment.decided') reached.at(-1)?.decisions.push(recordOf(event.data));
    else if (event.type === 'experiment.percentage-changed') {
      const from = event.data.from ?? event.at;
      end(from);
      reached.push(stepOf(experiment, event.data.step, event.data.percentage, from));
    } else if (event.type === 'experiment.completed' || event.type === 'experiment.rolled-back') end(event.at);
  }
  return reached;
};

const nextOf = (experiment: Experiment, now: string, places: Places): { at: string | null; waiting: string[] } => {
  const { nextStepAt, step } = experiment.rollout;
  if (experiment.status !== 'ACTIVE' || nextStepAt === null) return { at: null, waiting: [] };
  const steps = stepsOf(experiment);
  // What is overdue waits for the next opening from now on.
  const from = Math.max(Date.parse(nextStepAt), Date.parse(now));
  const opening = openingFrom(from, experiment.strategy, (steps[step + 1] ?? steps[step])?.regions, places);
  if (opening === null) return { at: null, waiting: ['no window is ever open: change windows or blackouts'] };
  return { at: opening.at === from ? nextStepAt : new Date(opening.at).toISOString(), waiting: opening.waiting };
};

const plannedOf = (experiment: Experiment, next: string | null, now: string, places: Places): PlannedStep[] => {
  if (experiment.status === 'DRAFT') return wholeTimetable(experiment, effectiveStart(experiment, now), places);
  if (experiment.status !== 'ACTIVE' && experiment.status !== 'PAUSED') return [];
  return timetable(experiment, { step: experiment.rollout.step, nextDue: next === null ? null : Date.parse(next) }, places);
};

const reachFrom = (experiment: Experiment, reached: readonly PastStep[], planned: readonly PlannedStep[]): Reach[] => [
  ...reached.map(({ from, percentage }) => ({ at: Date.parse(from), percentage })),
  ...planned.flatMap(({ at, percentage }) => (at === null ? [] : [{ at: Date.parse(at), percentage }])),
];

const dates = ({ startDate, endDate, startedAt, completedAt }: Experiment): Pick<RolloutView, 'startDate' | 'endDate' | 'startedAt' | 'completedAt'> =>
  Object.fromEntries(Object.entries({ startDate, endDate, startedAt, completedAt }).filter(([, value]) => value !== undefined));

const heldOf = ({ rollout: { heldSince, escalatedAt, finishedAt, holdReasons = [] }, status }: Experiment, waiting: readonly string[]): Pick<RolloutView, 'waiting' | 'heldSince' | 'escalatedAt' | 'finishedAt'> => ({
  waiting: [...(status === 'PAUSED' ? ['paused'] : []), ...holdReasons, ...waiting], heldSince: heldSince ?? null, escalatedAt: escalatedAt ?? null, finishedAt: finishedAt ?? null,
});

/** Past steps with their decisions, the present one, and everything still planned. */
export const rolloutView = (experiment: Experiment, events: readonly Past[], places: Places, now: string): RolloutView => {
  const { rollout, status } = experiment;
  const reached = stepsReached(experiment, events);
  const running = status === 'ACTIVE' || status === 'PAUSED';
  const next = nextOf(experiment, now, places);
  const planned = plannedOf(experiment, next.at, now, places);
  const startsAt = reached[0] === undefined ? effectiveStart(experiment, now) : Date.parse(reached[0].from);
  const reach = reachFrom(experiment, reached, planned);
  return {
    experimentId: experiment.id, status, strategy: experiment.strategy, percentage: rollout.percentage, step: rollout.step, steps: stepsOf(experiment).length,
    nextStepAt: next.at, ...heldOf(experiment, next.waiting),
    ...(running ? { past: reached.slice(0, -1), present: reached.at(-1) ?? null } : { past: reached, present: null }), planned,
    decision: reached.flatMap(({ decisions }) => decisions).at(-1) ?? null, ...dates(experiment), phases: experiment.phases,
    estimate: powerEstimate(experiment, startsAt, reach.length > 0 ? reach : reachOf(experiment, startsAt)),
  };
};
