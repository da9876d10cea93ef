import { randomUUID } from 'node:crypto';
import type { TopicDefinition } from '@pataka/contracts';
import type { EventLog, LogRecord, NewRecord, RecordBatch, Subscription } from './event-log';
import { pause } from './log-backoff';
import { partitionFor } from './murmur2';
import { Unavailable } from './unavailable';

/** What an adapter gives the suite. */
export interface ContractSubject {
  /** A new client of the same log, as another process would have one. The suite closes it. */
  open: () => EventLog;
  /** A client of a log that is not there, of whatever is put at that place later. */
  openAway: () => { log: EventLog; arrive: () => Promise<void>; leave: () => Promise<void> };
}

const topicOf = (partitions = 3, more: Partial<TopicDefinition> = {}): TopicDefinition =>
  ({ name: `test.${randomUUID()}.v1`, partitions, cleanup: 'delete', retentionMs: -1, ...more });

const recordOf = (topic: string, key: string | null, value: string): NewRecord => ({ topic, key, headers: { kind: 'test' }, value });

const numbered = (topic: string, count: number, keys = 50): NewRecord[] =>
  Array.from({ length: count }, (_, i) => recordOf(topic, `key-${i % keys}`, String(i)));

/** Waits until `condition` holds; fails with `what` otherwise. */
export const until = async (what: string, condition: () => boolean | Promise<boolean>, limitMs = 30_000): Promise<void> => {
  const end = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`in vain waited ${limitMs} ms: ${what}`);
    await pause(20);
  }
};

/** A reader with a checkpoint of its own, as a database would keep it: effect and checkpoint are one, and a stale batch is turned away. */
export class TestReader {
  readonly records: LogRecord[] = [];
  readonly batches: RecordBatch[] = [];
  readonly checkpoints = new Map<string, string>();
  turnedAway = 0;

  subscription(group: string, topics: string[], more: Partial<Subscription> = {}): Subscription {
    return {
      group, topics,
      position: (topic, partition) => Promise.resolve(this.checkpoints.get(`${topic}/${partition}`) ?? '0'),
      onBatch: (batch) => this.take(batch),
      ...more,
    };
  }

  take(batch: RecordBatch): Promise<void | { seek: string }> {
    const place = `${batch.topic}/${batch.partition}`;
    const checkpoint = this.checkpoints.get(place) ?? '0';
    const first = batch.records[0]?.offset ?? batch.nextOffset;
    if (BigInt(first) < BigInt(checkpoint)) {
      this.turnedAway++;
      return Promise.resolve({ seek: checkpoint });
    }
    this.batches.push(batch);
    this.records.push(...batch.records);
    this.checkpoints.set(place, batch.nextOffset);
    return Promise.resolve();
  }

  get values(): string[] {
    return this.records.map(({ value }) => String(value));
  }

