import { DomainError, flagChangeOf, topics } from '@pataka/contracts';
import { type EventStore, handle, type ProcessManager, processManager, reactionContext, type ReceivedEvent } from '@pataka/event-sourcing';
import { experimentAggregate, type ExperimentCommand } from './experiment.decider';

export const FLAG_LINK = 'experiment-flag-link';

/** A command for an experiment. */
export interface Reaction { experimentId: string; command: ExperimentCommand }

/**
 * The orchestrator's end of the saga that makes an experiment's flag: flag-admin publishes either the flag it made or why it could not.
 * Null for every other change of flags.
 */
export const reactToFlag = (event: ReceivedEvent): Reaction | null => {
  const change = flagChangeOf(event.schemaVersion, event.data);
  if (change.change.type === 'experiment-flag.refused') {
    const { experimentId, flagKey, code, detail } = change.change.data;
    return { experimentId, command: { type: 'RefuseFlag', flagKey, code, detail } };
  }
  if (change.change.type !== 'flag.created' || change.flag?.experimentId === undefined) return null;
  return { experimentId: change.flag.experimentId, command: { type: 'LinkFlag', flagKey: change.flag.key } };
};

/** An experiment that is gone, or past the point, needs no reaction any more. */
const isSettled = (error: unknown): boolean => error instanceof DomainError && (error.code === 'experiment-not-found' || error.code === 'illegal-transition');

/** Marks experiments as linked to their flag, or says why they never will be. */
export const flagLinks = (store: EventStore): ProcessManager =>
  processManager({
    name: FLAG_LINK,
    topics: [topics.flagChanges.name],
    react: async (event) => {
      const reaction = reactToFlag(event);
      if (reaction === null) return;
      await handle(store, experimentAggregate, reaction.experimentId, reaction.command, reactionContext(FLAG_LINK, event)).catch((error: unknown) => {
        if (!isSettled(error)) throw error;
      });
    },
  });
