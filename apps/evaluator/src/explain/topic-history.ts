import { setImmediate as breathe } from 'node:timers/promises';
import type { EventLog, LogRecord } from '@pataka/event-sourcing';
import { TopicIndex } from './topic-index';

/** How a topic is looked back into: what a record is about, and how many bytes of records may be kept. */
export interface TopicHistoryOptions { log: EventLog; topic: string; objectOf: (record: LogRecord) => string | null; cacheBytes: number }

/** A record that a state needs. */
export interface PastRecord { position: number; timeMs: number; type: string; value: Buffer }

/** Records handled before other work gets its turn: evaluations must not wait for somebody's curiosity. */
const SLICE = 250;
/** Offsets between two wanted records up to which one reading fetches both. */
const NEIGHBOURS = 200;
const COMPACT_AT = 10_000;

const typeOf = (record: LogRecord): string => record.headers['ce_type'] ?? '';
const timeOf = (record: LogRecord): number => {
  const time = Date.parse(record.headers['ce_time'] ?? '');
  return Number.isNaN(time) ? record.timestamp : time;
};

type Kept = { type: string; value: Buffer };

/** Records by entry, those that came last kept: as many bytes as the limit allows. A queue of its own, since a Map is slow to give its oldest. */
class Cache {
  #bytes = 0;
  #oldest = 0;
  #queue: number[] = [];
  readonly #kept = new Map<number, Kept>();

  constructor(private readonly limit: number) {}

  get(entry: number): Kept | undefined {
    return this.#kept.get(entry);
  }

  put(entry: number, kept: Kept): void {
    if (this.limit === 0 || this.#kept.has(entry)) return;
    this.#kept.set(entry, kept);
    this.#queue.push(entry);
    this.#bytes += kept.value.length;
    while (this.#bytes > this.limit) this.#drop(this.#queue[this.#oldest++]!);
    if (this.#oldest < COMPACT_AT) return;
    this.#queue = this.#queue.slice(this.#oldest);
    this.#oldest = 0;
  }

  #drop(entry: number): void {
    this.#bytes -= this.#kept.get(entry)!.value.length;
    this.#kept.delete(entry);
  }
}

/** One topic of changes, as far back as the log goes: an index of all of it, and the records used last. It has one partition. */
export class TopicHistory {
  readonly index = new TopicIndex();
  readonly #cache: Cache;
  #next = '0';
  #high = '0';

  constructor(private readonly options: TopicHistoryOptions) {
    this.#cache = new Cache(options.cacheBytes);
  }

  /** How far the topic has been read, in records, and where it ends. */
  get progress(): { read: number; of: number } {
    return { read: Number(this.#next), of: Number(this.#high) };
  }

  /** Reads on to where the topic ends now. */
  async extend(signal: AbortSignal): Promise<void> {
    const { log, topic } = this.options;
    const [partition] = await log.offsets(topic);
    if (partition === undefined) return;
    this.#high = partition.high;
    if (BigInt(this.#next) < BigInt(partition.low)) this.#next = partition.low;
    if (BigInt(this.#next) >= BigInt(partition.high)) return;
    for await (const batch of log.read(topic, 0, this.#next, partition.high)) {
      for (let start = 0; start < batch.records.length; start += SLICE) {
        for (const record of batch.records.slice(start, start + SLICE)) this.#take(record);
        await breathe();
        signal.throwIfAborted();
      }
      this.#next = batch.nextOffset;
    }
  }

  /** The records of some entries; from memory, or from the log again. */
  async records(entries: readonly number[]): Promise<Map<number, PastRecord>> {
    const found = new Map<number, PastRecord>();
    const missing = new Map<number, number>();
    for (const entry of entries) {
      const kept = this.#cache.get(entry);
      if (kept === undefined) missing.set(this.index.at(entry).offset, entry);
      else found.set(entry, { ...this.index.at(entry), ...kept });
    }
    for await (const record of this.#reread([...missing.keys()])) {
      const entry = missing.get(Number(record.offset));
      if (entry === undefined || record.value === null) continue;
      found.set(entry, { ...this.index.at(entry), ...this.#keep(entry, record.value, typeOf(record)) });
    }
    return found;
  }

  async *#reread(offsets: number[]): AsyncIterable<LogRecord> {
    for (const [from, until] of runsOf(offsets)) {
      for await (const { records } of this.options.log.read(this.options.topic, 0, String(from), String(until))) {
        yield* records;
        await breathe();
      }
    }
  }

  #take(record: LogRecord): void {
    const position = Number(record.headers['ce_position'] ?? NaN);
    if (!Number.isSafeInteger(position)) return;
    const object = this.options.objectOf(record);
    const entry = this.index.add({ position, timeMs: timeOf(record), offset: Number(record.offset), object });
    if (entry !== undefined && object !== null && record.value !== null) this.#keep(entry, record.value, typeOf(record));
  }

  #keep(entry: number, value: Buffer, type: string): Kept {
    // A copy: the driver's buffer is a view of a whole page, which it would keep alive.
    const copy = Buffer.allocUnsafeSlow(value.length);
    value.copy(copy);
    const kept = { type, value: copy };
    this.#cache.put(entry, kept);
    return kept;
  }
}

/** Stretches of offsets that hold all those given, neighbours together. */
const runsOf = (offsets: number[]): [number, number][] => {
  const runs: [number, number][] = [];
  for (const offset of offsets.sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last !== undefined && offset - last[1] <= NEIGHBOURS) last[1] = offset + 1;
    else runs.push([offset, offset + 1]);
  }
  return runs;
};
