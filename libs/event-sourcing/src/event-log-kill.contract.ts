import { randomUUID } from 'node:crypto';
import type { EventLog, NewRecord } from './event-log';
import { TestReader, until } from './event-log.contract';
import { pause } from './log-backoff';
import type { KillableService } from './log-testing.contract';
import { Unavailable } from './unavailable';

const KEYS = 8;

/** Publishes again until it is acknowledged, as a relay does. */
const publishSurely = async (log: EventLog, record: NewRecord): Promise<void> => {
  for (;;) {
    try {
      return await log.publish([record]);
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      await pause(100);
    }
  }
};

/** Publishes numbers of one key, until stopped. */
const publishUntil = async (log: EventLog, topic: string, key: number, stop: AbortSignal, acknowledged: string[]): Promise<void> => {
  for (let i = 0; !stop.aborted; i++) {
    const value = `${key}:${i}`;
    await publishSurely(log, { topic, key: `key-${key}`, headers: {}, value });
    acknowledged.push(value);
    await pause(5);
  }
};

/** First occurrences in the order they came, per key. */
const firsts = (values: string[]): Map<string, number[]> => {
  const byKey = new Map<string, number[]>();
  for (const value of new Set(values)) {
    const [key = '', i] = value.split(':');
    byKey.set(key, [...(byKey.get(key) ?? []), Number(i)]);
  }
  return byKey;
};

/** What must hold whatever is killed: kill -9 of the log's server under load, several times. */
export const describeKilledLog = (name: string, service: () => KillableService, open: (at: string) => EventLog): void => {
  describe(`${name} whose server is killed under load`, () => {
    const killable = service();
    beforeAll(() => killable.start(), 180_000);
    afterAll(() => killable.remove(), 60_000);

    it('loses nothing that was acknowledged, keeps the order of each key, and comes back by itself', async () => {
      const [publisher, consumer] = [open(killable.at), open(killable.at)];
      const topic = { name: `kill.${randomUUID()}`, partitions: 3, cleanup: 'delete', retentionMs: -1 } as const;
      await publisher.ensureTopics([topic]);
      const reader = new TestReader();
      const broadcast = new TestReader();
      await consumer.subscribe(reader.subscription(randomUUID(), [topic.name]));
      await consumer.subscribe(broadcast.subscription(randomUUID(), [topic.name], { broadcast: true }));
      const acknowledged: string[] = [];
      const stop = new AbortController();
      const publishing = Array.from({ length: KEYS }, (_, key) => publishUntil(publisher, topic.name, key, stop.signal, acknowledged));
      for (let kill = 0; kill < 3; kill++) {
        const before = acknowledged.length;
        await until('publications', () => acknowledged.length > before + 200, 60_000);
        await killable.kill();
        await pause(kill * 1_500);
        await killable.restart();
      }
      const after = acknowledged.length;
      await until('publications after the last kill', () => acknowledged.length > after + 200, 60_000);
      stop.abort();
      await Promise.all(publishing);
      for (const read of [reader, broadcast]) {
        await until('everything acknowledged is read', () => {
          const there = new Set(read.values);
          return acknowledged.every((value) => there.has(value));
        }, 90_000);
        for (const numbers of firsts(read.values).values()) expect(numbers).toEqual(numbers.map((_, i) => i));
      }
      await until('health', () => publisher.healthy() && consumer.healthy());
      await Promise.all([publisher.close(), consumer.close()]);
    }, 400_000);
  });
};
