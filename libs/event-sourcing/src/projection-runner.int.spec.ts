import { setTimeout as sleep } from 'node:timers/promises';
import { topics, type JsonObject } from '@pataka/contracts';
import { encodeEvent, encodeEventBatch, cloudEventJson } from './cloud-event';
import { decodeBatch } from './cloud-event-decode';
import { Database, type Sql } from './database';
import { createTestDatabase, describeWithDatabase } from './database-testing';
import { listDeadLetters, replayDeadLetters } from './dead-letters';
import type { EventBatch } from './event-batch';
import type { EventLog, NewRecord } from './event-log';
import { OutboxRelay } from './outbox-relay';
import { PostgresEventLog } from './postgres-event-log';
import { processManager } from './process-manager';
import type { FillLane, Progress, Projection } from './projection';
import { ProjectionRunner, type Offsets } from './projection-runner';
import { rowProjection } from './row-projection';
import { derivedUuid } from './uuid';

const schema = 'test_service';
const PARTITIONS = 2;
const topic = 'numbers';

/** Sums and counts per key; refuses nothing, throws at `poison`. */
const sums: Projection = {
  name: 'key-sums',
  topics: [topic],
  tables: ['sums'],
  create: (where) => `CREATE TABLE "${where}".sums (key text PRIMARY KEY, sum int NOT NULL, events int NOT NULL, _seen timestamptz DEFAULT now())`,
  apply: async (sql, where, batch) => {
    for (const event of batch.events) {
      const { key, n } = event.data as { key: string; n: number };
      if (key === 'poison') throw new TypeError('this one is poison');
      if (key === 'fault') await sql.query('SELECT 1 / 0');
      await sql.query(`INSERT INTO "${where}".sums VALUES ($1, $2, 1) ON CONFLICT (key) DO UPDATE SET sum = sums.sum + $2, events = sums.events + 1`, [key, n]);
    }
    return [];
  },
};

const latest = rowProjection<{ last: number; times: number }>({
  name: 'latest',
  topics: [topic],
  keyOf: (event) => (event.data as JsonObject)['key'] as string,
  evolve: (row, event) => {
    const { n } = event.data as { n: number };
    return n < 0 ? null : { last: n, times: (row?.times ?? 0) + 1 };
  },
});

const eventId = (n: number): string => derivedUuid('event', n);
const event = (n: number, key = 'a', partition = 0): NewRecord =>
  encodeEvent({ id: eventId(n), type: 'pataka.number.v1', source: '/spec', time: new Date(Date.UTC(2026, 0, 1, 0, 0, n)).toISOString(), data: { key, n }, topic, key, partition });

