import type { Database, EventBatch, Projection, Sql } from '@pataka/event-sourcing';
import { evidenceProjection } from './evidence.projection';
import {
  applyAll, batchesOf, batchOf, conversionEvent, describeWithDatabase, dropGeneration, dump, experimentEvent, exposureEvent, newGeneration, openTestDatabase, type TestEvent,
} from './evidence-testing';

const metric = { key: 'spend', type: 'mean', event: 'buy' } as const;
const definition = experimentEvent('exp', 1, { successMetrics: [metric] });
const seen = (id: number, data: object = {}): TestEvent =>
  exposureEvent(`seen ${id}`, { targetingKey: 'u', experimentId: 'exp', variant: 'control', occurredAt: `2026-01-02T00:00:${10 + id}Z`, ...data });
const bought = (id: number, data: object = {}): TestEvent =>
  conversionEvent(`bought ${id}`, { targetingKey: 'u', metric: 'buy', value: id, occurredAt: `2026-01-03T00:00:${10 + id}Z`, ...data });
const one = (event: TestEvent): EventBatch => batchOf(event.topic, [event]);

describeWithDatabase('subjects held between transactions', () => {
  let database: Database;
  let schema: string;
  let live: Projection;

  beforeAll(() => (database = openTestDatabase()));
  afterAll(() => database.close());
  beforeEach(async () => {
    schema = await newGeneration(database);
    live = evidenceProjection();
    await applyAll(database, live, schema, [one(definition)]);
  });
  afterEach(() => dropGeneration(database, schema));

  /** Applies an event and answers how often subjects, plans or keys had to be read for it. */
  const reads = (projection: Projection, event: TestEvent): Promise<number> => database.transaction(async (sql) => {
    let count = 0;
    const counting: Sql = {
      query: (text, parameters) => {
        if (/^select .*(from \S+\.(subject|subject_key|experiment) )/.test(text) || text.includes('select exists')) count += 1;
        return sql.query(text, parameters);
      },
      copy: (into, rows) => sql.copy(into, rows),
    };
    expect(await projection.apply(counting, schema, one(event))).toEqual([]);
    return count;
  });

  const expectEvidenceOf = async (events: readonly TestEvent[]): Promise<void> => {
    const straight = await newGeneration(database);
    await applyAll(database, evidenceProjection(), straight, batchesOf([definition, ...events], 100));
    const expected = await dump(database, straight);
    await dropGeneration(database, straight);
    expect(await dump(database, schema)).toEqual(expected);
  };

  it('are not read again by the process that wrote them last', async () => {
    expect(await reads(live, seen(1))).toBeGreaterThan(0);
    await reads(live, bought(1));
    expect(await reads(live, bought(2))).toBe(0);
    expect(await reads(live, seen(0))).toBe(0);
    await expectEvidenceOf([seen(0), seen(1), bought(1), bought(2)]);
  });

  it('are read again once another process has written their shard', async () => {
    await applyAll(database, live, schema, [one(seen(1)), one(bought(1))]);
    await applyAll(database, evidenceProjection(), schema, [one(bought(2))]);
    expect(await reads(live, bought(3))).toBeGreaterThan(0);
    await expectEvidenceOf([seen(1), bought(1), bought(2), bought(3)]);
  });

  it('are the same when two processes take turns on one shard', async () => {
    const events = [seen(5), bought(1), seen(3, { variant: 'treatment' }), bought(2), bought(3), seen(1, { targetingKey: 'k', unit: 'u' }), bought(4, { targetingKey: 'k' }), bought(5), bought(6)];
    const processes = [live, evidenceProjection()];
    for (const [index, event] of events.entries()) await applyAll(database, processes[(index * 7 + (index >> 1)) % 2]!, schema, [one(event)]);
    await expectEvidenceOf(events);
  });

  it('stay as they were when a transaction is rolled back', async () => {
    await applyAll(database, live, schema, [one(seen(1)), one(bought(1))]);
    const undone = database.transaction(async (sql) => {
      await live.apply(sql, schema, one(seen(0)));
      await live.apply(sql, schema, one(bought(7)));
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    const once = database.transaction(async (sql) => {
      await live.apply(sql, schema, one(bought(8)));
      throw new Error('undone');
    });
    await expect(once).rejects.toThrow('undone');
    await reads(live, bought(2));
    expect(await reads(live, bought(3))).toBe(0);
    await expectEvidenceOf([seen(1), bought(1), bought(2), bought(3)]);
  });

  it('outlive a transaction that was rolled back', async () => {
    await applyAll(database, live, schema, [one(seen(1)), one(bought(1))]);
    await expect(database.transaction(async (sql) => {
      await live.apply(sql, schema, one(bought(8)));
      throw new Error('undone');
    })).rejects.toThrow('undone');
    expect(await reads(live, bought(2))).toBe(0);
    await expectEvidenceOf([seen(1), bought(1), bought(2)]);
  });

  it('are kept through a savepoint that is rolled back', async () => {
    await applyAll(database, live, schema, [one(seen(1)), one(bought(1))]);
    await database.transaction(async (sql) => {
      await live.apply(sql, schema, one(bought(2)));
      await sql.query('savepoint part');
      await live.apply(sql, schema, one(bought(9)));
      await sql.query('rollback to savepoint part');
      await live.apply(sql, schema, one(bought(3)));
    });
    await applyAll(database, live, schema, [one(bought(4))]);
    await expectEvidenceOf([seen(1), bought(1), bought(2), bought(3), bought(4)]);
  });

  it('are forgotten when a definition changes or a copy of an event replaces another', async () => {
    await applyAll(database, live, schema, [one(seen(1)), one(bought(1)), one(bought(2))]);
    const second = experimentEvent('exp', 2, { successMetrics: [metric, { key: 'most', type: 'mean', aggregation: 'max', event: 'buy' }] });
    const replacing = bought(2, { occurredAt: '2026-01-02T12:00:00Z' });
    await applyAll(database, live, schema, [one(second), one(bought(3)), one(replacing), one(bought(4))]);
    await expectEvidenceOf([seen(1), second, bought(1), replacing, bought(3), bought(4)]);
  });

  it('are told apart from units without any, of which there are no subjects to read again', async () => {
    await reads(live, bought(1, { targetingKey: 'nobody' }));
    expect(await reads(live, bought(2, { targetingKey: 'nobody' }))).toBe(0);
    await applyAll(database, live, schema, [one(seen(1, { targetingKey: 'nobody' })), one(bought(3, { targetingKey: 'nobody' }))]);
    await expectEvidenceOf([seen(1, { targetingKey: 'nobody' }), ...[1, 2, 3].map((id) => bought(id, { targetingKey: 'nobody' }))]);
  });
});
