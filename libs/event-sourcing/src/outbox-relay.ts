import type { Database, Sql } from './database';
import { quoted } from './database-rows';
import type { EventLog, NewRecord } from './event-log';
import { outboxChannel } from './outbox-relay-table';

/** What a relay carries from where to where. */
export interface OutboxRelayOptions {
  database: Database;
  schema: string;
  log: EventLog;
  /** Hears of every failed attempt; the relay goes on by itself. */
  onError?: (error: Error) => void;
}

interface Row { id: string; topic: string; key: string | null; partition: number | null; headers: Record<string, string>; value: string | null }
type Outcome = 'published' | 'empty' | 'busy';

const BATCH = 500;
const POLL_MS = 1_000;
const BUSY_MS = 50;
const BACKOFF_MS = { first: 50, most: 5_000 };

const recordOf = ({ topic, key, partition, headers, value }: Row): NewRecord => ({ topic, key, headers, value, ...(partition === null ? {} : { partition }) });

/**
 * Carries the outbox to the event log, in order of ids. However many relays of a service run, one publishes at a time. Rows are deleted in the
 * transaction that held them, once the log has acknowledged them; a crash before that publishes them again. There is no watermark, so a
 * row that is committed late is not skipped.
 */
export class OutboxRelay {
  private readonly table: string;
  private running: Promise<void> | null = null;
  private stopping = false;
  private woken = false;
  private rouse: () => void = () => undefined;
  private failures = 0;
  private carried = 0;

  constructor(private readonly options: OutboxRelayOptions) {
    this.table = `${quoted(options.schema)}.outbox`;
  }

  start(): void {
    this.stopping = false;
    this.running ??= this.run();
  }

  /** Waits for the batch under way. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.rouse();
    await this.running;
    this.running = null;
  }

  /** There may be new rows. */
  wake(): void {
    this.woken = true;
    if (this.failures === 0) this.rouse();
  }

  /** Rows not yet published. */
  async pending(): Promise<number> {
    const [row] = await this.options.database.query<{ count: string }>(`SELECT count(*) FROM ${this.table}`);
    return Number(row?.count ?? 0);
  }

  /** The time of the first event that waits; null where none does. */
  async oldest(): Promise<string | null> {
    const [row] = await this.options.database.query<{ time: string | null }>(`SELECT headers->>'ce_time' AS time FROM ${this.table} ORDER BY id LIMIT 1`);
    return row?.time ?? null;
  }

  /** Rows that this relay has published since it was made. */
  get published(): number {
    return this.carried;
  }

  private async run(): Promise<void> {
    const unlisten = this.options.database.listen(outboxChannel(this.options.schema), () => this.wake());
    while (!this.stopping) await this.pause(await this.attempt());
    await (await unlisten)();
  }

  private async attempt(): Promise<Outcome | 'failed'> {
    // A sleeper that nobody woke asks first, without a transaction.
    const polling = !this.woken;
    this.woken = false;
    try {
      const outcome = polling && (await this.isEmpty()) ? 'empty' : await this.options.database.transaction((sql) => this.carry(sql));
      this.failures = 0;
      return outcome;
    } catch (error) {
      this.failures += 1;
      this.options.onError?.(error instanceof Error ? error : new Error(String(error)));
      return 'failed';
    }
  }

  private async isEmpty(): Promise<boolean> {
    return (await this.options.database.query(`SELECT 1 FROM ${this.table} LIMIT 1`)).length === 0;
  }

  private async carry(sql: Sql): Promise<Outcome> {
    const [lock] = await sql.query<{ mine: boolean }>('SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS mine', [`pataka relay ${this.options.schema}`]);
    if (lock?.mine !== true) return 'busy';
    // A statement of its own: its snapshot must be younger than the lock, or it would see what another relay has just deleted.
    const rows = await sql.query<Row>(`SELECT id, topic, key, partition, headers, value FROM ${this.table} ORDER BY id LIMIT ${BATCH} FOR UPDATE`);
    if (rows.length === 0) return 'empty';
    await this.options.log.publish(rows.map(recordOf));
    this.carried += rows.length;
    await sql.query(`DELETE FROM ${this.table} WHERE id = ANY($1::bigint[])`, [rows.map(({ id }) => id)]);
    return 'published';
  }

  private async pause(outcome: Outcome | 'failed'): Promise<void> {
    if (outcome === 'published') this.woken = true;
    const ms = this.pauseMs(outcome);
    const due = outcome === 'failed' ? false : this.woken;
    if (this.stopping || due) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.rouse = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    if (outcome === 'busy') this.woken = true;
  }

  private pauseMs(outcome: Outcome | 'failed'): number {
    if (outcome === 'busy') return BUSY_MS;
    if (outcome !== 'failed') return POLL_MS;
    const limit = Math.min(BACKOFF_MS.most, BACKOFF_MS.first * 2 ** Math.min(this.failures, 10));
    return limit * (0.5 + Math.random() / 2);
  }
}