describeWithDatabase('ProjectionRunner', () => {
  let url: string;
  let drop: () => Promise<void>;
  let database: Database;
  let log: PostgresEventLog;
  let runner: ProjectionRunner;
  let met: string[] = [];
  let failing = false;
  const manager = processManager({
    name: 'reactor', topics: [topic],
    react: async (received) => {
      met.push(received.id);
      if (failing) throw new Error('cannot react');
    },
  });
  const runnerOn = (on: Database, projections: Projection[] = [sums, latest, manager]): ProjectionRunner =>
    new ProjectionRunner({ database: on, schema, log, projections, service: 'test', graceMs: 50 });
  const openDatabase = (): Database => Database.create({ url, name: 'spec', migrations: ProjectionRunner.migrations(schema) });

  const batches = async (partition: number, from = '0', until?: string): Promise<EventBatch> => {
    for await (const batch of log.read(topic, partition, from, until)) return decodeBatch(batch);
    throw new Error('nothing to read');
  };
  /** Applies up to the first answer that sends elsewhere; resolves to where to read on, null at the end. */
  const consumeFrom = async (name: string, on: ProjectionRunner, partition: number, from: string): Promise<string | null> => {
    for await (const batch of log.read(topic, partition, from)) {
      const answer = await on.apply(name, decodeBatch(batch));
      if (answer) return answer.seek;
    }
    return null;
  };
  /** Reads on from wherever the projection is, as a consumer does. */
  const consume = async (name: string, on: ProjectionRunner = runner): Promise<void> => {
    for (let partition = 0; partition < PARTITIONS; partition += 1) {
      for (let from: string | null = await on.position(name, topic, partition); from !== null;) from = await consumeFrom(name, on, partition, from);
    }
  };
  const rowsOf = async (name = 'key-sums'): Promise<Record<string, number>> => {
    const rows = await database.query<{ key: string; sum: number }>(`SELECT key, sum FROM "${await runner.liveSchema(name)}".sums ORDER BY key`);
    return Object.fromEntries(rows.map(({ key, sum }) => [key, sum]));
  };
  const publish = (...records: NewRecord[]): Promise<void> => log.publish(records);
  const numbers = (from: number, to: number): NewRecord[] => Array.from({ length: to - from }, (_, index) => event(from + index, `k${(from + index) % 7}`, (from + index) % PARTITIONS));
  const schemas = async (): Promise<string[]> =>
    (await database.query<{ n: string }>(`SELECT nspname AS n FROM pg_namespace WHERE nspname LIKE '${schema}\\_%' ORDER BY 1`)).map(({ n }) => n);
  const outbox = async () => (await database.query<{ value: string }>(`SELECT value FROM ${schema}.outbox ORDER BY id`)).map(({ value }) => JSON.parse(value) as JsonObject);

  beforeEach(async () => {
    met = [];
    failing = false;
    ({ url, drop } = await createTestDatabase());
    database = openDatabase();
    log = PostgresEventLog.create({ url });
    await log.ensureTopics([{ name: topic, partitions: PARTITIONS, cleanup: 'delete', retentionMs: -1 }, topics.deadLetters]);
    runner = runnerOn(database);
  });
  afterEach(async () => {
    await log.close();
    await database.close();
    await drop();
  });

  describe('apply', () => {
    it('applies a batch once, however often and in whatever pieces it comes', async () => {
      await publish(...[1, 2, 3, 4, 5].map((n) => event(n)));
      const whole = await batches(0);
      expect(await runner.apply('key-sums', await batches(0, '0', '2'))).toBeUndefined();
      expect(await runner.apply('key-sums', whole)).toBeUndefined();
      expect(await runner.apply('key-sums', whole)).toBeUndefined();
      expect(await runner.apply('key-sums', await batches(0, '1', '3'))).toEqual({ seek: '5' });
      expect(await rowsOf()).toEqual({ a: 15 });
      expect(await runner.position('key-sums', topic, 0)).toBe('5');
      expect(await runner.checkpoints('key-sums')).toEqual([{ topic, partition: 0, offset: '5' }]);
    });

    it('sends a reader back that would leave something out', async () => {
      await publish(...[1, 2, 3, 4].map((n) => event(n)));
      expect(await runner.apply('key-sums', await batches(0, '2'))).toEqual({ seek: '0' });
      await runner.apply('key-sums', await batches(0, '0', '1'));
      expect(await runner.apply('key-sums', await batches(0, '2'))).toEqual({ seek: '1' });
      expect(await rowsOf()).toEqual({ a: 1 });
    });

    it('passes over a hole in the offsets, as compaction leaves', async () => {
      await publish(...[1, 2, 3, 4].map((n) => event(n)));
      await runner.apply('key-sums', await batches(0, '0', '1'));
      await database.query('DELETE FROM pataka_log.records WHERE "offset" IN (1, 2)').catch(async () => {
        throw new Error(JSON.stringify(await database.query("SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'pataka_log'")));
      });
      expect(await runner.apply('key-sums', await batches(0, '1'))).toBeUndefined();
      expect(await rowsOf()).toEqual({ a: 5 });
    });

    it('lets one of two owners of a partition win each batch', async () => {
      await publish(...Array.from({ length: 60 }, (_, index) => event(index + 1)));
      const other = openDatabase();
      const zombie = runnerOn(other);
      const pieces = await Promise.all(Array.from({ length: 12 }, (_, index) => batches(0, String(index * 5), String(index * 5 + 5))));
      for (const piece of pieces) await Promise.all([runner.apply('key-sums', piece), zombie.apply('key-sums', piece), runner.apply('key-sums', piece)]);
      expect(await rowsOf()).toEqual({ a: 1830 });
      expect(await database.query(`SELECT events FROM "${await runner.liveSchema('key-sums')}".sums`)).toEqual([{ events: 60 }]);
      await other.close();
    });

    it('survives rewinding to random places with two consumers at once', async () => {
      await publish(...numbers(0, 300));
      const other = openDatabase();
      const second = runnerOn(other);
      const wander = async (on: ProjectionRunner): Promise<void> => {
        for (let round = 0; round < 25; round += 1) {
          const from = Math.floor(Math.random() * 140);
          const answer = await on.apply('key-sums', await batches(round % 2, String(from), String(from + 1 + Math.floor(Math.random() * 10))));
          if (answer) await on.apply('key-sums', await batches(round % 2, answer.seek, String(Number(answer.seek) + 7)).catch(() => batches(round % 2)));
        }
      };
      await Promise.all([wander(runner), wander(second)]);
      await consume('key-sums');
      const totals = await database.query(`SELECT sum(sum)::int AS sum, sum(events)::int AS events FROM "${await runner.liveSchema('key-sums')}".sums`);
      expect(totals).toEqual([{ sum: (299 * 300) / 2, events: 300 }]);
      await other.close();
    });

    it('tells of a committed batch, and of no other', async () => {
      const told: number[] = [];
      const telling = runnerOn(database, [{ ...sums, committed: ({ events }) => void told.push(events.length) }]);
      await publish(...[1, 2, 3].map((n) => event(n)));
      await telling.apply('key-sums', await batches(0));
      await telling.apply('key-sums', await batches(0));
      expect(told).toEqual([3]);
    });
  });

  describe('poison', () => {
    it('goes alone to dead letters, with its reason, and the others of its batch take effect', async () => {
      const records = [1, 2, 3, 4, 5, 6, 7].map((n) => event(n, n === 3 ? 'poison' : n === 6 ? 'fault' : 'a'));
      await publish(...records, { topic, partition: 0, key: 'x', headers: {}, value: 'no event' });
      await runner.apply('key-sums', await batches(0));
      expect(await rowsOf()).toEqual({ a: 1 + 2 + 4 + 5 + 7 });
      expect((await outbox()).map(({ consumer, offset, index, reason }) => ({ consumer, offset, index, reason }))).toEqual([
        { consumer: 'key-sums', offset: '7', index: 0, reason: expect.any(String) },
        { consumer: 'key-sums', offset: '2', index: 0, reason: 'TypeError: this one is poison' },
        { consumer: 'key-sums', offset: '5', index: 0, reason: expect.stringContaining('division by zero') },
      ]);
      expect(await runner.position('key-sums', topic, 0)).toBe('8');
    });

    it('is one letter however often it fails, and can be replayed as a record of its own', async () => {
      const inBatch = [1, 2, 3].map((n) => cloudEventJson({ id: eventId(n), type: 'pataka.number.v1', source: '/spec', time: '2026-01-01T00:00:00Z', data: { key: n === 2 ? 'poison' : 'a', n } }));
      await publish(...encodeEventBatch({ topic, partition: 1, events: inBatch }));
      const batch = await batches(1);
      await runner.apply('key-sums', batch);
      const twin = runnerOn(database, [{ ...sums, name: 'key-sums-2' }]);
      await twin.apply('key-sums-2', batch);
      const relay = new OutboxRelay({ database, schema, log });
      relay.start();
      while ((await relay.pending()) > 0) await sleep(20);
      await relay.stop();
      const letters = await listDeadLetters(log);
      expect(letters.map(({ consumer, index, topic: from, partition }) => ({ consumer, index, from, partition })).sort((a, b) => a.consumer.localeCompare(b.consumer))).toEqual([
        { consumer: 'key-sums', index: 1, from: topic, partition: 1 }, { consumer: 'key-sums-2', index: 1, from: topic, partition: 1 },
      ]);
      expect(new Set(letters.map(({ id }) => id)).size).toBe(2);
      const progress: Progress[] = [];
      expect(await replayDeadLetters(log, { filter: ({ consumer }) => consumer === 'key-sums', onProgress: (one) => progress.push(one) })).toEqual({ replayed: 1 });
      expect(progress.at(-1)).toMatchObject({ done: 2, total: 2 });
      const again = await batches(1, batch.nextOffset);
      expect(again.events).toMatchObject([{ id: eventId(2), data: { key: 'poison', n: 2 } }]);
    });

    it('does not blame events for a missing table', async () => {
      await publish(event(1));
      const batch = await batches(0);
      const missing = await runner.liveSchema('key-sums');
      await database.query(`DROP TABLE "${missing}".sums`);
      await expect(runner.apply('key-sums', batch)).rejects.toThrow('does not exist');
      expect(await outbox()).toEqual([]);
      expect(await runner.position('key-sums', topic, 0)).toBe('0');
    });
  });

  describe('process manager', () => {
    it('reacts to each event, then moves its checkpoint', async () => {
      await publish(...Array.from({ length: 250 }, (_, n) => event(n)));
      await consume('reactor');
      expect(met).toEqual(Array.from({ length: 250 }, (_, n) => eventId(n)));
      await consume('reactor');
      expect(met).toHaveLength(250);
      expect(await runner.liveSchema('reactor').then(() => schemas())).toEqual([]);
    });

    it('gives up on an event after three tries', async () => {
      await publish(event(1));
      failing = true;
      await consume('reactor');
      expect(met).toHaveLength(3);
      expect(await outbox()).toMatchObject([{ consumer: 'reactor', reason: 'Error: cannot react' }]);
      expect(await runner.position('reactor', topic, 0)).toBe('1');
    });

    it('is never replayed', async () => {
      await expect(runner.replay('reactor')).rejects.toMatchObject({ code: 'illegal-transition' });
      expect(await runner.verify('reactor')).toEqual({ projection: 'reactor', equal: true, tables: [] });
    });
  });

  describe('row projection', () => {
    it('folds a row per key and deletes with null', async () => {
      await publish(event(1, 'a'), event(2, 'b'), event(3, 'a'), event(4, 'b'), event(5, 'c', 1), event(-1, 'b'));
      await consume('latest');
      const rows = await database.query(`SELECT key, row FROM "${await runner.liveSchema('latest')}".rows ORDER BY key`);
      expect(rows).toEqual([{ key: 'a', row: { last: 3, times: 2 } }, { key: 'c', row: { last: 5, times: 1 } }]);
    });

    it('loses nothing when two partitions meet at one key', async () => {
      await publish(...Array.from({ length: 100 }, (_, index) => event(index, 'same', index % 2)));
      const cut = (partition: number, index: number) => batches(partition, String(index * 5), String(index * 5 + 5));
      for (let index = 0; index < 10; index += 1) await Promise.all([runner.apply('latest', await cut(0, index)), runner.apply('latest', await cut(1, index))]);
      expect(await database.query(`SELECT row -> 'times' AS times FROM "${await runner.liveSchema('latest')}".rows`)).toEqual([{ times: 100 }]);
    });
  });

  describe('batches of several partitions at once', () => {
    const both = (from: string): Promise<EventBatch[]> => Promise.all([batches(0, from), batches(1, from)]);

    beforeEach(async () => {
      await publish(...numbers(0, 20));
      await consume('key-sums');
      await publish(...numbers(20, 40));
    });

    it('take effect in one transaction, once however often they come', async () => {
      const told: number[] = [];
      const telling = runnerOn(database, [{ ...sums, committed: (batch) => void told.push(batch.events.length) }]);
      expect(await telling.applyTogether('key-sums', await both('10'))).toEqual([undefined, undefined]);
      await telling.applyTogether('key-sums', await both('10'));
      expect(told).toEqual([20]);
      expect(Object.values(await rowsOf()).reduce((sum, n) => sum + n, 0)).toBe((39 * 40) / 2);
      expect(await runner.checkpoints('key-sums')).toEqual([0, 1].map((partition) => ({ topic, partition, offset: '20' })));
    });

    it('send back only the one that would leave something out', async () => {
      expect(await runner.applyTogether('key-sums', [await batches(0, '10'), await batches(1, '15')])).toEqual([undefined, { seek: '10' }]);
      expect(await runner.checkpoints('key-sums')).toEqual([{ topic, partition: 0, offset: '20' }, { topic, partition: 1, offset: '10' }]);
    });

    it('give only the poison among them to dead letters', async () => {
      await publish(event(100, 'poison', 0), event(200, 'fine', 1));
      expect(await runner.applyTogether('key-sums', await both('10'))).toEqual([undefined, undefined]);
      expect(await rowsOf()).toMatchObject({ fine: 200 });
      expect(await outbox()).toMatchObject([{ partition: 0, offset: '20', reason: 'TypeError: this one is poison' }]);
    });
  });

  describe('a fill', () => {
    /** Holds everything back until it is flushed, and leaves every key that begins with `late` for the end. */
    const filling = (fills: string[]): Projection => {
      const add = (sql: Sql, where: string, key: string, n: number, times: number) => sql.query(
        `INSERT INTO "${where}".sums VALUES ($1, $2, $3) ON CONFLICT (key) DO UPDATE SET sum = sums.sum + $2, events = sums.events + $3`, [key, n, times]);
      const late: { key: string; n: number }[] = [];
      const open = (where: string, lane: number): FillLane => {
        const held = new Map<string, { n: number; times: number }>();
        return {
          take: async (sql, batch) => {
            const found = batch.events.map(({ data }) => data as { key: string; n: number });
            if (found.some(({ key }) => key === 'fault')) await sql.query('SELECT 1 / 0');
            return () => {
              for (const { key, n } of found) {
                if (key.startsWith('late')) late.push({ key, n });
                else held.set(key, { n: (held.get(key)?.n ?? 0) + n, times: (held.get(key)?.times ?? 0) + 1 });
              }
            };
          },
          full: () => held.size >= 4,
          flush: async (sql) => {
            fills.push(`lane ${lane}`);
            for (const [key, { n, times }] of [...held].sort(([a], [b]) => (a < b ? -1 : 1))) await add(sql, where, key, n, times);
            return () => held.clear();
          },
        };
      };
      return {
        ...sums,
        index: (where) => `CREATE INDEX by_sum ON "${where}".sums (sum)`,
        fill: {
          laneOf: (_, partition) => partition, open,
          finish: async (on, where) => {
            fills.push('finish');
            for (const { key, n } of late.splice(0)) await on.transaction((sql) => add(sql, where, key, n, 1));
          },
        },
      };
    };

    it('leaves what events one by one leave, those included that it puts off and those that fail in it', async () => {
      await publish(...numbers(0, 40), event(41, 'late-1', 1), event(42, 'fault', 0), event(43, 'after', 0));
      const fills: string[] = [];
      const filled = runnerOn(database, [filling(fills)]);
      await consume('key-sums', filled);
      const live = await rowsOf();
      expect(await filled.verify('key-sums')).toMatchObject({ equal: true });
      await filled.replay('key-sums');
      expect(fills.filter((one) => one === 'finish')).toHaveLength(2);
      expect(new Set(fills)).toEqual(new Set(['lane 0', 'lane 1', 'finish']));
      expect(await rowsOf()).toEqual(live);
      expect(live).toMatchObject({ 'late-1': 41, after: 43 });
    });

    it('has the same indexes in the end as a generation that was live from the start', async () => {
      await publish(...numbers(0, 10));
      const filled = runnerOn(database, [filling([])]);
      await consume('key-sums', filled);
      const indexes = async () => database.query(`SELECT indexname FROM pg_indexes WHERE schemaname = $1 ORDER BY 1`, [await filled.liveSchema('key-sums')]);
      const before = await indexes();
      await filled.replay('key-sums');
      expect(before).toHaveLength(2);
      expect(await indexes()).toEqual(before);
    });
  });

  describe('replay', () => {
    it('makes an equal generation live, drops the old one, and tells other processes', async () => {
      await publish(...numbers(0, 200));
      await consume('key-sums');
      const other = openDatabase();
      const elsewhere = runnerOn(other);
      const before = await rowsOf();
      expect(await elsewhere.liveSchema('key-sums')).toBe('test_service_key_sums_g1');
      const progress: Progress[] = [];
      expect(await runner.replay('key-sums', { onProgress: (one) => progress.push(one) })).toEqual({ schema: 'test_service_key_sums_g2', events: 200 });
      expect(progress.at(-1)).toMatchObject({ done: 200, total: 200 });
      expect(await elsewhere.liveSchema('key-sums')).toBe('test_service_key_sums_g2');
      expect(await rowsOf()).toEqual(before);
      expect(await schemas()).toEqual(['test_service_key_sums_g2']);
      expect(await runner.position('key-sums', topic, 0)).toBe('100');
      await publish(event(1_000, 'new'));
      await consume('key-sums', elsewhere);
      expect(await rowsOf()).toEqual({ ...before, new: 1_000 });
      await other.close();
    });

    it('goes on beside live writing and reading, neither of which ever fails', async () => {
      await publish(...numbers(0, 500));
      await consume('key-sums');
      let published = 500;
      let stopped = false;
      let reads = 0;
      const failures: unknown[] = [];
      const other = openDatabase();
      const reading = runnerOn(other);
      // Every event is a record: whatever generation was read, its offsets tell how many it has counted.
      const counted = async (from: ProjectionRunner, on: Database): Promise<void> => {
        const { offsets, events } = await from.readLive('key-sums', async (live) =>
          (await on.query<{ offsets: Offsets | null; events: number }>(`SELECT ${live.offsets} AS offsets, (SELECT sum(events)::int FROM "${live.schema}".sums) AS events`))[0]!);
        reads += 1;
        expect(Object.values(offsets[topic]!).reduce((sum, offset) => sum + Number(offset), 0)).toBe(events);
      };
      const writer = (async () => {
        while (!stopped) {
          await publish(...numbers(published, published + 10));
          published += 10;
          await consume('key-sums');
          await sleep(5);
        }
      })();
      const reader = (async () => {
        while (!stopped) {
          await other.query(`SELECT sum(sum) FROM "${await reading.liveSchema('key-sums')}".sums`).catch((error: unknown) => failures.push(error));
          await counted(reading, other).catch((error: unknown) => failures.push(error));
          await sleep(2);
        }
      })();
      for (let round = 2; round <= 4; round += 1) expect((await runner.replay('key-sums')).schema).toBe(`test_service_key_sums_g${round}`);
      stopped = true;
      await Promise.all([writer, reader]);
      await consume('key-sums');
      expect(failures).toEqual([]);
      expect(reads).toBeGreaterThan(10);
      expect(await database.query(`SELECT sum(sum)::int AS sum, sum(events)::int AS events FROM "${await runner.liveSchema('key-sums')}".sums`))
        .toEqual([{ sum: (published * (published - 1)) / 2, events: published }]);
      expect(await runner.verify('key-sums')).toMatchObject({ equal: true });
      await other.close();
    });

    it('never takes the live generation back behind where it was', async () => {
      await publish(...numbers(0, 20));
      await consume('key-sums');
      const slow = Object.assign(Object.create(log) as EventLog, {
        offsets: async () => (await log.offsets(topic)).map((one) => ({ ...one, high: one.low })),
        read: log.read.bind(log),
      });
      await new ProjectionRunner({ database, schema, log: slow, projections: [sums], service: 'test', graceMs: 0 }).replay('key-sums');
      expect(await runner.checkpoints('key-sums')).toEqual([{ topic, partition: 0, offset: '10' }, { topic, partition: 1, offset: '10' }]);
      expect(Object.values(await rowsOf()).reduce((a, b) => a + b)).toBe(190);
    });

    it('builds a shadow up to an instant, and leaves the live generation alone', async () => {
      await publish(...[1, 2, 3, 4, 5].map((n) => event(n)));
      await consume('key-sums');
      const { schema: shadow } = await runner.replay('key-sums', { until: '2026-01-01T00:00:03Z' });
      expect(await database.query(`SELECT sum FROM "${shadow}".sums`)).toEqual([{ sum: 6 }]);
      expect(await rowsOf()).toEqual({ a: 15 });
      await runner.dropSchema('key-sums', shadow);
      await runner.dropSchema('key-sums', 'test_service_key_sums_g1');
      expect(await schemas()).toEqual(['test_service_key_sums_g1']);
    });

    it('is refused while another one runs, and cleans up what an interrupted one left', async () => {
      await publish(...numbers(0, 50));
      const abort = new AbortController();
      let reached: () => void = () => undefined;
      const reading = new Promise<void>((resolve) => (reached = resolve));
      const halting = Object.assign(Object.create(log) as EventLog, {
        read: async function* (name: string, partition: number, from: string, end?: string) {
          reached();
          while (!abort.signal.aborted) await sleep(5);
          yield* log.read(name, partition, from, end);
        },
      });
      const interrupted = new ProjectionRunner({ database, schema, log: halting, projections: [sums], service: 'test' }).replay('key-sums', { signal: abort.signal });
      await reading;
      await expect(runner.replay('key-sums')).rejects.toMatchObject({ code: 'illegal-transition' });
      abort.abort();
      await expect(interrupted).rejects.toThrow('aborted');
      expect(await schemas()).toEqual(['test_service_key_sums_g1']);
      await database.query(`INSERT INTO ${schema}.generations (projection, generation, status) VALUES ('key-sums', 40, 'building')`);
      await database.query('CREATE SCHEMA test_service_key_sums_g40');
      expect(await runner.replay('key-sums')).toEqual({ schema: 'test_service_key_sums_g2', events: 50 });
      expect(await schemas()).toEqual(['test_service_key_sums_g2']);
    });
  });

  describe('verify', () => {
    beforeEach(async () => {
      await publish(...numbers(0, 200), event(900, 'poison'));
      await consume('key-sums');
      await publish(...numbers(200, 220));
    });

    it('proves the live rows equal to a rebuild up to the same offsets', async () => {
      const report = await runner.verify('key-sums');
      expect(report).toEqual({ projection: 'key-sums', equal: true, tables: [{ table: 'sums', rows: 7, live: expect.any(String), rebuilt: report.tables[0]?.live }] });
      expect(await schemas()).toEqual(['test_service_key_sums_g1']);
    });

    it.each([
      ['a changed row', "UPDATE SCHEMA.sums SET sum = sum + 1 WHERE key = 'k1'"],
      ['a deleted row', "DELETE FROM SCHEMA.sums WHERE key = 'k2'"],
      ['an invented row', "INSERT INTO SCHEMA.sums VALUES ('x', 0, 0)"],
      ['values that changed places', "UPDATE SCHEMA.sums s SET sum = o.sum FROM SCHEMA.sums o WHERE (s.key, o.key) IN (('k1', 'k2'), ('k2', 'k1'))"],
    ])('finds %s', async (_, sql) => {
      await database.query(sql.replaceAll('SCHEMA', `"${await runner.liveSchema('key-sums')}"`));
      expect(await runner.verify('key-sums')).toMatchObject({ equal: false });
    });

    it('does not look at columns whose names begin with _', async () => {
      await database.query(`UPDATE "${await runner.liveSchema('key-sums')}".sums SET _seen = 'epoch'`);
      expect(await runner.verify('key-sums')).toMatchObject({ equal: true });
    });
  });
});
