import { fold, type Folded, type Stored } from './aggregate';
import type { Sql } from './database';
import type { AnyAggregate, StoreReport } from './event-store';
import { selectEvents } from './event-store-rows';
import { canonicalJson, genesisHash, hashOf } from './hash-chain';

/** Names of the tables as written in SQL. */
interface Tables { events: string; head: string; documents: string }
interface Head { position: string; hash: string }
interface Kept { category: string; key: string; version: number; position: string; document: object }

// An event may hold a quarter of a megabyte.
const PAGE = 100;
const MOST_FAULTS = 100;

/** A walk over all events in order. */
class Walk {
  readonly faults: string[] = [];
  readonly folded = new Map<string, Folded<unknown>>();
  events = 0;
  private position = 0;
  private hash = genesisHash;
  private readonly versions = new Map<string, number>();
  private readonly unfoldable = new Set<string>();

  constructor(private readonly aggregates: ReadonlyMap<string, AnyAggregate>) {}

  fault(text: string): void {
    if (this.faults.length < MOST_FAULTS) this.faults.push(text);
  }

  step(event: Stored): void {
    this.events += 1;
    if (event.position !== this.position + 1) this.fault(`position ${event.position} follows ${this.position}: events are missing`);
    const expected = (this.versions.get(event.streamId) ?? 0) + 1;
    if (event.version !== expected) this.fault(`${event.streamId} has version ${event.version} at position ${event.position} where ${expected} was due`);
    if (event.prevHash !== this.hash) this.fault(`position ${event.position} is not chained to the event before it`);
    if (hashOf(event.prevHash, event) !== event.hash) this.fault(`position ${event.position} (${event.type} of ${event.streamId}) has been changed`);
    this.position = event.position;
    this.hash = event.hash;
    this.versions.set(event.streamId, event.version);
    this.fold(event);
  }

  end(head: Head | undefined): void {
    if (Number(head?.position ?? -1) !== this.position || head?.hash !== this.hash) this.fault(`the chain ends at position ${this.position}, the head says ${head?.position ?? 'nothing'}`);
  }

  private fold(event: Stored): void {
    const aggregate = this.aggregates.get(event.streamId.slice(0, event.streamId.indexOf(':')));
    if (aggregate === undefined || this.unfoldable.has(event.streamId)) return;
    try {
      this.folded.set(event.streamId, fold<unknown, unknown, Stored>(aggregate, [event], this.folded.get(event.streamId)));
    } catch (error) {
      this.unfoldable.add(event.streamId);
      this.fault(`position ${event.position} (${event.type} of ${event.streamId}) cannot be folded: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

const checkDocuments = async (sql: Sql, table: string, walk: Walk, aggregates: ReadonlyMap<string, AnyAggregate>): Promise<void> => {
  const due = new Map<string, string>();
  for (const [streamId, { state, version, position }] of walk.folded) {
    const document: object | null = aggregates.get(streamId.slice(0, streamId.indexOf(':')))?.document(state) ?? null;
    if (document !== null) due.set(streamId, canonicalJson({ version, position, document }));
  }
  const kept = await sql.query<Kept>(`SELECT category, key, version, position, document FROM ${table} WHERE category = ANY($1) ORDER BY category, key`, [[...aggregates.keys()]]);
  for (const { category, key, version, position, document } of kept) {
    const streamId = `${category}:${key}`;
    const expected = due.get(streamId);
    if (expected === undefined) walk.fault(`document ${streamId} has no events`);
    else if (expected !== canonicalJson({ version, position: Number(position), document })) walk.fault(`document ${streamId} is not the fold of its events`);
    due.delete(streamId);
  }
  for (const streamId of due.keys()) walk.fault(`document ${streamId} is missing`);
};

/** Walks over everything in one snapshot: chain, positions, versions, documents. */
export const verifyEvents = async (sql: Sql, tables: Tables, aggregates: ReadonlyMap<string, AnyAggregate>): Promise<StoreReport> => {
  const walk = new Walk(aggregates);
  const page = (after: number): Promise<Stored[]> => selectEvents(sql, tables.events, 'WHERE position > $1 ORDER BY position LIMIT $2', [after, PAGE]);
  for (let events = await page(-1); events.length > 0; events = await page(events.at(-1)!.position)) events.forEach((event) => walk.step(event));
  const [head] = await sql.query<Head>(`SELECT position, encode(hash, 'hex') AS hash FROM ${tables.head}`);
  walk.end(head);
  await checkDocuments(sql, tables.documents, walk, aggregates);
  return { events: walk.events, faults: walk.faults };
};
