import type { Experiment, PlannedStep } from '@pataka/contracts';
import { instantText } from './local-time';
import { openingFrom, type Places } from './openings';
import { dueAfter, type Step, stepsOf } from './steps';

/** From where on the rest of a rollout is planned: the step that was reached, and when the next falls due. */
export interface Standing { step: number; nextDue: number | null }

const planned = (step: Step, index: number, at: number | null): PlannedStep =>
  ({ step: index, percentage: step.percentage, ...(step.regions === undefined ? {} : { regions: step.regions }), at: at === null ? null : instantText(at), duration: step.duration });

/** When every step still to come begins, if each is taken as soon as windows and blackouts allow and passes. Steps after the end are left out. */
export const timetable = (experiment: Pick<Experiment, 'type' | 'strategy' | 'endDate'>, { step, nextDue }: Standing, places: Places): PlannedStep[] => {
  const steps = stepsOf(experiment);
  const end = experiment.endDate === undefined ? Infinity : Date.parse(experiment.endDate);
  const table: PlannedStep[] = [];
  let due = nextDue;
  for (let index = step + 1; index < steps.length; index += 1) {
    const one = steps[index]!;
    const at: number | null = due === null ? null : (openingFrom(due, experiment.strategy, one.regions, places)?.at ?? null);
    if (at !== null && at >= end) break;
    table.push(planned(one, index, at));
    due = at === null ? null : dueAfter(at, one, experiment.strategy);
  }
  return table;
};

/** The whole timetable of an experiment that begins at an instant. */
export const wholeTimetable = (experiment: Pick<Experiment, 'type' | 'strategy' | 'endDate'>, startsAt: number, places: Places): PlannedStep[] => {
  const [first] = stepsOf(experiment);
  return first === undefined ? [] : [planned(first, 0, startsAt), ...timetable(experiment, { step: 0, nextDue: dueAfter(startsAt, first, experiment.strategy) }, places)];
};
