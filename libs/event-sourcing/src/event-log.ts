import type { TopicDefinition } from '@pataka/contracts';

/** Milliseconds since the epoch. */
export type EpochMs = number;

/** One record as stored. Offsets are decimal strings, as Kafka's are, and grow within a partition (not always by one). */
export interface LogRecord {
  topic: string;
  partition: number;
  offset: string;
  key: string | null;
  headers: Record<string, string>;
  value: Buffer | null;
  timestamp: EpochMs;
}

/** One record to publish. Without `partition` the key's murmur2 hash decides, as Kafka's default partitioner does it. */
export interface NewRecord {
  topic: string;
  key: string | null;
  partition?: number;
  headers: Record<string, string>;
  value: string | Buffer | null;
}

/** Some records of one partition, in order, handed over together. */
export interface RecordBatch {
  topic: string;
  partition: number;
  records: LogRecord[];
  /** Offset of the next record to read after this batch. */
  nextOffset: string;
  /** Offset one past the newest record known, for lag. */
  highWatermark: string;
}

/** What a group consumer wants. */
export interface Subscription {
  /** Members of one group share the partitions; a consumer without a group (`broadcast`) gets them all. */
  group: string;
  topics: readonly string[];
  /** true: every subscriber reads every partition, nothing is shared or committed. */
  broadcast?: boolean;
  /** Where to begin with a partition just assigned: the truth is the reader's own checkpoint. Default: from the beginning. */
  position?: (topic: string, partition: number) => Promise<string>;
  /** At most this many records a batch (default 5,000) . */
  maxRecords?: number;
  /**
   * Called one batch at a time per partition, partitions concurrently. Resolves once the batch has taken effect; a rejection is retried with
   * back-off from the same place. `{ seek }` says that the reader's checkpoint is elsewhere: go on from there.
   */
  onBatch: (batch: RecordBatch) => Promise<void | { seek: string }>;
  /** Called when reading fails or works again, for health. */
  onState?: (state: 'reading' | 'failing', error?: Error) => void;
}

/** A running subscription. */
export interface Consumption {
  /** Ends it: waits for the batch under way, leaves the group. */
  stop(): Promise<void>;
}

/**
 * The port to the event log, with Kafka's semantics: topics, partitions by key hash, offsets, consumer groups, replay from any offset.
 * Every method rejects with `Unavailable` when the log cannot be reached within its deadline; nothing is ever half acknowledged.
 */
export abstract class EventLog {
  /** Creates the topics that are missing, with their partition counts and retention; changes nothing that is there but retention. */
  abstract ensureTopics(definitions: readonly TopicDefinition[]): Promise<void>;
  /** Resolves once every record is acknowledged by all in-sync replicas (embedded: committed). Order within a partition is the order given, over consecutive awaited calls too. */
  abstract publish(records: readonly NewRecord[]): Promise<void>;
  /** Number of partitions of a topic. */
  abstract partitionsOf(topic: string): Promise<number>;
  /** Starts reading for ever; resolves when the subscription is set up (or at once when the log is away: it keeps trying). */
  abstract subscribe(subscription: Subscription): Promise<Consumption>;
  /** Per partition: the first offset kept, and one past the last. */
  abstract offsets(topic: string): Promise<{ partition: number; low: string; high: string }[]>;
  /** Reads one partition from `from` (inclusive) up to `until` (exclusive, default: the end as of now) in batches, for replay. */
  abstract read(topic: string, partition: number, from: string, until?: string): AsyncIterable<RecordBatch>;
  /** true when the log answered lately. */
  abstract healthy(): boolean;
  abstract close(): Promise<void>;
}
