import type { EventMeta, JsonObject } from '@pataka/contracts';

/** An event before it is stored: a name in the past tense and its data. */
export interface DomainEvent { type: string; data: object }

/** Facts that the event store adds to an event when it is appended. */
export interface StoredFacts {
  /** UUIDv7. */
  id: string;
  streamId: string;
  /** Place in its stream, from 1, without gaps. */
  version: number;
  /** Place among all events of the service, from 1, without gaps, in commit order. */
  position: number;
  schemaVersion: number;
  /** Instant, UTC. */
  at: string;
  meta: EventMeta;
}
/** An event as stored. */
export type Stored<Event extends DomainEvent = DomainEvent> = Event & StoredFacts & { prevHash: string; hash: string };

/** Pure: commands in, events out; no clock, no randomness, no I/O. `decide` throws DomainError to refuse; `[]` means already so. */
export interface Decider<State, Command, Event extends DomainEvent> {
  initialState: State;
  decide(command: Command, state: State): Event[];
  evolve(state: State, event: Event & StoredFacts): State;
}

/** A record that tells the world of an event; the store adds the CloudEvents headers and `ce_position`. */
export interface Publication { topic: string; key: string; type: string; data: object }

/** A decider with what the store has to know: its category, its read model document, and what it publishes. */
export interface Aggregate<State, Command, Event extends DomainEvent> extends Decider<State, Command, Event> {
  /** Streams are named `<category>:<key>`. */
  category: string;
  /** Newest schema version of each event type that has more than one (others are 1). */
  schemaVersions?: Partial<Record<Event['type'], number>>;
  /** Old data to the newest shape; pure and total. */
  upcast?(type: string, schemaVersion: number, data: JsonObject): JsonObject;
  /** The row of `documents` after an event; null keeps none. */
  document(state: State): object | null;
  /** What is published for an event; exactly one record each. */
  publish(event: Event & StoredFacts, after: State): Publication;
}

/** With a command: who, why, what it answers to, and what the caller believes. */
export interface CommandContext {
  meta: EventMeta;
  /** If-Match: refuse with version-conflict unless the stream is at this version. */
  expectedVersion?: number;
  /** The same key with the same fingerprint gets the first answer again; with another fingerprint idempotency-key-reused. */
  idempotency?: { key: string; fingerprint: string };
}

/** What came of a command. `events` is empty when nothing changed; `replayed` marks an answer given before. */
export interface Handled<Document = JsonObject> { document: Document; version: number; position: number; events: Stored[]; replayed: boolean }

/** A state and how far it has come. */
export interface Folded<State> { state: State; version: number; position: number }

/** A stored event of this aggregate in its newest shape. */
export const newest = <State, Command, Event extends DomainEvent>(aggregate: Aggregate<State, Command, Event>, event: Stored): Event & StoredFacts => {
  const type: Event['type'] = event.type;
  const known = aggregate.schemaVersions?.[type] ?? 1;
  if (event.schemaVersion > known) throw new RangeError(`${event.type} ${event.id} is of schema version ${event.schemaVersion}, newer than the ${known} known here`);
  const data = aggregate.upcast?.(event.type, event.schemaVersion, event.data as JsonObject) ?? event.data;
  // The driver's edge: what is stored under a category is what this decider has written.
  return { ...event, data, schemaVersion: known } as unknown as Event & StoredFacts;
};

/**
 * The state after some events of one stream, old ones upcast; `from` continues where an earlier fold ended.
 * @throws RangeError when an event is newer than this program: it must be updated, not guess.
 */
export const fold = <State, Command, Event extends DomainEvent>(
  aggregate: Aggregate<State, Command, Event>, events: readonly Stored[], from?: Folded<State>,
): Folded<State> =>
  events.reduce<Folded<State>>(
    ({ state }, event) => ({ state: aggregate.evolve(state, newest(aggregate, event)), version: event.version, position: event.position }),
    from ?? { state: aggregate.initialState, version: 0, position: 0 },
  );
