import type { Experiment } from '@pataka/contracts';
import type { ExperimentCommand } from '../experiments/experiment.decider';

/**
 * What a running experiment's clock asks for at an instant, or null. Steps that were missed while nobody was watching ask for one command, and
 * the next look decides anew.
 */
export const dueCommand = (experiment: Experiment, now: string): ExperimentCommand | null => {
  const running = experiment.status === 'ACTIVE' || experiment.status === 'PAUSED';
  if (running && experiment.endDate !== undefined && Date.parse(experiment.endDate) <= Date.parse(now)) return { type: 'CompleteExperiment' };
  return null;
};
