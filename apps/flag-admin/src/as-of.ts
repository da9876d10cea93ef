import { parseInstant } from '@pataka/evaluation';
import { fold, type Aggregate, type DomainEvent, type EventStore } from '@pataka/event-sourcing';
import { parameter, type Query } from '@pataka/platform';
import { refuse } from './faults/faults';

/** The instant of `?at=`, or nothing. */
export const instantOf = (query: Query): string | undefined => {
  const at = parameter(query, 'at');
  if (at === undefined) return undefined;
  // An unencoded + of the zone has become a blank on its way.
  const instant = at.replace(/ (?=\d{2}:\d{2}$)/, '+');
  const ms = parseInstant(instant);
  if (ms === undefined) refuse([{ pointer: '/at', detail: 'must be an RFC 3339 instant with a zone' }]);
  // PostgreSQL knows no year 0; nothing of ours was there before 1970.
  return new Date(Math.max(0, ms ?? 0)).toISOString();
};

/** The document of a stream as it was then, or null. */
export const documentAt = async <State, Command, Event extends DomainEvent>(
  store: EventStore, aggregate: Aggregate<State, Command, Event>, key: string, until: string,
): Promise<{ document: object; version: number } | null> => {
  const { state, version } = fold(aggregate, await store.load(`${aggregate.category}:${key}`, { until }));
  const document = aggregate.document(state);
  return document === null ? null : { document, version };
};
