import { type EventLog, type NewRecord, Unavailable, encodeEventBatch } from '@pataka/event-sourcing';

/** One event ready for the log: a serialised CloudEvent and the partition it belongs to. */
export interface BufferedEvent { topic: string; partition: number; json: string }

interface Batch { events: BufferedEvent[]; bytes: number; waiting: { resolve: () => void; reject: (error: unknown) => void }[] }

const emptyBatch = (): Batch => ({ events: [], bytes: 0, waiting: [] });

const recordsOf = (events: readonly BufferedEvent[]): NewRecord[] => {
  const topics = new Map<string, string[][]>();
  for (const { topic, partition, json } of events) {
    let partitions = topics.get(topic);
    if (partitions === undefined) topics.set(topic, (partitions = []));
    (partitions[partition] ??= []).push(json);
  }
  return [...topics].flatMap(([topic, partitions]) => partitions.flatMap((group, partition) => encodeEventBatch({ topic, partition, events: group })));
};

/**
 * Groups events by partition and publishes them as batch records. What arrives while one publication is under way goes with the next,
 * so load makes records bigger, not more. Nothing is ever told accepted before the log has it.
 */
export class EventBuffer {
  #next = emptyBatch();
  #publishing: Promise<void> | null = null;

  constructor(private readonly log: EventLog, private readonly limitBytes = 64 * 1024 * 1024) {}

  /**
   * Resolves once the log has acknowledged every event.
   * @throws Unavailable when the log is away, or too much is waiting for it
   */
  append(events: readonly BufferedEvent[]): Promise<void> {
    if (events.length === 0) return Promise.resolve();
    const batch = this.#next;
    if (batch.bytes > this.limitBytes) return Promise.reject(new Unavailable('event-log', { retryAfterSeconds: 5 }));
    for (const event of events) {
      batch.events.push(event);
      batch.bytes += event.json.length;
    }
    const settled = new Promise<void>((resolve, reject) => batch.waiting.push({ resolve, reject }));
    this.#publishing ??= this.#run();
    return settled;
  }

  /** Resolves when nothing is waiting. */
  async drained(): Promise<void> {
    while (this.#publishing !== null) await this.#publishing;
  }

  async #run(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#next.events.length > 0) {
      const batch = this.#next;
      this.#next = emptyBatch();
      try {
        await this.log.publish(recordsOf(batch.events));
        for (const { resolve } of batch.waiting) resolve();
      } catch (error) {
        for (const { reject } of batch.waiting) reject(error);
      }
    }
    this.#publishing = null;
  }
}

const RETRY_MS = 1_000;

/**
 * Events that nobody waits for (an evaluation's own exposure, counts): kept, bounded, until the log takes them; beyond the bound the
 * newest are dropped and counted.
 */
export class BackgroundEvents {
  #queue: BufferedEvent[] = [];
  #timer: NodeJS.Timeout | null = null;
  #closed = false;
  dropped = 0;

  constructor(private readonly buffer: EventBuffer, private readonly limit = 200_000) {}

  add(event: BufferedEvent): void {
    if (this.#queue.length >= this.limit) {
      this.dropped += 1;
      return;
    }
    this.#queue.push(event);
    this.#schedule(20);
  }

  /** One last try to hand over what is queued. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const events = this.#queue.splice(0);
    await this.buffer.append(events).catch(() => { this.dropped += events.length; });
  }

  #schedule(delayMs: number): void {
    if (this.#timer !== null || this.#closed) return;
    this.#timer = setTimeout(() => void this.#flush(), delayMs);
  }

  async #flush(): Promise<void> {
    const events = this.#queue;
    this.#queue = [];
    const failed = await this.buffer.append(events).then(() => false, () => true);
    this.#timer = null;
    if (failed) this.#queue = events.concat(this.#queue).slice(0, this.limit);
    if (this.#queue.length > 0) this.#schedule(failed ? RETRY_MS : 20);
  }
}
