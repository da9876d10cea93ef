import { randomUUID } from 'node:crypto';
import type { Consumer } from 'kafkajs';
import type { Consumption, Subscription } from './event-log';
import { asError, Backoff, pause, within } from './log-backoff';
import type { LogHealth } from './log-health';
import { createKafka, type KafkaEventLogOptions } from './kafka-event-log-client';
import { PartitionDelivery } from './kafka-event-log-partition';

const SETUP_LIMIT_MS = 2_000;
const COMMIT_EVERY_MS = 2_000;
// A consumer that neither fetches nor handles anything for so long hangs.
const SILENT_MS = 45_000;
const DISCONNECT_MS = 10_000;
// So long a killed member's partitions are nobody's. Heartbeats go out every second even while a batch is handled.
const SESSION_MS = 10_000;
const CONCURRENT_PARTITIONS = 12;

/**
 * A subscription on Kafka. The driver's consumer is made again whenever it crashes or falls silent, for ever, with back-off. Offsets are
 * committed for lag tools alone.
 */
export class KafkaConsumption implements Consumption {
  private readonly stopping = new AbortController();
  private readonly deliveries = new Map<string, PartitionDelivery>();
  private readonly running: Promise<void>;
  private committed = new Map<string, bigint>();
  private heardAt = performance.now();
  private ready: () => void = () => undefined;
  /** Resolves when the first attempt to join has ended, well or not. */
  readonly settled: Promise<void>;

  constructor(private readonly subscription: Subscription, private readonly options: KafkaEventLogOptions, private readonly health: LogHealth) {
    const settled = new Promise<void>((resolve) => (this.ready = resolve));
    this.settled = Promise.race([settled, pause(SETUP_LIMIT_MS, this.stopping.signal)]);
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    const backoff = new Backoff(200, 5_000);
    while (!signal.aborted) {
      const startedAt = performance.now();
      try {
        await this.consume();
      } catch (error) {
        this.health.failed();
        this.subscription.onState?.('failing', asError(error));
      }
      this.ready();
      if (performance.now() - startedAt > 60_000) backoff.reset();
      if (!signal.aborted) await pause(backoff.next(), signal);
    }
  }

  /** Runs one consumer until it crashes (rejects) or the subscription is stopped (resolves). */
  private async consume(): Promise<void> {
    const consumer = this.createConsumer();
    const crashed = new Promise<never>((_, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
    });
    crashed.catch(() => undefined);
    consumer.on(consumer.events.GROUP_JOIN, () => this.joined());
    for (const event of [consumer.events.FETCH, consumer.events.HEARTBEAT]) consumer.on(event, () => this.heard());
    try {
      await Promise.race([this.start(consumer), crashed]);
      this.ready();
      await Promise.race([this.watch(consumer), crashed]);
    } finally {
      await this.dispose(consumer);
    }
  }

  private createConsumer(): Consumer {
    const { broadcast, group } = this.subscription;
    const sessionTimeout = this.options.sessionTimeoutMs ?? SESSION_MS;
    return createKafka(this.options).consumer({
      // A group that a consumer died in makes the next one wait for the dead one's session: a broadcast shares with nobody, so it takes a new one.
      groupId: broadcast ? `${group}-${randomUUID()}` : group,
      allowAutoTopicCreation: false, sessionTimeout, rebalanceTimeout: 60_000,
      heartbeatInterval: Math.min(3_000, sessionTimeout / 4), maxWaitTimeInMs: 500, maxBytesPerPartition: 2 * 1024 * 1024, maxBytes: 16 * 1024 * 1024,
      retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries: 6, restartOnFailure: () => Promise.resolve(false) },
    });
  }

  private async start(consumer: Consumer): Promise<void> {
    this.heard();
    await consumer.connect();
    await consumer.subscribe({ topics: [...this.subscription.topics], fromBeginning: true });
    await consumer.run({
      autoCommit: false, eachBatchAutoResolve: false, partitionsConsumedConcurrently: CONCURRENT_PARTITIONS,
      eachBatch: (payload) => this.deliveryOf(consumer, payload.batch.topic, payload.batch.partition).take(payload),
    });
  }

  /** A broadcast's partitions are never another's, so that where it stands survives even a new consumer. */
  private deliveryOf(consumer: Consumer, topic: string, partition: number): PartitionDelivery {
    const key = `${topic}/${partition}`;
    const known = this.deliveries.get(key);
    if (known) return known;
    const delivery = new PartitionDelivery(topic, partition, this.subscription, consumer, this.stopping.signal);
    const reached = this.subscription.broadcast ? this.committed.get(key) : undefined;
    if (reached !== undefined) delivery.next = reached;
    this.deliveries.set(key, delivery);
    return delivery;
  }

  private joined(): void {
    this.heard();
    if (!this.subscription.broadcast) for (const delivery of this.deliveries.values()) delivery.forget();
    this.subscription.onState?.('reading');
  }

  private heard(): void {
    this.heardAt = performance.now();
    this.health.answered();
  }

  private async watch(consumer: Consumer): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      await pause(COMMIT_EVERY_MS, signal);
      await this.commit(consumer);
      if (performance.now() - this.heardAt > SILENT_MS) throw new Error('the consumer has fallen silent');
    }
  }

  private async commit(consumer: Consumer): Promise<void> {
    const moved: { topic: string; partition: number; offset: string }[] = [];
    for (const [key, { next }] of this.deliveries) {
      if (next === undefined || this.committed.get(key) === next) continue;
      this.committed.set(key, next);
      const cut = key.lastIndexOf('/');
      moved.push({ topic: key.slice(0, cut), partition: Number(key.slice(cut + 1)), offset: String(next) });
    }
    // Refused in a rebalance: the next round commits what is new then.
    if (moved.length > 0 && !this.subscription.broadcast) await consumer.commitOffsets(moved).catch(() => undefined);
  }

  private async dispose(consumer: Consumer): Promise<void> {
    // Leaving the group waits for the batches under way.
    await within(DISCONNECT_MS, consumer.disconnect(), () => new Error('slow')).catch(() => undefined);
    await Promise.all([...this.deliveries.values()].map((delivery) => delivery.end()));
    if (this.subscription.broadcast) for (const [key, { next }] of this.deliveries) if (next !== undefined) this.committed.set(key, next);
    this.deliveries.clear();
    if (!this.subscription.broadcast) this.committed = new Map();
  }
}
