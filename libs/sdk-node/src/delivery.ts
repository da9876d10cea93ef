import { BackOff, pause } from './back-off';
import type { EventSpool } from './event-spool';
import type { Notifications } from './notifications';
import type { Outbox } from './outbox';
import type { OutgoingEvent } from './outgoing-event';
import { ServerError, type Server } from './server';

/** What became of events so far. */
export type DeliveryStats = {
  /** Waiting to be sent. */
  readonly queued: number;
  readonly accepted: number;
  /** Refused by the server: they would be refused again. */
  readonly rejected: number;
  /** Pushed out of a full queue. */
  readonly dropped: number;
};

type Outcome = { readonly accepted?: unknown; readonly rejected?: readonly { readonly index: number; readonly detail: string }[] };

const MAX_EVENTS = 500;
const MAX_BYTES = 900_000;
const DROPS_TOLD_MS = 60_000;
const FAILURES = { leastMs: 250, firstMs: 1_000, mostMs: 60_000 };
const REFUSALS = { leastMs: 5_000, firstMs: 30_000, mostMs: 300_000 };

/** Events of one body, and how many of the queue they are. */
type Batch = { readonly body: string; readonly count: number };

const batchOf = (events: readonly OutgoingEvent[], most: number): Batch => {
  const texts: string[] = [];
  let bytes = 0;
  for (const event of events.slice(0, most)) {
    const text = JSON.stringify(event);
    bytes += Buffer.byteLength(text) + 1;
    if (texts.length > 0 && bytes > MAX_BYTES) break;
    texts.push(text);
  }
  return { body: `{"events":[${texts.join(',')}]}`, count: texts.length };
};

/** Sends the outbox's events in batches, one at a time, until the server has them: an event leaves the queue with its answer, not before. */
export class Delivery {
  private accepted = 0;
  private rejected = 0;
  private toldDrops = 0;
  private toldDropsAt = 0;
  private most = MAX_EVENTS;
  private timer: NodeJS.Timeout | undefined;
  private sending: Promise<void> | undefined;
  /** When the server may be asked again. */
  private notBefore = 0;
  private isServerAway = false;
  private readonly ended = new AbortController();
  private readonly failures = new BackOff(FAILURES);
  private readonly refusals = new BackOff(REFUSALS);

  constructor(
    private readonly server: Server | undefined,
    private readonly outbox: Outbox,
    private readonly spool: EventSpool | undefined,
    private readonly notifications: Notifications,
    private readonly intervalMs: number,
  ) {
    outbox.onAdded = (event, pushedOut) => this.added(event, pushedOut);
    this.schedule();
  }

  get stats(): DeliveryStats {
    return { queued: this.outbox.queue.size, accepted: this.accepted, rejected: this.rejected, dropped: this.outbox.queue.dropped };
  }

  /** Sends what is queued now. Resolves when it is delivered, or after `limitMs`; true when nothing of it is left. */
  async flush(limitMs: number): Promise<boolean> {
    const target = this.outbox.queue.first + this.outbox.queue.size;
    const isDone = (): boolean => this.outbox.queue.first >= target;
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), limitMs);
    while (!isDone() && !limit.signal.aborted && this.server !== undefined) {
      await Promise.race([this.send(), pause(limitMs, limit.signal)]);
      if (!isDone()) await pause(Math.max(this.notBefore - Date.now(), 10), limit.signal);
    }
    clearTimeout(timer);
    await this.spool?.written();
    return isDone();
  }

  /** The server is back in reach: what only waited for that need not wait longer. */
  hurry(): void {
    if (!this.isServerAway) return;
    this.notBefore = 0;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.schedule();
  }

  /** For the end of the process. */
  writeNow(): void {
    this.spool?.writeNow();
  }

  async close(): Promise<void> {
    this.outbox.onAdded = undefined;
    clearTimeout(this.timer);
    this.ended.abort();
    await this.sending;
    await this.spool?.close(this.outbox.queue.size === 0);
  }

  private added(event: OutgoingEvent, pushedOut: boolean): void {
    this.spool?.add(event);
    if (pushedOut) this.tellDrops();
    this.schedule();
  }

  private tellDrops(): void {
    const { queue } = this.outbox;
    this.settleSpool();
    const now = Date.now();
    if (now - this.toldDropsAt < DROPS_TOLD_MS) return;
    this.notifications.tell('error', new Error(`${queue.dropped - this.toldDrops} events were dropped: the queue is full`));
    this.toldDropsAt = now;
    this.toldDrops = queue.dropped;
  }

  private settleSpool(): void {
    const { queue } = this.outbox;
    this.spool?.settle(queue.first, queue.size === 0);
  }

  private schedule(): void {
    if (this.server === undefined || this.timer !== undefined || this.outbox.queue.size === 0 || this.ended.signal.aborted) return;
    const soon = this.outbox.queue.size >= MAX_EVENTS ? 0 : this.intervalMs;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      void this.send();
    }, Math.max(soon, this.notBefore - Date.now()));
    this.timer.unref();
  }

  /** One batch; a second caller waits for the one under way. */
  private send(): Promise<void> {
    if (Date.now() < this.notBefore) {
      this.schedule();
      return Promise.resolve();
    }
    this.sending ??= this.sendBatch().finally(() => {
      this.sending = undefined;
      this.schedule();
    });
    return this.sending;
  }

  private async sendBatch(): Promise<void> {
    const { queue } = this.outbox;
    const { first } = queue;
    const { body, count } = batchOf(queue.peek(this.most), this.most);
    if (count === 0 || this.server === undefined) return;
    try {
      const outcome = (await this.server.post('/v1/events', body, this.ended.signal)) as Outcome;
      this.took(count, outcome);
      this.settle(first + count);
    } catch (error) {
      if (!this.ended.signal.aborted) this.failed(error as ServerError, first, count);
    }
  }

  private took(count: number, { rejected = [] }: Outcome): void {
    this.failures.reset();
    this.refusals.reset();
    this.most = Math.min(MAX_EVENTS, this.most * 2);
    this.isServerAway = false;
    this.accepted += count - rejected.length;
    if (rejected.length > 0) this.tellRejected(rejected.length, rejected[0]!.detail);
  }

  private failed(error: ServerError, first: number, count: number): void {
    const isOurFault = error.status === 400 || error.status === 413 || error.status === 415 || error.status === 422;
    if (isOurFault && count > 1) this.most = Math.max(1, count >> 1);
    else if (isOurFault) {
      // Alone, and still refused: it never will be taken.
      this.tellRejected(1, error.message);
      this.settle(first + 1);
    } else {
      this.isServerAway = error.status === 0;
      this.notBefore = Date.now() + (error.isRefusal ? this.refusals : this.failures).next(error.retryAfterMs);
      if (error.isRefusal) this.notifications.tell('error', error);
    }
  }

  private tellRejected(count: number, detail: string): void {
    this.rejected += count;
    this.notifications.tell('error', new Error(`${count} events were refused: ${detail}`));
  }

  private settle(before: number): void {
    this.outbox.queue.settle(before);
    this.settleSpool();
  }
}
