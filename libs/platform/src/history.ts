import type { EventStore, Stored } from '@pataka/event-sourcing';
import type { Answer } from './answer';
import { cut, listed, numberPageOf, type Query } from './paging';

const withoutSecrets = (_name: string, value: unknown): unknown => {
  if (typeof value !== 'object' || value === null || !('hash' in value)) return value;
  const { hash: _hash, ...rest } = value;
  return rest;
};

/** An event as people read it: what, when, by whom and why; never the hash of a key. */
export const toldOf = (event: Stored): object => ({
  id: event.id, type: event.type, version: event.version, position: event.position, at: event.at, actor: event.meta.actor,
  ...(event.meta.reason === undefined ? {} : { reason: event.meta.reason }), correlationId: event.meta.correlationId,
  ...(event.meta.causationId === undefined ? {} : { causationId: event.meta.causationId }),
  data: JSON.parse(JSON.stringify(event.data, event.type.startsWith('key.') ? withoutSecrets : undefined)) as object,
});

/** A page of a stream's events, oldest first; null for a stream that has none. */
export const historyOf = async (store: EventStore, streamId: string, path: string, query: Query): Promise<Answer | null> => {
  const { limit, after } = numberPageOf(query);
  const events = await store.history(streamId, { after, limit: limit + 1 });
  if (events.length === 0 && after === 0) return null;
  const { rows, last } = cut(events, limit, (event) => event.version);
  return listed(path, query, rows.map(toldOf), last);
};
