import type { TopicDefinition } from '@pataka/contracts';
import { type Consumption, EventLog, type NewRecord, type RecordBatch, type Subscription } from './event-log';
import { KafkaLogAdmin } from './kafka-event-log-admin';
import type { KafkaEventLogOptions } from './kafka-event-log-client';
import { KafkaConsumption } from './kafka-event-log-consumer';
import { KafkaLogProducer } from './kafka-event-log-producer';
import { readStretch } from './kafka-event-log-read';
import { LogHealth } from './log-health';
import { LogPlacement } from './log-placement';
import { PublishQueue } from './log-publish-queue';

export type { KafkaEventLogOptions } from './kafka-event-log-client';

const PROBE_AFTER_MS = 5_000;

/** The event log on Apache Kafka. Connects when first used and comes back by itself after Kafka was away. */
export class KafkaEventLog extends EventLog {
  private readonly health = new LogHealth();
  private readonly admin: KafkaLogAdmin;
  private readonly producer: KafkaLogProducer;
  private readonly queue: PublishQueue;
  private readonly consumptions = new Set<KafkaConsumption>();
  private probing = false;

  private constructor(private readonly options: KafkaEventLogOptions) {
    super();
    this.admin = new KafkaLogAdmin(options, this.health);
    this.producer = new KafkaLogProducer(options, this.health);
    const placement = new LogPlacement((topic) => this.admin.partitionsOf(topic));
    this.queue = new PublishQueue({
      place: (records) => placement.place(records),
      send: (records) => this.producer.send(records),
      groupRecords: 5_000, groupBytes: 4 * 1024 * 1024, deadlineMs: options.publishLimitMs ?? 10_000, backlogBytes: 256 * 1024 * 1024,
    });
  }

  /** Does not connect yet. */
  static create(options: KafkaEventLogOptions): KafkaEventLog {
    return new KafkaEventLog(options);
  }

  ensureTopics(definitions: readonly TopicDefinition[]): Promise<void> {
    return this.admin.ensureTopics(definitions);
  }

  publish(records: readonly NewRecord[]): Promise<void> {
    return this.queue.publish(records);
  }

  partitionsOf(topic: string): Promise<number> {
    return this.admin.partitionsOf(topic);
  }

  async subscribe(subscription: Subscription): Promise<Consumption> {
    const consumption = new KafkaConsumption(subscription, this.options, this.health);
    this.consumptions.add(consumption);
    await consumption.settled;
    return {
      stop: async () => {
        this.consumptions.delete(consumption);
        await consumption.stop();
      },
    };
  }

  offsets(topic: string): Promise<{ partition: number; low: string; high: string }[]> {
    return this.admin.offsets(topic);
  }

  async *read(topic: string, partition: number, from: string, until?: string): AsyncIterable<RecordBatch> {
    const known = (await this.admin.offsets(topic)).find((row) => row.partition === partition);
    if (!known) throw new RangeError(`topic ${topic} has no partition ${partition}`);
    const [low, high] = [BigInt(known.low), BigInt(known.high)];
    const end = until !== undefined && BigInt(until) < high ? BigInt(until) : high;
    const start = BigInt(from) < low ? low : BigInt(from);
    yield* readStretch(this.options, { topic, partition, from: start, until: end });
  }

  /** Asks the cluster behind the caller's back when nothing was heard for a while, so that the next answer is of now. */
  healthy(): boolean {
    if (this.health.silentMs > PROBE_AFTER_MS && !this.probing) {
      this.probing = true;
      void this.admin.probe().catch(() => undefined).finally(() => (this.probing = false));
    }
    return this.health.healthy;
  }

  async close(): Promise<void> {
    await Promise.all([...this.consumptions].map((consumption) => consumption.stop()));
    await this.queue.close();
    await Promise.all([this.producer.close(), this.admin.close()]);
  }
}
