import { topics, type AccessChange } from '@pataka/contracts';
import type { Aggregate, StoredFacts } from '@pataka/event-sourcing';

/** What is written down of signing in and out. Each session, and each failure, is a stream of its own; none keeps a document. */
export type SessionEvent =
  | { type: 'session.opened'; data: { id: string; member: string; method: string; address: string } }
  | { type: 'session.closed'; data: { id: string; member: string; until: string } }
  | { type: 'session.refused'; data: { id: string; member: string; method: string; address: string } }
  | { type: 'session.throttled'; data: { id: string; member?: string; limit: string; address: string; until: string } };

/** Nothing is decided here: whether somebody may come in was, before. */
export type SessionCommand = SessionEvent;

const told: Record<SessionEvent['type'], AccessChange['change']> = { 'session.opened': 'created', 'session.closed': 'revoked', 'session.refused': 'refused', 'session.throttled': 'refused' };

/** Addresses stay in the audit trail: no service needs them. */
const publish = (event: SessionEvent & StoredFacts) => {
  const { id, member } = event.data;
  const after = { id, ...(member === undefined ? {} : { member }), ...('until' in event.data ? { until: event.data.until } : {}) };
  const data: AccessChange = { kind: 'session', change: told[event.type], actor: event.meta.actor, id, after };
  return { topic: topics.accessChanges.name, key: id, type: event.type, data };
};

export const sessionAggregate: Aggregate<null, SessionCommand, SessionEvent> = {
  category: 'session',
  initialState: null,
  decide: (command) => [command],
  evolve: () => null,
  document: () => null,
  publish,
};
