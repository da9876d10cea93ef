import type { TopicDefinition } from '@pataka/contracts';
import { type Consumption, EventLog, type LogRecord, type NewRecord, type RecordBatch, type Subscription } from './event-log';
import { DEFAULT_MAX_RECORDS } from './log-delivery';
import { LogPlacement } from './log-placement';
import { PublishQueue } from './log-publish-queue';
import { LogCleaner } from './postgres-event-log-cleaner';
import { LogDatabase } from './postgres-event-log-database';
import { readPage } from './postgres-event-log-pages';
import { LogSession } from './postgres-event-log-session';
import { PostgresSubscription } from './postgres-event-log-subscription';
import { PostgresLogWriter } from './postgres-event-log-writer';

/** Where the log is, and how it behaves. */
export interface PostgresEventLogOptions {
  /** Any PostgreSQL, 14 or newer; the log makes its schema `pataka_log` there. All processes of a log connect as the same role. */
  url: string;
  /** How often retention and compaction are seen to. Default: a minute. */
  cleanEveryMs?: number;
  /** A publication not committed by then is rejected. Default: 10 s. */
  publishLimitMs?: number;
}

const PAGE_BYTES = 4 * 1024 * 1024;

const ensureTopic = `with topic as (
    insert into pataka_log.topics (name, partitions, cleanup, retention_ms) values ($1, $2, $3, $4)
    on conflict (name) do update set retention_ms = excluded.retention_ms returning id, partitions)
  insert into pataka_log.partitions (topic_id, partition) select id, generate_series(0, partitions - 1) from topic on conflict do nothing`;

/**
 * The event log in a PostgreSQL database, for one machine or a small team: Kafka's semantics from a table. Connects when first used and
 * comes back by itself after PostgreSQL was away.
 */
export class PostgresEventLog extends EventLog {
  private readonly database: LogDatabase;
  private readonly writer: PostgresLogWriter;
  private readonly queue: PublishQueue;
  private readonly session: LogSession;
  private readonly cleaner: LogCleaner;
  private readonly subscriptions = new Set<PostgresSubscription>();

  private constructor(options: PostgresEventLogOptions) {
    super();
    const { url, cleanEveryMs = 60_000, publishLimitMs = 10_000 } = options;
    this.database = new LogDatabase(url);
    this.writer = new PostgresLogWriter(this.database, publishLimitMs);
    const placement = new LogPlacement((topic) => this.partitionsOf(topic));
    this.queue = new PublishQueue({
      place: (records) => placement.place(records),
      send: (records) => this.writer.append(records),
      groupRecords: 5_000, groupBytes: 8 * 1024 * 1024, deadlineMs: publishLimitMs, backlogBytes: 256 * 1024 * 1024,
    });
    this.session = new LogSession(this.database);
    this.cleaner = new LogCleaner(this.database, cleanEveryMs);
  }

  /** Does not connect yet. */
  static create(options: PostgresEventLogOptions): PostgresEventLog {
    return new PostgresEventLog(options);
  }

  async ensureTopics(definitions: readonly TopicDefinition[]): Promise<void> {
    this.cleaner.start();
    for (const { name, partitions, cleanup, retentionMs } of definitions) {
      await this.database.query(ensureTopic, [name, partitions, cleanup, retentionMs]);
    }
    await this.database.loadTopics();
  }

  publish(records: readonly NewRecord[]): Promise<void> {
    return this.queue.publish(records);
  }

  async partitionsOf(topic: string): Promise<number> {
    return (await this.database.topic(topic)).partitions;
  }

  async subscribe(subscription: Subscription): Promise<Consumption> {
    this.cleaner.start();
    const running = new PostgresSubscription(subscription, this.database, this.session);
    this.subscriptions.add(running);
    await this.session.add(running);
    return {
      stop: async () => {
        this.subscriptions.delete(running);
        await running.stop();
      },
    };
  }

  async offsets(topic: string): Promise<{ partition: number; low: string; high: string }[]> {
    const { id } = await this.database.topic(topic);
    return this.database.query(
      'select partition, low_offset as low, next_offset as high from pataka_log.partitions where topic_id = $1 order by partition', [id]);
  }

  async *read(name: string, partition: number, from: string, until?: string): AsyncIterable<RecordBatch> {
    const topic = await this.database.topic(name);
    const high = (await this.offsets(name)).find((row) => row.partition === partition)?.high;
    if (high === undefined) throw new RangeError(`topic ${name} has no partition ${partition}`);
    const end = until !== undefined && BigInt(until) < BigInt(high) ? BigInt(until) : BigInt(high);
    const page = (next: bigint): Promise<LogRecord[]> => {
      const reading = next < end ? readPage(this.database, { topic, partition, from: next, until: end, maxRecords: DEFAULT_MAX_RECORDS, maxBytes: PAGE_BYTES }) : Promise.resolve([]);
      // A reader who stops midway never asks for what was read ahead.
      reading.catch(() => undefined);
      return reading;
    };
    for (let ahead = page(BigInt(from)); ; ) {
      const records = await ahead;
      const last = records.at(-1);
      if (!last) return;
      const next = BigInt(last.offset) + 1n;
      // While the reader works on this page, the next one comes.
      ahead = page(next);
      yield { topic: name, partition, records, nextOffset: String(next), highWatermark: high };
    }
  }

  healthy(): boolean {
    return this.database.health.healthy;
  }

  async close(): Promise<void> {
    await Promise.all([...this.subscriptions].map((subscription) => subscription.stop()));
    await Promise.all([this.queue.close(), this.session.close(), this.cleaner.stop()]);
    await this.writer.close();
    await this.database.close();
  }
}
