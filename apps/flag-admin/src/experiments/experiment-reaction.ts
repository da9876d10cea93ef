import type { ExperimentChange } from '@pataka/contracts';
import type { EndExperiment, PlaceExperimentRule } from '../flags/experiment-rule';
import { ruleOf, servedAfter } from './experiment-flag';

/** What an experiment's flag has to do about something that happened to the experiment. */
export type Reaction =
  | { type: 'make-flag' }
  | { type: 'archive-flag' }
  | { type: 'leave' }
  | PlaceExperimentRule
  | EndExperiment;

const placed = ({ experiment }: ExperimentChange, activate: boolean): Reaction =>
  ({ type: 'place-experiment-rule', experimentId: experiment.id, environment: experiment.environment, rule: ruleOf(experiment), activate });

/** Before the start nothing is served, and after the end nothing any more: what changes then changes no rule. */
const replaced = (change: ExperimentChange): Reaction =>
  (['ACTIVE', 'PAUSED'].includes(change.experiment.status) ? placed(change, false) : { type: 'leave' });

const ended = ({ experiment }: ExperimentChange, serve: EndExperiment['serve']): Reaction =>
  ({ type: 'end-experiment', experimentId: experiment.id, environment: experiment.environment, serve });

export const reactionTo = (change: ExperimentChange): Reaction => {
  switch (change.change.type) {
    case 'experiment.created': return { type: 'make-flag' };
    case 'experiment.started': return placed(change, true);
    case 'experiment.updated':
    case 'experiment.share-changed':
    case 'experiment.percentage-changed':
    case 'experiment.weights-changed': return replaced(change);
    case 'experiment.completed': return ended(change, servedAfter(change.experiment));
    case 'experiment.rolled-back': return ended(change, null);
    case 'experiment.archived': return { type: 'archive-flag' };
    // Who is in stays in while it pauses; and what became of the flag we said ourselves.
    case 'experiment.paused':
    case 'experiment.resumed':
    case 'experiment.decided':
    case 'experiment.flag-linked':
    case 'experiment.flag-refused': return { type: 'leave' };
  }
};
