import type { NewRecord } from './event-log';
import { type PlacedRecord, recordBytes } from './log-record';
import { Unavailable } from './unavailable';

/** How a log's queue of publications behaves. */
export interface PublishQueueOptions {
  /** Gives records their partitions; an error is that of one call, unless it is Unavailable. */
  place: (records: readonly NewRecord[]) => Promise<PlacedRecord[]>;
  /** Sends records in order; resolves when all are acknowledged. Must settle by itself, however late. */
  send: (records: PlacedRecord[]) => Promise<void>;
  /** A group of calls that goes together has at most this much, unless one call alone has more. */
  groupRecords: number;
  groupBytes: number;
  /** A call that is not acknowledged by then is rejected. */
  deadlineMs: number;
  /** What may wait in all; beyond it calls are rejected at once. */
  backlogBytes: number;
}

interface Call {
  records: readonly NewRecord[];
  bytes: number;
  /** Not before its records are acknowledged, or never will be. */
  settle: (error?: unknown) => void;
  late: boolean;
}

/**
 * Group commit: while one group of publications is under way the next calls wait, and then go together as the next group. One group at
 * a time is what keeps the order of a partition, over calls too. A call that is late is rejected; if it is under way, the queue still
 * waits for the outcome before anything else is sent, so that a repetition can't overtake it.
 */
export class PublishQueue {
  private readonly waiting: Call[] = [];
  private waitingBytes = 0;
  private sending = false;
  private closed = false;
  private idle: (() => void)[] = [];

  constructor(private readonly options: PublishQueueOptions) {}

  /** Resolves when every record is acknowledged; rejects with RangeError for records that can't be sent at all, else with Unavailable. */
  async publish(records: readonly NewRecord[]): Promise<void> {
    if (records.length === 0) return;
    const bytes = records.reduce((sum, record) => sum + recordBytes(record), 0);
    if (this.closed || this.waitingBytes + bytes > this.options.backlogBytes) {
      throw new Unavailable('event-log', { cause: new Error(this.closed ? 'the log is closed' : 'too much is waiting') });
    }
    await new Promise<void>((resolve, reject) => {
      const call: Call = { records, bytes, late: false, settle: (error) => (error === undefined ? resolve() : reject(error)) };
      this.limit(call);
      this.waiting.push(call);
      this.waitingBytes += bytes;
      void this.drain();
    });
  }

  /** Takes nothing more, and waits for what was taken. */
  async close(): Promise<void> {
    this.closed = true;
    if (this.sending) await new Promise<void>((resolve) => this.idle.push(resolve));
  }

  private limit(call: Call): void {
    const timer = setTimeout(() => {
      call.late = true;
      settle(new Unavailable('event-log', { cause: new Error(`not acknowledged within ${this.options.deadlineMs} ms`) }));
    }, this.options.deadlineMs);
    const { settle } = call;
    call.settle = (error) => {
      clearTimeout(timer);
      settle(error);
    };
  }

  private async drain(): Promise<void> {
    if (this.sending) return;
    this.sending = true;
    // Calls made in the same turn of the event loop go together from the first.
    await Promise.resolve();
    for (let group = this.nextGroup(); group.length > 0; group = this.nextGroup()) await this.sendGroup(group);
    this.sending = false;
    for (const resolve of this.idle.splice(0)) resolve();
  }

  private async sendGroup(group: Call[]): Promise<void> {
    const going: Call[] = [];
    const records: PlacedRecord[] = [];
    try {
      for (const call of group) {
        const placed = await this.place(call);
        if (placed) going.push(call);
        for (const record of placed ?? []) records.push(record);
      }
      if (going.length > 0) await this.options.send(records);
      for (const call of going) call.settle();
    } catch (error) {
      for (const call of group) call.settle(error ?? new Error('sending failed'));
    }
  }

  /** A call that can't be placed is its caller's fault, and no reason for the others to fail. */
  private async place(call: Call): Promise<PlacedRecord[] | undefined> {
    try {
      return await this.options.place(call.records);
    } catch (error) {
      if (error instanceof Unavailable) throw error;
      call.settle(error);
      return undefined;
    }
  }

  private nextGroup(): Call[] {
    const group: Call[] = [];
    let records = 0;
    let bytes = 0;
    let taken = 0;
    for (const call of this.waiting) {
      const fits = records + call.records.length <= this.options.groupRecords && bytes + call.bytes <= this.options.groupBytes;
      if (group.length > 0 && !call.late && !fits) break;
      taken++;
      this.waitingBytes -= call.bytes;
      if (call.late) continue;
      group.push(call);
      records += call.records.length;
      bytes += call.bytes;
    }
    this.waiting.splice(0, taken);
    return group;
  }
}
