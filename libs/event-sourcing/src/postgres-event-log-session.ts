import type { Client, QueryResultRow } from 'pg';
import { asError, Backoff, pause } from './log-backoff';
import type { LogDatabase } from './postgres-event-log-database';
import { PartitionHeads, slotOf } from './postgres-event-log-heads';

/** What is done on the session's beat: at once after connecting, then about every second, and when the group's members change. */
export interface SessionWork {
  beat: () => Promise<void>;
  /** The session is gone, and with it every lock taken in it. */
  lost: (error: Error) => void;
}

const BEAT_MS = 1_000;
const lockKey = (name: string): string => `pataka_log/${name}`;

/**
 * One connection a process keeps as long as it reads: it listens for appends, and it owns the advisory locks by which partitions are
 * shared. When the process dies its locks are free at once; when the connection breaks a new one is made, for ever.
 */
export class LogSession {
  readonly heads = new PartitionHeads();
  private readonly work = new Set<SessionWork>();
  private readonly held = new Set<string>();
  private readonly closing = new AbortController();
  private client: Client | undefined;
  private wake = new AbortController();
  private running: Promise<void> | undefined;
  private beaten: (() => void)[] = [];
  private turn: Promise<unknown> = Promise.resolve();
  /** Grows with each connection; tells locks of one apart from those of the next. */
  generation = 0;

  constructor(private readonly database: LogDatabase) {}

  /** Adds work and connects if need be. Resolves after the first attempt, whether or not it succeeded. */
  async add(work: SessionWork): Promise<void> {
    this.work.add(work);
    this.running ??= this.run();
    this.beatSoon();
    await new Promise<void>((resolve) => this.beaten.push(resolve));
  }

  remove(work: SessionWork): void {
    this.work.delete(work);
  }

  beatSoon(): void {
    this.wake.abort();
  }

  /** Runs a statement in the session, after those asked for before. Throws when there is no session just now. */
  query<Row extends QueryResultRow>(text: string, values: unknown[]): Promise<Row[]> {
    const answer = this.turn.then(async () => {
      if (!this.client) throw new Error('the session with the log is not there');
      return (await this.client.query<Row>(text, values)).rows;
    });
    this.turn = answer.catch(() => undefined);
    return answer;
  }

  /** Tries to get locks; answers those it got. What another part of this process holds is refused too: for PostgreSQL that is the same session. */
  async tryLock(names: readonly string[]): Promise<string[]> {
    const free = names.filter((name) => !this.held.has(name));
    if (free.length === 0) return [];
    for (const name of free) this.held.add(name);
    const got = new Set<string>();
    try {
      const rows = await this.query<{ name: string; got: boolean }>(
        'select name, pg_try_advisory_lock(hashtextextended($2 || name, 0)) as got from unnest($1::text[]) as name', [free, lockKey('')]);
      for (const row of rows) if (row.got) got.add(row.name);
    } finally {
      for (const name of free) if (!got.has(name)) this.held.delete(name);
    }
    return free.filter((name) => got.has(name));
  }

  /** Gives back a lock of the given generation; of an earlier one it is gone already. */
  async unlock(name: string, generation: number): Promise<void> {
    if (generation !== this.generation || !this.held.has(name)) return;
    await this.query('select pg_advisory_unlock(hashtextextended($1, 0))', [lockKey(name)]);
    if (generation === this.generation) this.held.delete(name);
  }

  async close(): Promise<void> {
    this.closing.abort();
    this.beatSoon();
    await this.running;
  }

  private async run(): Promise<void> {
    const backoff = new Backoff(100, 2_000);
    while (!this.closing.signal.aborted) {
      try {
        await this.connect();
        backoff.reset();
        while (this.client && !this.closing.signal.aborted) await this.beat();
        this.lose(new Error('the session with the log was closed'));
      } catch (error) {
        this.lose(asError(error));
      }
      this.settleBeaten();
      if (!this.closing.signal.aborted) await pause(backoff.next(), this.closing.signal);
    }
  }

  private async connect(): Promise<void> {
    let gone = false;
    const client = await this.database.dedicated((lost) => {
      gone = true;
      if (this.client === lost) this.client = undefined;
      this.beatSoon();
    });
    client.on('notification', ({ channel, payload }) => this.notified(channel, payload ?? ''));
    await client.query('listen pataka_log; listen pataka_log_members');
    this.generation++;
    this.held.clear();
    if (gone) throw new Error('the session with the log broke at once');
    this.client = client;
  }

  private notified(channel: string, payload: string): void {
    if (channel === 'pataka_log' && payload !== '') this.heads.take(payload);
    else this.beatSoon();
  }

  private async beat(): Promise<void> {
    this.wake = new AbortController();
    const rows = await this.query<{ topic_id: number; partition: number; next_offset: string }>(
      'select topic_id, partition, next_offset from pataka_log.partitions', []);
    this.database.health.answered();
    for (const row of rows) this.heads.set(slotOf(row.topic_id, row.partition), BigInt(row.next_offset));
    for (const { beat } of [...this.work]) await beat();
    this.settleBeaten();
    // Changes of membership come in flocks; one look serves several.
    await pause(BEAT_MS, this.wake.signal);
    if (this.client && !this.closing.signal.aborted) await pause(10);
  }

  private settleBeaten(): void {
    for (const resolve of this.beaten.splice(0)) resolve();
  }

  private lose(error: Error): void {
    const { client } = this;
    this.client = undefined;
    this.generation++;
    this.held.clear();
    void client?.end().catch(() => undefined);
    if (!this.closing.signal.aborted) this.database.health.failed();
    for (const { lost } of this.work) lost(error);
  }
}
