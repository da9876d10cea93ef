import { DomainError, type JsonObject } from '@pataka/contracts';
import { fold, type Aggregate, type CommandContext, type Stored } from './aggregate';
import { Database } from './database';
import { createTestDatabase, describeWithDatabase } from './database-testing';
import { EventStore } from './event-store';
import { handle } from './handle';

type CounterEvent = { type: 'counter.opened'; data: { name: string } } | { type: 'counter.raised'; data: { by: number } } | { type: 'counter.closed'; data: Record<string, never> };
type CounterCommand = { type: 'open'; name: string } | { type: 'raise'; by: number } | { type: 'close' };
interface Counter { name: string | null; sum: number; closed: boolean }

const counters: Aggregate<Counter, CounterCommand, CounterEvent> = {
  category: 'counter',
  initialState: { name: null, sum: 0, closed: false },
  decide: (command, state) => {
    if (command.type === 'open') return state.name === null ? [{ type: 'counter.opened', data: { name: command.name } }] : [];
    if (state.name === null) throw new DomainError('flag-not-found');
    if (command.type === 'close') return [{ type: 'counter.closed', data: {} }];
    return command.by === 0 ? [] : [{ type: 'counter.raised', data: { by: command.by } }];
  },
  evolve: (state, event) => {
    if (event.type === 'counter.opened') return { ...state, name: event.data.name };
    if (event.type === 'counter.closed') return { ...state, closed: true };
    return { ...state, sum: state.sum + event.data.by };
  },
  document: (state) => (state.name === null || state.closed ? null : { zeta: state.sum, alpha: state.name }),
  publish: (event, after) => ({ topic: 'counters', key: after.name ?? '', type: event.type, data: { event: event.data, sum: after.sum } }),
};

const context = (more: Partial<CommandContext> = {}): CommandContext => ({ meta: { actor: 'ana', correlationId: 'c1', reason: 'because' }, ...more });
const schema = 'test_service';

