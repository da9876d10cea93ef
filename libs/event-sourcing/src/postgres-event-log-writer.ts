import type { Client } from 'pg';
import { within } from './log-backoff';
import type { PlacedRecord } from './log-record';
import type { LogDatabase } from './postgres-event-log-database';
import { Unavailable } from './unavailable';

interface Head { topic_id: number; partition: number; next_offset: string }

/** What one insert sends: metadata as arrays, keys and values end to end in one binary parameter (hex text would double it). */
interface Columns {
  topicIds: number[]; partitions: number[]; offsets: string[]; headers: string[];
  keyStarts: number[]; keyLengths: number[]; valueStarts: number[]; valueLengths: number[];
  bytes: Buffer;
}

const lockHeads = {
  name: 'pataka_log_lock',
  text: `select p.topic_id, p.partition, p.next_offset from pataka_log.partitions p
    join unnest($1::int[], $2::int[]) as w(topic_id, partition) on p.topic_id = w.topic_id and p.partition = w.partition
    order by p.topic_id, p.partition for update of p`,
};

const insertRecords = {
  name: 'pataka_log_insert',
  text: `with moved as (
      update pataka_log.partitions p set next_offset = h.next_offset
      from unnest($10::int[], $11::int[], $12::bigint[]) as h(topic_id, partition, next_offset)
      where p.topic_id = h.topic_id and p.partition = h.partition)
    insert into pataka_log.records (topic_id, partition, "offset", at, key, headers, value)
    select r.topic_id, r.partition, r."offset", (extract(epoch from clock_timestamp()) * 1000)::bigint,
      case when key_length >= 0 then substring($9::bytea from key_start for key_length) end, r.headers,
      case when value_length >= 0 then substring($9::bytea from value_start for value_length) end
    from unnest($1::int[], $2::int[], $3::bigint[], $4::text[], $5::int[], $6::int[], $7::int[], $8::int[])
      as r(topic_id, partition, "offset", headers, key_start, key_length, value_start, value_length)`,
};

// A payload of NOTIFY has less than 8000 bytes; an empty one says: look for yourself.
const MAX_PAYLOAD = 7_900;

const slot = (topicId: number, partition: number): string => `${topicId}:${partition}`;

/** Appends records: one transaction a call, on a connection of its own. Calls must not overlap. */
export class PostgresLogWriter {
  private client: Client | undefined;

  constructor(private readonly database: LogDatabase, private readonly limitMs: number) {}

  /** Resolves once committed. Rejects with Unavailable; then it is unknown whether the records are there. */
  async append(records: readonly PlacedRecord[]): Promise<void> {
    const ids = new Map<string, number>();
    for (const { topic } of records) if (!ids.has(topic)) ids.set(topic, (await this.database.topic(topic)).id);
    const client = await this.connected();
    try {
      await within(this.limitMs, this.transaction(client, records, ids), () => new Error('the transaction takes too long'));
      this.database.health.answered();
    } catch (cause) {
      this.database.health.failed();
      this.drop(client);
      throw new Unavailable('event-log', { cause });
    }
  }

  async close(): Promise<void> {
    const { client } = this;
    this.client = undefined;
    await client?.end().catch(() => undefined);
  }

  private async connected(): Promise<Client> {
    if (this.client) return this.client;
    this.client = await this.database.dedicated((client) => {
      if (this.client === client) this.client = undefined;
    });
    return this.client;
  }

  /** The connection's state is unknown: the server rolls back when it sees it closed. */
  private drop(client: Client): void {
    if (this.client === client) this.client = undefined;
    void client.end().catch(() => undefined);
  }

  private async transaction(client: Client, records: readonly PlacedRecord[], ids: Map<string, number>): Promise<void> {
    const touched = new Map<string, [number, number]>();
    for (const { topic, partition } of records) {
      const id = ids.get(topic) ?? 0;
      touched.set(slot(id, partition), [id, partition]);
    }
    const pairs = [...touched.values()];
    await client.query('begin');
    const { rows } = await client.query<Head>({ ...lockHeads, values: [pairs.map(([id]) => id), pairs.map(([, partition]) => partition)] });
    if (rows.length !== pairs.length) throw new Error('a partition is missing in the log');
    const next = new Map(rows.map((row) => [slot(row.topic_id, row.partition), BigInt(row.next_offset)]));
    const columns = toColumns(records, ids, next);
    const heads = pairs.map(([id, partition]) => [id, partition, String(next.get(slot(id, partition)))] as const);
    await client.query({
      ...insertRecords,
      values: [columns.topicIds, columns.partitions, columns.offsets, columns.headers, columns.keyStarts, columns.keyLengths,
        columns.valueStarts, columns.valueLengths, columns.bytes, heads.map(([id]) => id), heads.map(([, p]) => p), heads.map(([, , o]) => o)],
    });
    // Digits, colons and commas only: one round trip for both, since parameters can't go with two statements.
    const payload = heads.map((head) => head.join(':')).join(',');
    await client.query(`select pg_notify('pataka_log', '${payload.length < MAX_PAYLOAD ? payload : ''}'); commit`);
  }
}

/** Gives the records their offsets (moving `next` on) and lays them out in columns. */
const toColumns = (records: readonly PlacedRecord[], ids: Map<string, number>, next: Map<string, bigint>): Columns => {
  const columns: Omit<Columns, 'bytes'> = {
    topicIds: [], partitions: [], offsets: [], headers: [], keyStarts: [], keyLengths: [], valueStarts: [], valueLengths: [],
  };
  const pieces: Buffer[] = [];
  let end = 1;
  const lay = (piece: Buffer | null, starts: number[], lengths: number[]): void => {
    starts.push(end);
    lengths.push(piece ? piece.length : -1);
    if (!piece) return;
    pieces.push(piece);
    end += piece.length;
  };
  for (const record of records) {
    const id = ids.get(record.topic) ?? 0;
    const place = slot(id, record.partition);
    const offset = next.get(place) ?? 0n;
    next.set(place, offset + 1n);
    columns.topicIds.push(id);
    columns.partitions.push(record.partition);
    columns.offsets.push(String(offset));
    columns.headers.push(JSON.stringify(record.headers));
    lay(record.key, columns.keyStarts, columns.keyLengths);
    lay(record.value, columns.valueStarts, columns.valueLengths);
  }
  return { ...columns, bytes: Buffer.concat(pieces) };
};
