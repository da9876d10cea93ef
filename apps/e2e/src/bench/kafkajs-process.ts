import { randomUUID } from 'node:crypto';
import { topics } from '@pataka/contracts';
import { Kafka } from 'kafkajs';
import { answerWork, type Work } from './probe';
import { type Cost, Stopwatch } from './stopwatch';

const kafka = new Kafka({ clientId: 'bench', brokers: (process.env['KAFKA_BROKERS'] ?? '').split(',') });

/** Bare kafkajs: takes the same records off the same topics, parses them and does nothing else. What evidence is compared with. */
const consume = async ({ events }: Work): Promise<Cost> => {
  const watch = new Stopwatch(events);
  const consumer = kafka.consumer({ groupId: `bench-${randomUUID()}`, maxBytesPerPartition: 2 * 1024 * 1024, maxBytes: 16 * 1024 * 1024 });
  await consumer.connect();
  try {
    await consumer.subscribe({ topics: [topics.exposures.name, topics.conversions.name], fromBeginning: true });
    await consumer.run({
      partitionsConsumedConcurrently: 12,
      eachBatch: async ({ batch }) => {
        watch.begin();
        for (const { value } of batch.messages) watch.count((JSON.parse(value!.toString('utf8')) as unknown[]).length);
      },
    });
    return await watch.ended;
  } finally {
    await consumer.disconnect();
  }
};

answerWork({ consume }, async () => undefined);
