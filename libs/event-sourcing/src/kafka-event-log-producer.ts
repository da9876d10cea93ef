import type { Message, Producer, TopicMessages } from 'kafkajs';
import { within } from './log-backoff';
import type { LogHealth } from './log-health';
import type { PlacedRecord } from './log-record';
import { createKafka, type KafkaEventLogOptions } from './kafka-event-log-client';
import { Unavailable } from './unavailable';

// The records of one partition in one request are one Kafka batch, and `message.max.bytes` (1 MB by default) bounds that.
const MAX_BATCH_BYTES = 900_000;
const MAX_REQUEST_BYTES = 16 * 1024 * 1024;
// A driver that never settles would stop publishing for ever.
const STUCK_MS = 45_000;
const DISCONNECT_MS = 2_000;

/**
 * Sends records with an idempotent producer, acknowledged by all in-sync replicas. Calls must not overlap. After any failure the producer
 * is thrown away: its sequence numbers may no longer be those of the broker, and a new one begins at nought.
 */
export class KafkaLogProducer {
  private producer: Producer | undefined;

  constructor(private readonly options: KafkaEventLogOptions, private readonly health: LogHealth) {}

  /** Resolves once all are acknowledged. Rejects with Unavailable; then it is unknown whether the records are there. */
  async send(records: readonly PlacedRecord[]): Promise<void> {
    try {
      for (const request of requestsOf(records)) {
        const producer = await this.connected();
        const sending = producer.sendBatch({ acks: -1, timeout: 10_000, topicMessages: request });
        await within(STUCK_MS, sending, () => new Error('the producer does not settle'));
      }
      this.health.answered();
    } catch (cause) {
      this.health.failed();
      await this.discard();
      throw new Unavailable('event-log', { cause });
    }
  }

  async close(): Promise<void> {
    await this.discard();
  }

  private async connected(): Promise<Producer> {
    if (this.producer) return this.producer;
    const producer = createKafka(this.options).producer({
      idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false,
      // Every record comes with its partition.
      createPartitioner: () => ({ message }) => message.partition ?? 0,
    });
    await producer.connect();
    this.producer = producer;
    return producer;
  }

  private async discard(): Promise<void> {
    const { producer } = this;
    this.producer = undefined;
    if (producer) await within(DISCONNECT_MS, producer.disconnect(), () => new Error('slow')).catch(() => undefined);
  }
}

const toMessage = ({ key, value, headers, partition }: PlacedRecord): Message => ({ key, value, headers, partition });

/** Splits records into requests, in order, so that no partition's part and no request gets too large. */
const requestsOf = (records: readonly PlacedRecord[]): TopicMessages[][] => {
  const requests: TopicMessages[][] = [];
  let topics = new Map<string, Message[]>();
  let perPartition = new Map<string, number>();
  let total = 0;
  const flush = (): void => {
    if (topics.size > 0) requests.push([...topics].map(([topic, messages]) => ({ topic, messages })));
    topics = new Map();
    perPartition = new Map();
    total = 0;
  };
  for (const record of records) {
    const place = `${record.topic}/${record.partition}`;
    const partitionBytes = (perPartition.get(place) ?? 0) + record.bytes;
    if (total > 0 && (partitionBytes > MAX_BATCH_BYTES || total + record.bytes > MAX_REQUEST_BYTES)) flush();
    perPartition.set(place, (perPartition.get(place) ?? 0) + record.bytes);
    total += record.bytes;
    const messages = topics.get(record.topic);
    if (messages) messages.push(toMessage(record));
    else topics.set(record.topic, [toMessage(record)]);
  }
  flush();
  return requests;
};
