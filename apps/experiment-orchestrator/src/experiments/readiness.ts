import { DomainError, type Experiment, type ExperimentEvent } from '@pataka/contracts';
import { firstReweighAt } from '../bandits/reweigh';
import { powerEstimate } from '../rollouts/power-estimate';
import { dueAfter, stepsOf } from '../rollouts/steps';

type Started = Extract<ExperimentEvent, { type: 'experiment.started' }>['data'];

const instant = (at: number): string => new Date(at).toISOString();

/** When a start takes effect: an experiment that is started early waits for its start date, and serves nobody before. */
export const effectiveStart = ({ startDate }: Pick<Experiment, 'startDate'>, now: string): number =>
  Math.max(Date.parse(now), startDate === undefined ? -Infinity : Date.parse(startDate));

/**
 * What a start begins with: from when its clock runs, when its first step falls due, and what is to be expected.
 * @throws DomainError `not-ready` where it would end before it begins or, unless forced, cannot find what it looks for.
 */
export const readinessOf = (experiment: Experiment, now: string, force: boolean): Started => {
  const from = effectiveStart(experiment, now);
  if (experiment.endDate !== undefined && Date.parse(experiment.endDate) <= from) {
    throw new DomainError('not-ready', `Its endDate ${experiment.endDate} is not after its start: give it a later one`, [{ pointer: '/endDate', detail: 'is not after the start' }]);
  }
  const estimate = powerEstimate(experiment, from);
  if (estimate.hopeless && !force) {
    throw new DomainError('not-ready', `It cannot find what it looks for: ${estimate.reasons.join('; ')}. Let in more subjects, give it more time, look for a larger effect, or start it with {"force": true}`, [], { estimate });
  }
  const due = dueAfter(from, stepsOf(experiment)[0], experiment.strategy);
  return { from: instant(from), nextStepAt: due === null ? null : instant(due), ...firstReweighAt(experiment, from), estimate, ...(force ? { forced: true } : {}) };
};
