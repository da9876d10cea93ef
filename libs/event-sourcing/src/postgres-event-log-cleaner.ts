import { pause } from './log-backoff';
import type { LogDatabase } from './postgres-event-log-database';

interface CleanedPartition { topic_id: number; partition: number; cleanup: string; retention_ms: string; low_offset: string }

const CHUNK = 10_000;
// As long as Kafka keeps a tombstone by default, so that every reader has met it.
const TOMBSTONE_MS = 24 * 60 * 60 * 1000;

const due = `select p.topic_id, p.partition, t.cleanup, t.retention_ms, p.low_offset from pataka_log.partitions p
  join pataka_log.topics t on t.id = p.topic_id where t.cleanup = 'compact' or t.retention_ms >= 0`;

// `low` moves in the same statement. Times grow with offsets, but for a turned-back clock: nothing goes before its elders.
const deleteOld = `with old as (
    select "offset" from pataka_log.records where topic_id = $1 and partition = $2
      and "offset" < coalesce((select min("offset") from (select "offset", at from pataka_log.records where topic_id = $1 and partition = $2 order by "offset" limit ${CHUNK}) head
        where at >= (extract(epoch from clock_timestamp()) * 1000)::bigint - $3::bigint), 9223372036854775807)
    order by "offset" limit ${CHUNK}),
  gone as (delete from pataka_log.records r using old where r.topic_id = $1 and r.partition = $2 and r."offset" = old."offset" returning r."offset"),
  last as (select max("offset") + 1 as low from gone)
  update pataka_log.partitions p set low_offset = last.low from last
  where p.topic_id = $1 and p.partition = $2 and last.low > p.low_offset returning p.low_offset`;

const compact = `with ranked as (
    select "offset", at, value is null as tombstone, row_number() over (partition by key order by "offset" desc) as age
    from pataka_log.records where topic_id = $1 and partition = $2 and key is not null)
  delete from pataka_log.records r using ranked
  where r.topic_id = $1 and r.partition = $2 and r."offset" = ranked."offset"
    and (age > 1 or (tombstone and ranked.at < (extract(epoch from clock_timestamp()) * 1000)::bigint - $3::bigint))`;

const raiseLow = `update pataka_log.partitions p set low_offset = coalesce(
    (select min("offset") from pataka_log.records where topic_id = $1 and partition = $2), p.next_offset)
  where p.topic_id = $1 and p.partition = $2`;

/** Takes away what retention and compaction no longer keep, now and then; any number of processes may run one. */
export class LogCleaner {
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;

  constructor(private readonly database: LogDatabase, private readonly intervalMs: number) {}

  /** Begins with a wait, so that a process that lives for a moment does not clean. */
  start(): void {
    this.running ??= this.run();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      await this.wait(this.intervalMs * (0.5 + Math.random()));
      // Whatever fails is tried again at the next round; the log's health shows it.
      if (!signal.aborted) await this.clean().catch(() => undefined);
    }
  }

  private async wait(ms: number): Promise<void> {
    await pause(ms, this.stopping.signal);
  }

  private async clean(): Promise<void> {
    for (const row of await this.database.query<CleanedPartition>(due)) {
      if (this.stopping.signal.aborted) return;
      if (row.cleanup === 'compact') await this.compact(row);
      else await this.deleteOld(row);
    }
  }

  private async deleteOld(row: CleanedPartition): Promise<void> {
    const place = [row.topic_id, row.partition, row.retention_ms];
    while (!this.stopping.signal.aborted && (await this.database.query(deleteOld, place)).length > 0);
  }

  private async compact(row: CleanedPartition): Promise<void> {
    await this.database.query(compact, [row.topic_id, row.partition, TOMBSTONE_MS]);
    await this.database.query(raiseLow, [row.topic_id, row.partition]);
  }
}
