import { DomainError, type JsonObject } from '@pataka/contracts';
import { fold, newest, type Aggregate, type CommandContext, type DomainEvent, type Folded, type Handled, type Stored, type StoredFacts } from './aggregate';
import { encodeEvent } from './cloud-event';
import type { Sql } from './database';
import { brokenConstraint } from './database-errors';
import type { NewRecord } from './event-log';
import type { EventStore } from './event-store';
import { enqueueAll } from './outbox-relay-table';

/** A command, or what makes one from a look at other documents: in the same transaction, so nobody can come between. */
export type CommandSource<State, Command> = Command | ((sql: Sql, state: State) => Promise<Command>);

type BuildCommand<State, Command> = (sql: Sql, state: State) => Promise<Command>;

const conflict = (expected: number, currentVersion: number): DomainError =>
  new DomainError('version-conflict', `expected version ${expected}, found ${currentVersion}`, [], { currentVersion });

const recordOf = <State, Command, Event extends DomainEvent>(
  store: EventStore, aggregate: Aggregate<State, Command, Event>, event: Event & StoredFacts, after: State,
): NewRecord => {
  const { topic, key, type, data } = aggregate.publish(event, after);
  return encodeEvent({
    topic, key, data, id: event.id, type: `pataka.${type}.v${event.schemaVersion}`, source: `/pataka/${store.service}`, subject: key, time: event.at,
    position: event.position, correlationId: event.meta.correlationId, ...(event.meta.causationId === undefined ? {} : { causationId: event.meta.causationId }),
    ...(event.meta.traceparent === undefined ? {} : { traceparent: event.meta.traceparent }),
  });
};

/** One command within its transaction. */
class Handling<State, Command, Event extends DomainEvent> {
  constructor(
    private readonly store: EventStore,
    private readonly aggregate: Aggregate<State, Command, Event>,
    private readonly key: string,
    private readonly context: CommandContext,
    private readonly sql: Sql,
  ) {}

  async run<Document>(source: CommandSource<State, Command>): Promise<Handled<Document>> {
    const { idempotency } = this.context;
    const before = idempotency === undefined ? null : await this.store.answers.find<Document>(this.sql, idempotency);
    if (before !== null) return before;
    const answer = await this.decide<Document>(source);
    if (idempotency !== undefined) await this.store.answers.keep(this.sql, idempotency, answer);
    return answer;
  }

  private async decide<Document>(source: CommandSource<State, Command>): Promise<Handled<Document>> {
    const current = fold(this.aggregate, await this.store.load(this.streamId, { sql: this.sql }));
    // Of what is not there, the decider knows best what to say.
    if (current.version > 0) this.expect(current.version);
    const command = typeof source === 'function' ? await (source as BuildCommand<State, Command>)(this.sql, current.state) : source;
    const events = this.aggregate.decide(command, current.state);
    this.expect(current.version);
    return this.commit(current, events);
  }

  private async commit<Document>(current: Folded<State>, events: readonly Event[]): Promise<Handled<Document>> {
    const stored = events.length === 0 ? [] : await this.append(current.version, events);
    const after = this.publishEach(current, stored);
    // A category may keep no document; its callers ask for none.
    const document = this.aggregate.document(after.folded.state) as Document;
    const { version, position } = after.folded;
    if (stored.length > 0) {
      await this.store.keepDocument(this.sql, this.aggregate.category, { key: this.key, version, position, document: document as object | null });
      await enqueueAll(this.sql, this.store.schema, after.records);
    }
    return { document, version, position, events: stored, replayed: false };
  }

  private append(version: number, events: readonly Event[]): Promise<Stored[]> {
    const versions: Partial<Record<string, number>> = this.aggregate.schemaVersions ?? {};
    return this.store.append(this.sql, this.streamId, version, events.map((event) => ({ ...event, schemaVersion: versions[event.type] ?? 1 })), this.context.meta);
  }

  private publishEach(current: Folded<State>, stored: readonly Stored[]): { folded: Folded<State>; records: NewRecord[] } {
    let folded = current;
    const records = stored.map((event) => {
      folded = fold(this.aggregate, [event], folded);
      return recordOf(this.store, this.aggregate, newest(this.aggregate, event), folded.state);
    });
    return { folded, records };
  }

  private expect(version: number): void {
    const { expectedVersion } = this.context;
    if (expectedVersion !== undefined && expectedVersion !== version) throw conflict(expectedVersion, version);
  }

  private get streamId(): string {
    return `${this.aggregate.category}:${this.key}`;
  }
}

/**
 * Handles a command: decides on the stream's state and, in one transaction, appends the events, keeps the document, fills the outbox and
 * remembers the answer. No events: the document as it is.
 * @throws DomainError version-conflict (with `currentVersion`), idempotency-key-reused, already-exists (a key that differs only in case), or
 * whatever `decide` throws; `Unavailable` when the database is away or slow: then repeat with the same idempotency key.
 */
export const handle = async <State, Command, Event extends DomainEvent, Document = JsonObject>(
  store: EventStore, aggregate: Aggregate<State, Command, Event>, key: string, command: NoInfer<CommandSource<State, Command>>, context: CommandContext,
): Promise<Handled<Document>> => {
  store.register(aggregate);
  try {
    const handled = await store.serialised((sql) => new Handling(store, aggregate, key, context, sql).run<Document>(command));
    if (handled.events.length > 0 && !handled.replayed) store.announce();
    return handled;
  } catch (error) {
    if (brokenConstraint(error) === 'documents_any_case') throw new DomainError('already-exists', `"${key}" is taken, in this or another case`);
    throw error;
  }
};
