import { topics, type AccessChange } from '@pataka/contracts';
import type { Aggregate, StoredFacts } from '@pataka/event-sourcing';

export interface ReplayEvent { type: 'dead-letter.replayed'; data: { topic: string; consumer: string } }
/** What an operator did with a letter. */
export interface Replayed { times: number; replayedAt: string; replayedBy: string }

// flag-admin's positions have no gaps on the topics that every evaluator follows, so this goes where operators' other doings are.
const publish = (event: ReplayEvent & StoredFacts) => {
  const id = event.streamId.slice('dead-letter:'.length);
  const data: AccessChange = { kind: 'operation', change: 'created', actor: event.meta.actor, id, after: { ...event.data } };
  return { topic: topics.accessChanges.name, key: id, type: event.type, data };
};

/** Replays of dead letters, for the audit trail and the list. */
export const deadLetterAggregate: Aggregate<Replayed | null, ReplayEvent, ReplayEvent> = {
  category: 'dead-letter',
  initialState: null,
  decide: (command) => [command],
  evolve: (state, event) => ({ times: (state?.times ?? 0) + 1, replayedAt: event.at, replayedBy: event.meta.actor }),
  document: (state) => state,
  publish,
};