describeWithDatabase('EventStore and handle', () => {
  let url: string;
  let drop: () => Promise<void>;
  let database: Database;
  let store: EventStore;
  const open = (): Database => Database.create({ url, name: 'spec', migrations: EventStore.migrations(schema) });
  const storeOn = (on: Database): EventStore => new EventStore({ database: on, schema, service: 'flag-admin', lockId: 77 });
  const raise = (key: string, by: number, more?: Partial<CommandContext>) => handle(store, counters, key, { type: 'raise', by }, context(more));
  const tamper = (sql: string) => database.transaction(async (tx) => {
    await tx.query("SET LOCAL session_replication_role = 'replica'");
    await tx.query(sql);
  });

  beforeEach(async () => {
    ({ url, drop } = await createTestDatabase());
    database = open();
    store = storeOn(database);
  });
  afterEach(async () => {
    await database.close();
    await drop();
  });

  it('appends events, keeps the document and fills the outbox in one go', async () => {
    let announced = 0;
    store.onAppended(() => (announced += 1));
    await handle(store, counters, 'a', { type: 'open', name: 'A' }, context());
    const handled = await raise('a', 5);
    expect(handled).toMatchObject({ document: { alpha: 'A', zeta: 5 }, version: 2, position: 2, replayed: false });
    expect(await store.document('counter', 'a')).toEqual({ key: 'a', version: 2, document: { alpha: 'A', zeta: 5 } });
    expect((await store.load('counter:a')).map(({ type, version, position, meta }) => ({ type, version, position, actor: meta.actor }))).toEqual([
      { type: 'counter.opened', version: 1, position: 1, actor: 'ana' }, { type: 'counter.raised', version: 2, position: 2, actor: 'ana' },
    ]);
    const outbox = await database.query<{ topic: string; key: string; headers: JsonObject; value: string }>(`SELECT topic, key, headers, value FROM ${schema}.outbox ORDER BY id`);
    expect(outbox).toHaveLength(2);
    expect(outbox[1]).toMatchObject({ topic: 'counters', key: 'A', headers: { ce_id: handled.events[0]!.id, ce_type: 'pataka.counter.raised.v1', ce_position: '2', ce_source: '/pataka/flag-admin', ce_correlationid: 'c1' } });
    expect(JSON.parse(outbox[1]!.value)).toEqual({ event: { by: 5 }, sum: 5 });
    expect(announced).toBe(2);
    expect(await store.verify()).toEqual({ events: 2, faults: [] });
  });

  it('answers with the document as it is when nothing changes', async () => {
    await handle(store, counters, 'a', { type: 'open', name: 'A' }, context());
    expect(await raise('a', 0)).toMatchObject({ document: { alpha: 'A', zeta: 0 }, version: 1, position: 1, events: [], replayed: false });
    expect(await store.position()).toBe(1);
  });

  it('refuses a stale version, and says which is current', async () => {
    await handle(store, counters, 'a', { type: 'open', name: 'A' }, context());
    await raise('a', 1, { expectedVersion: 1 });
    const error: DomainError = await raise('a', 1, { expectedVersion: 1 }).then(() => { throw new Error('accepted'); }, (caught) => caught);
    expect([error.code, error.extensions]).toEqual(['version-conflict', { currentVersion: 2 }]);
  });

  it('leaves it to the decider to refuse what is not there', async () => {
    await expect(raise('nobody', 1, { expectedVersion: 3 })).rejects.toMatchObject({ code: 'flag-not-found' });
    await expect(handle(store, counters, 'b', { type: 'open', name: 'B' }, context({ expectedVersion: 3 }))).rejects.toMatchObject({ code: 'version-conflict' });
    expect(await store.position()).toBe(0);
  });

  it('makes exactly as many events as commands it accepts, with 200 at once on 5 streams from two processes', async () => {
    const other = open();
    const stores = [store, storeOn(other)];
    for (const key of ['0', '1', '2', '3', '4']) await handle(store, counters, key, { type: 'open', name: key }, context());
    const results = await Promise.allSettled(Array.from({ length: 200 }, (_, index) =>
      handle(stores[index % 2]!, counters, String(index % 5), { type: 'raise', by: 1 }, context({ expectedVersion: 1 + Math.floor(index / 50) }))));
    const accepted = results.filter(({ status }) => status === 'fulfilled').length;
    const codes = new Set(results.map((result) => (result.status === 'rejected' ? (result.reason as DomainError).code : 'accepted')));
    expect(codes).toEqual(new Set(['accepted', 'version-conflict']));
    expect(accepted).toBeGreaterThanOrEqual(5);
    const events = await store.all({ limit: 1_000 });
    expect(events.map(({ position }) => position)).toEqual(Array.from({ length: 5 + accepted }, (_, index) => index + 1));
    expect(await store.verify()).toEqual({ events: 5 + accepted, faults: [] });
    await other.close();
  });

  it('gives the first answer again for the same idempotency key, also when asked at once and after a restart', async () => {
    await handle(store, counters, 'a', { type: 'open', name: 'A' }, context());
    const idempotency = { key: 'k', fingerprint: 'f' };
    const answers = await Promise.all(Array.from({ length: 10 }, () => raise('a', 7, { idempotency, expectedVersion: 1 })));
    expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
    await raise('a', 1);
    await database.close();
    database = open();
    store = storeOn(database);
    const again = await raise('a', 7, { idempotency, expectedVersion: 1 });
    expect(JSON.stringify({ ...again, replayed: false })).toBe(JSON.stringify(answers.find(({ replayed }) => !replayed)));
    expect(again.replayed).toBe(true);
    await expect(raise('a', 7, { idempotency: { key: 'k', fingerprint: 'other' } })).rejects.toMatchObject({ code: 'idempotency-key-reused' });
    expect(await store.position()).toBe(3);
  });

  it('remembers no answer for a refused command', async () => {
    const idempotency = { key: 'k', fingerprint: 'f' };
    await expect(raise('a', 1, { idempotency })).rejects.toMatchObject({ code: 'flag-not-found' });
    await handle(store, counters, 'a', { type: 'open', name: 'A' }, context());
    expect((await raise('a', 1, { idempotency })).replayed).toBe(false);
  });

  it('lets a command look at other documents without anyone coming between', async () => {
    const unlessTaken = (key: string) => handle(store, counters, key, async (sql) => {
      if (await store.documentAnyCase('counter', key, sql)) throw new DomainError('already-exists');
      return { type: 'open', name: key };
    }, context());
    const results = await Promise.allSettled(['Key', 'key', 'KEY', 'kEy'].map(unlessTaken));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('never takes two keys that differ only in case', async () => {
    await handle(store, counters, 'Key', { type: 'open', name: 'A' }, context());
    await expect(handle(store, counters, 'key', { type: 'open', name: 'A' }, context())).rejects.toMatchObject({ code: 'already-exists' });
    expect(await store.position()).toBe(1);
  });

  it('lists documents by key, by prefix and in pages, and none for a stream without one', async () => {
    for (const key of ['b1', 'a2', 'B2', 'a1', 'a_', 'a%']) await handle(store, counters, key, { type: 'open', name: key }, context());
    await handle(store, counters, 'a2', { type: 'close' }, context());
    const keys = async (options: Parameters<EventStore['documents']>[1]) => (await store.documents('counter', options)).map(({ key }) => key);
    expect(await keys({})).toEqual(['B2', 'a%', 'a1', 'a_', 'b1']);
    expect(await keys({ prefix: 'a' })).toEqual(['a%', 'a1', 'a_']);
    expect(await keys({ after: 'a%', limit: 2 })).toEqual(['a1', 'a_']);
    expect(await store.verify()).toEqual({ events: 7, faults: [] });
  });

  it('reads a stream as of an instant', async () => {
    let at = '2026-01-01T00:00:00.000Z';
    store = new EventStore({ database, schema, service: 'flag-admin', lockId: 77, now: () => at });
    await handle(store, counters, 'a', { type: 'open', name: 'A' }, context());
    at = '2026-01-02T00:00:00Z';
    await raise('a', 5);
    expect(fold(counters, await store.load('counter:a', { until: '2026-01-01T12:00:00+05:30' })).state.sum).toBe(0);
    expect(fold(counters, await store.load('counter:a', { until: at })).state.sum).toBe(5);
    expect((await store.history('counter:a', { after: 1 })).map(({ at: when }) => when)).toEqual(['2026-01-02T00:00:00.000Z']);
  });

  it('reads old events in their newest shape, and stops at one from the future', async () => {
    const newer: Aggregate<Counter, CounterCommand, CounterEvent> = {
      ...counters, schemaVersions: { 'counter.raised': 2 },
      upcast: (type, version, data) => (type === 'counter.raised' && version === 1 ? { by: Number(data['by']) * 100 } : data),
    };
    await handle(store, counters, 'a', { type: 'open', name: 'A' }, context());
    await raise('a', 1);
    expect((await handle(store, newer, 'a', { type: 'raise', by: 5 }, context())).document).toEqual({ zeta: 105, alpha: 'A' });
    expect((await store.load('counter:a')).map(({ schemaVersion }) => schemaVersion)).toEqual([1, 1, 2]);
    await expect(raise('a', 1)).rejects.toBeInstanceOf(RangeError);
  });

  it('refuses to change or delete events', async () => {
    await handle(store, counters, 'a', { type: 'open', name: 'A' }, context());
    for (const sql of ['UPDATE test_service.events SET type = type', 'DELETE FROM test_service.events', 'TRUNCATE test_service.events']) {
      await expect(database.query(sql)).rejects.toThrow('events are only ever appended');
    }
  });

  describe('verify', () => {
    beforeEach(async () => {
      await handle(store, counters, 'a', { type: 'open', name: 'A' }, context());
      for (let by = 1; by <= 5; by += 1) await raise('a', by);
    });

    const faults = async (): Promise<string[]> => (await store.verify()).faults;

    it('finds nothing wrong with odd numbers, texts and member orders', async () => {
      const odd = { z: 1e21, a: -0, b: 0.1, c: 1.0, d: 1e-7, é: '\u2028"\\/', A: [null, [], {}], n: 123456789012345.67 };
      const raised: CounterEvent['data'] = { by: 1, ...odd };
      const oddly: typeof counters = { ...counters, decide: () => [{ type: 'counter.raised', data: raised }] };
      await handle(store, oddly, 'a', { type: 'close' }, context());
      store.register(counters);
      expect(await faults()).toEqual([]);
    });

    it.each([
      ['a changed byte of data', `UPDATE ${schema}.events SET data = '{"by": 4}' WHERE position = 4`, 'position 4 '],
      ['a changed author', `UPDATE ${schema}.events SET meta = meta || '{"actor": "eve"}' WHERE position = 3`, 'position 3 '],
      ['an instant moved by a microsecond', `UPDATE ${schema}.events SET at = at + interval '1 microsecond' WHERE position = 2`, 'position 2 '],
      ['a flipped bit of a hash', `UPDATE ${schema}.events SET hash = set_bit(hash, 0, 1 - get_bit(hash, 0)) WHERE position = 2`, 'position 2 '],
      ['a deleted event', `DELETE FROM ${schema}.events WHERE position = 3`, 'position 4 follows 2'],
      ['a deleted last event', `DELETE FROM ${schema}.events WHERE position = 6`, 'the chain ends at position 5'],
      ['swapped events', `UPDATE ${schema}.events SET data = CASE position WHEN 2 THEN '{"by": 2}'::jsonb ELSE '{"by": 1}' END WHERE position IN (2, 3)`, 'position 2 '],
      ['a changed document', `UPDATE ${schema}.documents SET document = '{"alpha": "A", "zeta": 16}'`, 'document counter:a is not the fold'],
      ['a deleted document', `DELETE FROM ${schema}.documents`, 'document counter:a is missing'],
      ['an invented document', `INSERT INTO ${schema}.documents VALUES ('counter', 'x', 1, 1, '{}')`, 'document counter:x has no events'],
    ])('finds %s', async (_, sql, expected) => {
      expect(await faults()).toEqual([]);
      await tamper(sql);
      expect(await faults()).toEqual(expect.arrayContaining([expect.stringContaining(expected)]));
    });

    it('finds rows that changed places', async () => {
      const [, second] = await store.all() as [Stored, Stored];
      await tamper(`UPDATE ${schema}.events SET position = 100 WHERE position = 2; UPDATE ${schema}.events SET position = 2 WHERE position = 3; UPDATE ${schema}.events SET position = 3 WHERE position = 100`);
      expect(second.position).toBe(2);
      expect((await faults()).length).toBeGreaterThan(0);
    });
  });
});
