import { setTimeout as sleep } from 'node:timers/promises';
import { Database } from './database';
import { createTestDatabase, describeWithDatabase } from './database-testing';
import type { EventLog, NewRecord } from './event-log';
import { EventStore } from './event-store';
import { OutboxRelay } from './outbox-relay';
import { enqueue, enqueueAll } from './outbox-relay-table';
import { PostgresEventLog } from './postgres-event-log';
import { Unavailable } from './unavailable';

const schema = 'test_service';
const topic = { name: 'numbers', partitions: 1, cleanup: 'delete' as const, retentionMs: -1 };
const record = (value: number): NewRecord => ({ topic: 'numbers', key: 'k', headers: { n: String(value) }, value: JSON.stringify(value) });

const until = async (condition: () => boolean | Promise<boolean>, withinMs = 15_000): Promise<void> => {
  const end = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('it did not come about in time');
    await sleep(10);
  }
};

const valuesOf = async (log: EventLog): Promise<number[]> => {
  const values: number[] = [];
  for await (const { records } of log.read('numbers', 0, '0')) values.push(...records.map(({ value }) => Number(value?.toString())));
  return values;
};

describeWithDatabase('OutboxRelay', () => {
  let url: string;
  let drop: () => Promise<void>;
  let database: Database;
  let log: PostgresEventLog;
  const relays: OutboxRelay[] = [];
  const relay = (on: { database?: Database; log?: EventLog; onError?: (error: Error) => void } = {}): OutboxRelay => {
    const one = new OutboxRelay({ database, schema, log, ...on });
    relays.push(one);
    return one;
  };
  const add = (...values: number[]): Promise<void> => database.transaction((sql) => enqueueAll(sql, schema, values.map(record)));

  beforeEach(async () => {
    ({ url, drop } = await createTestDatabase());
    database = Database.create({ url, name: 'writer', migrations: EventStore.migrations(schema) });
    log = PostgresEventLog.create({ url });
    await log.ensureTopics([topic]);
  });
  afterEach(async () => {
    await Promise.all(relays.splice(0).map((one) => one.stop()));
    await log.close();
    await database.close();
    await drop();
  });

  it('publishes every row in order and leaves the outbox empty', async () => {
    const values = Array.from({ length: 1_300 }, (_, index) => index);
    await add(...values);
    const one = relay();
    expect(await one.pending()).toBe(1_300);
    one.start();
    await until(async () => (await one.pending()) === 0);
    expect(await valuesOf(log)).toEqual(values);
  });

  it('carries key, headers, partition and a null value as they are', async () => {
    await database.transaction((sql) => enqueue(sql, schema, { topic: 'numbers', key: null, partition: 0, headers: { a: 'ü"' }, value: null }));
    const one = relay();
    one.start();
    await until(async () => (await one.pending()) === 0);
    for await (const { records } of log.read('numbers', 0, '0')) expect(records).toMatchObject([{ key: null, partition: 0, headers: { a: 'ü"' }, value: null }]);
  });

  it('publishes within milliseconds of the commit, woken by it or by another process', async () => {
    const published: number[] = [];
    const timed = Object.assign(Object.create(log) as EventLog, {
      publish: async (records: readonly NewRecord[]) => {
        await log.publish(records);
        published.push(performance.now());
      },
    });
    const one = relay({ log: timed });
    one.start();
    await sleep(200);
    const latencies: number[] = [];
    for (let value = 0; value < 30; value += 1) {
      await add(value);
      const committed = performance.now();
      if (value % 2 === 0) one.wake();
      await until(() => published.length === value + 1);
      latencies.push(published[value]! - committed);
      await sleep(20);
    }
    latencies.sort((a, b) => a - b);
    expect(latencies[15]).toBeLessThan(100);
  });

  it('skips no row of a writer that commits late', async () => {
    const one = relay();
    one.start();
    await database.transaction(async (sql) => {
      await enqueue(sql, schema, record(1));
      await add(2, 3);
      await until(async () => (await valuesOf(log)).length === 2);
    });
    await until(async () => (await one.pending()) === 0);
    expect(await valuesOf(log)).toEqual([2, 3, 1]);
  });

  it('publishes again what it could not delete', async () => {
    const doomed = Database.create({ url, name: 'doomed', migrations: EventStore.migrations(schema) });
    let killed = 0;
    const fatal = Object.assign(Object.create(log) as EventLog, {
      publish: async (records: readonly NewRecord[]) => {
        await log.publish(records);
        killed += 1;
        if (killed === 1) await database.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'doomed'");
      },
    });
    await add(1, 2, 3);
    const errors: string[] = [];
    const one = relay({ database: doomed, log: fatal, onError: (error) => errors.push(error.message) });
    one.start();
    await until(async () => (await one.pending().catch(() => 1)) === 0);
    expect(await valuesOf(log)).toEqual([1, 2, 3, 1, 2, 3]);
    expect(errors).toEqual(['database is not available']);
    await one.stop();
    await doomed.close();
  });

  it('keeps everything in order while the log is away', async () => {
    let away = true;
    let failures = 0;
    const flaky = Object.assign(Object.create(log) as EventLog, {
      publish: (records: readonly NewRecord[]) => (away ? Promise.reject(new Unavailable('event-log')) : log.publish(records)),
    });
    const one = relay({ log: flaky, onError: () => (failures += 1) });
    one.start();
    for (let value = 0; value < 20; value += 1) await add(value);
    await until(() => failures >= 3);
    expect(await one.pending()).toBe(20);
    away = false;
    await until(async () => (await one.pending()) === 0);
    expect(await valuesOf(log)).toEqual(Array.from({ length: 20 }, (_, index) => index));
  });

  it('publishes each row once, in order, however many relays run', async () => {
    const others = [1, 2].map(() => Database.create({ url, name: 'other', migrations: EventStore.migrations(schema) }));
    const all = [relay(), ...others.map((other) => relay({ database: other }))];
    all.forEach((one) => one.start());
    for (let value = 0; value < 300; value += 3) await add(value, value + 1, value + 2);
    await until(async () => (await all[0]!.pending()) === 0);
    expect(await valuesOf(log)).toEqual(Array.from({ length: 300 }, (_, index) => index));
    await Promise.all(all.map((one) => one.stop()));
    await Promise.all(others.map((other) => other.close()));
  });
});
