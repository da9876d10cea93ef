import type { TopicDefinition } from '@pataka/contracts';
import { type Admin, ConfigResourceTypes, type IResourceConfigEntry } from 'kafkajs';
import { within } from './log-backoff';
import type { LogHealth } from './log-health';
import { MAX_RECORD_BYTES } from './log-record';
import { createKafka, type KafkaEventLogOptions } from './kafka-event-log-client';
import { Unavailable } from './unavailable';

/** First and next offset of a partition. */
export interface PartitionOffsets { partition: number; low: string; high: string }

const LIMIT_MS = 15_000;
const FRESH_MS = 60_000;
const MISSING = 'UNKNOWN_TOPIC_OR_PARTITION';

const typeOf = (error: unknown): string | undefined => {
  const { type, cause } = (error ?? {}) as { type?: string; cause?: unknown };
  return type ?? (cause === undefined ? undefined : typeOf(cause));
};

const configOf = ({ cleanup, retentionMs }: TopicDefinition): IResourceConfigEntry[] => [
  { name: 'cleanup.policy', value: cleanup },
  { name: 'retention.ms', value: String(retentionMs) },
  // Room for the largest record and what surrounds it; the cluster's default is 1 MB.
  { name: 'max.message.bytes', value: String(MAX_RECORD_BYTES + 64 * 1024) },
];

/** Topics and offsets of a Kafka cluster. Rejects with Unavailable when it can't be reached. */
export class KafkaLogAdmin {
  private connecting: Promise<Admin> | undefined;
  private readonly counts = new Map<string, { partitions: number; at: number }>();
  private closed = false;

  constructor(private readonly options: KafkaEventLogOptions, private readonly health: LogHealth) {}

  async ensureTopics(definitions: readonly TopicDefinition[]): Promise<void> {
    await this.run(async (admin) => {
      const there = new Set(await admin.listTopics());
      const missing = definitions.filter(({ name }) => !there.has(name));
      if (missing.length > 0) await this.create(admin, missing);
      const old = definitions.filter(({ name }) => there.has(name));
      if (old.length > 0) await this.alter(admin, old);
    });
  }

  /** Number of partitions; read anew now and then, since an operator may add some. */
  async partitionsOf(topic: string): Promise<number> {
    const known = this.counts.get(topic);
    if (known && performance.now() - known.at < FRESH_MS) return known.partitions;
    try {
      const found = await this.run((admin) => admin.fetchTopicMetadata({ topics: [topic] }), topic);
      const partitions = found.topics[0]?.partitions.length ?? 0;
      this.counts.set(topic, { partitions, at: performance.now() });
      return partitions;
    } catch (error) {
      // Whoever is to be told that Kafka is away will be told by the producer.
      if (known && error instanceof Unavailable) return known.partitions;
      throw error;
    }
  }

  async offsets(topic: string): Promise<PartitionOffsets[]> {
    const rows = await this.run((admin) => admin.fetchTopicOffsets(topic), topic);
    return rows.map(({ partition, low, high }) => ({ partition, low, high })).sort((a, b) => a.partition - b.partition);
  }

  /** Asks the cluster for anything, for the health's sake. */
  async probe(): Promise<void> {
    await this.run((admin) => admin.describeCluster());
  }

  async close(): Promise<void> {
    this.closed = true;
    const admin = await this.connecting?.catch(() => undefined);
    await admin?.disconnect().catch(() => undefined);
  }

  private async create(admin: Admin, definitions: readonly TopicDefinition[]): Promise<void> {
    const { brokers } = await admin.describeCluster();
    await admin.createTopics({
      waitForLeaders: true,
      topics: definitions.map((definition) => ({
        topic: definition.name, numPartitions: definition.partitions,
        replicationFactor: Math.min(3, brokers.length), configEntries: configOf(definition),
      })),
    });
  }

  /** Retention only. The driver can but replace a topic's whole configuration, so what was set on it before is sent along. */
  private async alter(admin: Admin, definitions: readonly TopicDefinition[]): Promise<void> {
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false, resources: definitions.map(({ name }) => ({ type: ConfigResourceTypes.TOPIC, name })),
    });
    const changes = resources.flatMap(({ resourceName, configEntries }) => {
      const wanted = String(definitions.find(({ name }) => name === resourceName)?.retentionMs);
      const retention = configEntries.find(({ configName }) => configName === 'retention.ms');
      if (retention?.configValue === wanted) return [];
      const kept = configEntries.filter(({ configName, isDefault, configSource }) =>
        configName !== 'retention.ms' && !isDefault && Number(configSource) === TOPIC_SOURCE);
      const entries = kept.map(({ configName, configValue }) => ({ name: configName, value: configValue }));
      return [{ type: ConfigResourceTypes.TOPIC, name: resourceName, configEntries: [...entries, { name: 'retention.ms', value: wanted }] }];
    });
    if (changes.length > 0) await admin.alterConfigs({ validateOnly: false, resources: changes });
  }

  private connected(): Promise<Admin> {
    this.connecting ??= (async () => {
      const admin = createKafka(this.options).admin();
      await admin.connect();
      return admin;
    })();
    return this.connecting;
  }

  /** A call that fails gives its connection up; the next one makes another. */
  private async run<T>(work: (admin: Admin) => Promise<T>, topic?: string): Promise<T> {
    if (this.closed) throw new Unavailable('event-log', { cause: new Error('the log is closed') });
    const connecting = this.connected();
    try {
      const result = await within(LIMIT_MS, connecting.then(work), () => new Error('Kafka does not answer'));
      this.health.answered();
      return result;
    } catch (cause) {
      if (topic !== undefined && typeOf(cause) === MISSING) throw new Error(`there is no topic ${topic}`, { cause });
      this.health.failed();
      if (this.connecting === connecting) this.connecting = undefined;
      void connecting.then((admin) => admin.disconnect()).catch(() => undefined);
      throw new Unavailable('event-log', { cause });
    }
  }
}

// DYNAMIC_TOPIC_CONFIG of Kafka's protocol (DescribeConfigsResponse.ConfigSource): set on the topic itself.
const TOPIC_SOURCE = 1;