  get sorted(): number[] {
    return this.values.map(Number).sort((a, b) => a - b);
  }
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

const readAll = async (log: EventLog, topic: string, partition: number, from = '0', end?: string): Promise<LogRecord[]> => {
  const records: LogRecord[] = [];
  for await (const batch of log.read(topic, partition, from, end)) records.push(...batch.records);
  return records;
};

const expectOrderPerKey = (records: LogRecord[]): void => {
  const last = new Map<string, number>();
  for (const { key, value } of records) {
    expect(Number(value)).toBeGreaterThan(last.get(String(key)) ?? -1);
    last.set(String(key), Number(value));
  }
};

/** What every event log has to do. */
export const describeEventLog = (name: string, makeSubject: () => ContractSubject): void => {
  describe(`${name} as an event log`, () => {
    const logs: EventLog[] = [];
    let subject: ContractSubject;
    const open = (): EventLog => {
      const log = subject.open();
      logs.push(log);
      return log;
    };
    beforeAll(() => {
      subject = makeSubject();
    });
    afterEach(async () => {
      await Promise.all(logs.splice(0).map((log) => log.close()));
    });

    describe('publishing', () => {
      it('makes acknowledged records readable at once, in the order given, as they were', async () => {
        const log = open();
        const topic = topicOf(1);
        await log.ensureTopics([topic]);
        await log.publish([
          { topic: topic.name, key: 'ключ 😀', headers: { ce_id: 'é', empty: '' }, value: '{"a":1}' },
          { topic: topic.name, key: null, headers: {}, value: Buffer.from([0, 1, 255]) },
          { topic: topic.name, key: 'k\u0000', headers: {}, value: null },
        ]);
        const records = await readAll(log, topic.name, 0);
        expect(records.map(({ key, headers, value }) => ({ key, headers, value }))).toEqual([
          { key: 'ключ 😀', headers: { ce_id: 'é', empty: '' }, value: Buffer.from('{"a":1}') },
          { key: null, headers: {}, value: Buffer.from([0, 1, 255]) },
          { key: 'k\u0000', headers: {}, value: null },
        ]);
        expect(records.map(({ offset }) => offset)).toEqual(['0', '1', '2']);
        expect(Math.abs((records[0]?.timestamp ?? 0) - Date.now())).toBeLessThan(60_000);
        expect(log.healthy()).toBe(true);
      });

      it('puts a record in the partition of its key, or in the one it asks for', async () => {
        const log = open();
        const topic = topicOf(5);
        await log.ensureTopics([topic]);
        expect(await log.partitionsOf(topic.name)).toBe(5);
        await log.publish([...numbered(topic.name, 100), { ...recordOf(topic.name, 'key-1', 'asked'), partition: 4 }]);
        for (let partition = 0; partition < 5; partition++) {
          const records = await readAll(log, topic.name, partition);
          const keyed = records.filter(({ value }) => String(value) !== 'asked');
          for (const { key } of keyed) expect(partitionFor(String(key), 5)).toBe(partition);
          expectOrderPerKey(keyed);
          expect(records.length - keyed.length).toBe(partition === 4 ? 1 : 0);
        }
      });

      it('keeps the order of a partition over calls that nobody waited for', async () => {
        const log = open();
        const topic = topicOf(1);
        await log.ensureTopics([topic]);
        await Promise.all(range(500).map((i) => log.publish([recordOf(topic.name, 'k', String(i))])));
        expect((await readAll(log, topic.name, 0)).map(({ value }) => Number(value))).toEqual(range(500));
      });

      it('takes publications of many processes at once without loss, gap or repetition', async () => {
        const topic = topicOf(3);
        await open().ensureTopics([topic]);
        const publishers = range(4).map(() => open());
        await Promise.all(publishers.map(async (log, p) => {
          for (let round = 0; round < 25; round++) {
            await log.publish(range(10).map((i) => recordOf(topic.name, `p${p}-${i % 4}`, String(round * 10 + i))));
          }
        }));
        const all = (await Promise.all([0, 1, 2].map((partition) => readAll(open(), topic.name, partition))));
        expect(all.flat()).toHaveLength(1_000);
        for (const records of all) {
          expectOrderPerKey(records);
          expect(records.map(({ offset }) => Number(offset))).toEqual(range(records.length));
        }
      });

      it('takes records of a megabyte, several at once', async () => {
        const log = open();
        const topic = topicOf(1);
        await log.ensureTopics([topic]);
        const big = 'x'.repeat(1_000_000);
        await log.publish([recordOf(topic.name, 'a', `${big}1`), recordOf(topic.name, 'a', `${big}2`), recordOf(topic.name, 'a', `${big}${big}3`)]);
        const records = await readAll(log, topic.name, 0);
        expect(records.map(({ value }) => value?.length)).toEqual([1_000_001, 1_000_001, 2_000_001]);
        const reader = new TestReader();
        await log.subscribe(reader.subscription(randomUUID(), [topic.name]));
        await until('big records', () => reader.records.length === 3);
      });

      it('refuses what can never be published, and only that', async () => {
        const log = open();
        const topic = topicOf(2);
        await log.ensureTopics([topic]);
        const wrong = [
          log.publish([{ ...recordOf(topic.name, 'k', 'v'), partition: 2 }]),
          log.publish([recordOf(`missing-${randomUUID()}`, 'k', 'v')]),
          log.publish([recordOf(topic.name, 'k', 'x'.repeat(17 * 1024 * 1024))]),
        ];
        const right = log.publish([recordOf(topic.name, 'k', 'v')]);
        const outcomes = await Promise.allSettled(wrong);
        for (const outcome of outcomes) {
          expect(outcome.status).toBe('rejected');
          expect((outcome as PromiseRejectedResult).reason).not.toBeInstanceOf(Unavailable);
        }
        await expect(right).resolves.toBeUndefined();
      });
    });

    describe('reading a stretch', () => {
      it('reads from an offset up to another or to the end, and nothing of what comes later', async () => {
        const log = open();
        const topic = topicOf(1);
        await log.ensureTopics([topic]);
        await log.publish(numbered(topic.name, 200));
        expect(await log.offsets(topic.name)).toEqual([{ partition: 0, low: '0', high: '200' }]);
        const offsets = (records: LogRecord[]): number[] => records.map(({ offset }) => Number(offset));
        expect(offsets(await readAll(log, topic.name, 0, '50', '60'))).toEqual(range(10).map((i) => 50 + i));
        expect(offsets(await readAll(log, topic.name, 0, '190'))).toEqual(range(10).map((i) => 190 + i));
        expect(await readAll(log, topic.name, 0, '200')).toEqual([]);
        expect(offsets(await readAll(log, topic.name, 0, '195', '1000'))).toHaveLength(5);
      });

      it('reads ten thousand records in batches', async () => {
        const log = open();
        const topic = topicOf(1);
        await log.ensureTopics([topic]);
        await log.publish(numbered(topic.name, 10_000));
        const records = await readAll(log, topic.name, 0);
        expect(records.map(({ value }) => Number(value))).toEqual(range(10_000));
      });
    });

    describe('subscribing', () => {
      it('hands over everything once, in order per partition, in batches of at most the size asked for', async () => {
        const log = open();
        const topic = topicOf(3);
        await log.ensureTopics([topic]);
        const reader = new TestReader();
        await log.subscribe(reader.subscription(randomUUID(), [topic.name], { maxRecords: 700 }));
        await log.publish(numbered(topic.name, 5_000));
        await log.publish(range(5_000).map((i) => recordOf(topic.name, `key-${i % 50}`, String(5_000 + i))));
        await until('10,000 records', () => reader.records.length >= 10_000);
        expect(reader.sorted).toEqual(range(10_000));
        expectOrderPerKey(reader.records);
        expect(Math.max(...reader.batches.map(({ records }) => records.length))).toBeLessThanOrEqual(700);
        for (const { records, nextOffset, highWatermark } of reader.batches) {
          expect(nextOffset).toBe(String(Number(records.at(-1)?.offset) + 1));
          expect(Number(highWatermark)).toBeGreaterThanOrEqual(Number(nextOffset));
        }
      });

      it('begins at the reader’s checkpoint and goes on there after a stop', async () => {
        const log = open();
        const topic = topicOf(2);
        const group = randomUUID();
        await log.ensureTopics([topic]);
        await log.publish(range(100).map((i) => ({ ...recordOf(topic.name, null, String(i)), partition: i % 2 })));
        const reader = new TestReader();
        reader.checkpoints.set(`${topic.name}/0`, '40');
        const first = await log.subscribe(reader.subscription(group, [topic.name]));
        await until('60 records', () => reader.records.length >= 60);
        await first.stop();
        await log.publish([{ ...recordOf(topic.name, null, 'later'), partition: 0 }]);
        await pause(300);
        expect(reader.records).toHaveLength(60);
        await open().subscribe(reader.subscription(group, [topic.name]));
        await until('the later one', () => reader.records.length >= 61);
        expect(reader.records[60]?.offset).toBe('50');
        expect(reader.records).toHaveLength(61);
      });

      it('goes where the reader says its checkpoint is, back or on', async () => {
        const log = open();
        const topic = topicOf(1);
        await log.ensureTopics([topic]);
        await log.publish(numbered(topic.name, 100));
        const firsts: number[] = [];
        const seeks = ['90', '10'];
        await log.subscribe({
          group: randomUUID(), topics: [topic.name], maxRecords: 10,
          onBatch: ({ records }) => {
            firsts.push(Number(records[0]?.offset));
            const seek = seeks.shift();
            return Promise.resolve(seek === undefined ? undefined : { seek });
          },
        });
        await until('the end', () => firsts.at(-1) === 90 && firsts.length > 5);
        expect(firsts).toEqual([0, 90, 10, 20, 30, 40, 50, 60, 70, 80, 90]);
      });

      it('retries a batch that fails, from the same place, without loss or change of order, while other partitions go on', async () => {
        const log = open();
        const topic = topicOf(2);
        await log.ensureTopics([topic]);
        const reader = new TestReader();
        const states: string[] = [];
        let failures = 0;
        await log.subscribe(reader.subscription(randomUUID(), [topic.name], {
          maxRecords: 10,
          onState: (state) => states.push(state),
          onBatch: (batch) => {
            if (batch.partition === 0 && batch.records[0]?.offset === '20' && failures < 4) {
              failures++;
              return Promise.reject(new Error('the database is away'));
            }
            return reader.take(batch);
          },
        }));
        await log.publish(range(100).map((i) => ({ ...recordOf(topic.name, null, String(i)), partition: i % 2 })));
        await until('partition 1', () => reader.records.filter(({ partition }) => partition === 1).length === 50);
        await until('all', () => reader.records.length >= 100);
        const offsets = (partition: number): number[] => reader.records.filter((r) => r.partition === partition).map((r) => Number(r.offset));
        expect(offsets(0)).toEqual(range(50));
        expect(offsets(1)).toEqual(range(50));
        expect(failures).toBe(4);
        expect(states).toContain('failing');
        expect(states.at(-1)).toBe('reading');
      });

      it('reads every partition in every broadcast subscription', async () => {
        const topic = topicOf(3);
        const publisher = open();
        await publisher.ensureTopics([topic]);
        const readers = [new TestReader(), new TestReader()];
        const group = randomUUID();
        for (const reader of readers) await open().subscribe(reader.subscription(group, [topic.name], { broadcast: true }));
        await publisher.publish(numbered(topic.name, 300));
        await until('both read all', () => readers.every(({ records }) => records.length >= 300));
        for (const reader of readers) expect(reader.sorted).toEqual(range(300));
      });

      it('shares the partitions of a group fairly, and the rest takes over when a member stops', async () => {
        const topic = topicOf(6);
        const group = randomUUID();
        const publisher = open();
        await publisher.ensureTopics([topic]);
        const reader = new TestReader();
        const seen = [new Set<number>(), new Set<number>(), new Set<number>()];
        const members = await Promise.all(seen.map((partitions) => open().subscribe(reader.subscription(group, [topic.name], {
          onBatch: (batch) => {
            partitions.add(batch.partition);
            return reader.take(batch);
          },
        }))));
        let published = 0;
        const publishEverywhere = async (): Promise<void> => {
          await publisher.publish(range(6).map((partition) => ({ ...recordOf(topic.name, null, String(published++)), partition })));
        };
        await until('each member reads two partitions', async () => {
          for (const partitions of seen) partitions.clear();
          await publishEverywhere();
          await until('it is read', () => reader.records.length === published);
          return seen.every(({ size }) => size === 2);
        }, 40_000);
        await members[0]?.stop();
        seen[0]?.clear();
        await until('the others read three each', async () => {
          for (const partitions of seen) partitions.clear();
          await publishEverywhere();
          await until('it is read', () => reader.records.length === published);
          return seen[1]?.size === 3 && seen[2]?.size === 3;
        }, 40_000);
        expect(seen[0]?.size).toBe(0);
        expect(reader.sorted).toEqual(range(published));
      }, 120_000);

      it('keeps groups apart', async () => {
        const log = open();
        const topic = topicOf(2);
        await log.ensureTopics([topic]);
        const readers = [new TestReader(), new TestReader()];
        for (const reader of readers) await log.subscribe(reader.subscription(randomUUID(), [topic.name]));
        await log.publish(numbered(topic.name, 20));
        await until('both groups', () => readers.every(({ records }) => records.length >= 20));
      });

      it('waits for the batch under way when it is stopped', async () => {
        const log = open();
        const topic = topicOf(1);
        await log.ensureTopics([topic]);
        await log.publish(numbered(topic.name, 1));
        let done = false;
        let begun = false;
        const consumption = await log.subscribe({
          group: randomUUID(), topics: [topic.name],
          onBatch: async () => {
            begun = true;
            await pause(500);
            done = true;
          },
        });
        await until('a batch', () => begun);
        await consumption.stop();
        expect(done).toBe(true);
      });
    });

    describe('topics', () => {
      it('are made once, however often and by however many they are asked for, and only retention changes', async () => {
        const topic = topicOf(4, { retentionMs: 60_000 });
        await Promise.all(range(3).map(() => open().ensureTopics([topic])));
        const log = open();
        await log.publish(numbered(topic.name, 8));
        await log.ensureTopics([{ ...topic, partitions: 9, retentionMs: -1 }]);
        expect(await log.partitionsOf(topic.name)).toBe(4);
        expect((await log.offsets(topic.name)).reduce((sum, { high }) => sum + Number(high), 0)).toBe(8);
      });

      it('that are not there are an error that says so', async () => {
        const log = open();
        const name = `missing-${randomUUID()}`;
        await expect(log.partitionsOf(name)).rejects.toThrow(name);
        await expect(log.offsets(name)).rejects.toThrow(name);
      });
    });

    describe('when the log is away', () => {
      it('rejects with Unavailable, and works as soon as the log is there, subscriptions made before included', async () => {
        const { log, arrive, leave } = subject.openAway();
        try {
          const topic = topicOf(1);
          await expect(log.ensureTopics([topic])).rejects.toBeInstanceOf(Unavailable);
          const started = performance.now();
          await expect(log.publish([recordOf(topic.name, 'k', '0')])).rejects.toBeInstanceOf(Unavailable);
          expect(performance.now() - started).toBeLessThan(20_000);
          await expect(log.offsets(topic.name)).rejects.toBeInstanceOf(Unavailable);
          expect(log.healthy()).toBe(false);
          const reader = new TestReader();
          await log.subscribe(reader.subscription(randomUUID(), [topic.name]));
          await arrive();
          await until('topics', () => log.ensureTopics([topic]).then(() => true, () => false));
          await until('a publication', () => log.publish([recordOf(topic.name, 'k', '0')]).then(() => true, () => false));
          await until('the record', () => reader.records.length > 0, 60_000);
          await until('health', () => log.healthy());
        } finally {
          await log.close();
          await leave();
        }
      }, 180_000);
    });
  });
};
