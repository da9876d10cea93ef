import { partitionFor, type Database } from '@pataka/event-sourcing';
import { topics } from '@pataka/contracts';
import fc from 'fast-check';
import { EvidenceReader } from '../results/evidence-reader';
import { wholePeriod } from '../results/period';
import { reportOf } from '../results/report';
import { evidenceFill } from './evidence-fill';
import { evidenceProjection } from './evidence.projection';
import {
  applyAll, batchesOf, conversionEvent, correctionEvent, describeWithDatabase, dropGeneration, dump, experimentEvent, exposureEvent, livingIn, metricEvent, newGeneration, openTestDatabase, type TestEvent,
} from './evidence-testing';

const instant = fc.integer({ min: 0, max: 96 }).map((hours) => new Date(Date.UTC(2026, 0, 1) + hours * 3_600_000).toISOString());
const units = ['u1', 'u2', 'u3', 'u4', 'u5'];
// Few ids, so that many events are copies of one another, some of them different.
const exposures = fc.array(fc.record({
  id: fc.integer({ min: 0, max: 14 }), targetingKey: fc.constantFrom(...units), unit: fc.constantFrom(undefined, undefined, 'fleet1', 'fleet2'), occurredAt: instant,
  experimentId: fc.constantFrom('exp1', 'exp1', 'exp2', 'exp3'), variant: fc.constantFrom('control', 'treatment', 'treatment', 'gone'), phase: fc.constantFrom(undefined, 1, 2),
  attributes: fc.constantFrom(undefined, { role: 'staff' }, { region: 'pune' }, { region: 'mumbai', fleet_size: 12 }),
}), { minLength: 1, maxLength: 20 });
const conversions = fc.array(fc.record({
  id: fc.integer({ min: 0, max: 24 }), targetingKey: fc.constantFrom(...units), unit: fc.constantFrom(undefined, undefined, undefined, 'fleet1'), occurredAt: instant,
  metric: fc.constantFrom('buy', 'visit', 'error', 'driver_score'), value: fc.constantFrom(undefined, 1, -2.5, 0.1, 1e12), experimentId: fc.constantFrom(undefined, undefined, 'exp1', 'exp2'),
}), { maxLength: 30 });

const defined = (value: object): object => Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined));
const metrics = ['buy', 'spend', 'longest', 'ratio'];
const phases = [{ phase: 1, from: '2026-01-01T00:00:00Z', weights: { control: 0.5, treatment: 0.5 } }, { phase: 2, from: '2026-01-02T12:00:00Z', weights: { control: 0.2, treatment: 0.8 } }];
const definitions: TestEvent[] = [
  experimentEvent('exp1', 1, { successMetrics: ['buy'] }),
  experimentEvent('exp1', 2, { successMetrics: metrics, phases, plan: { cuped: true }, segments: ['region', 'fleet_size'], exclusions: [{ name: 'staff', conditions: [{ attribute: 'role', operator: 'equals', value: 'staff' }] }] }),
  experimentEvent('exp2', 1, { successMetrics: [{ key: 'visit', type: 'mean', aggregation: 'last', windowHours: 30 }, { key: 'median', type: 'quantile', event: 'visit', quantile: 0.5 }], bucketBy: 'fleet_id' }),
  metricEvent({ key: 'spend', version: 1, type: 'mean', event: 'buy', cap: 5 }), metricEvent({ key: 'spend', version: 2, type: 'mean', event: 'buy' }),
  metricEvent({ key: 'longest', version: 1, type: 'mean', event: 'visit', aggregation: 'max' }),
  metricEvent({ key: 'ratio', version: 1, type: 'ratio', event: 'buy', denominatorEvent: 'visit' }),
];

const corrections: TestEvent[] = [
  correctionEvent('c1', 1, { kind: 'values', metric: 'visit', subjects: ['u1', 'fleet1'], from: '2026-01-01T12:00:00Z', until: '2026-01-03T00:00:00Z', action: 'multiply', factor: 0.25 }),
  correctionEvent('c2', 1, { kind: 'subjects', subjects: ['u2', 'fleet2'] }), correctionEvent('c2', 2, { kind: 'subjects', subjects: ['u2', 'fleet2'], status: 'reverted' }),
  correctionEvent('c3', 1, { kind: 'broken', experimentId: 'exp1', variantId: 'treatment', from: '2026-01-02T00:00:00Z', until: '2026-01-02T18:00:00Z' }),
  correctionEvent('c4', 1, { kind: 'subjects', subjects: ['u5'], experimentId: 'exp2' }), correctionEvent('c5', 1, { kind: 'subjects', conditions: [{ attribute: 'region', operator: 'equals', value: 'pune' }], experimentId: 'exp2' }),
];

const story = fc.tuple(exposures, conversions, fc.subarray(corrections)).map(([seen, done, corrected]) => [
  ...definitions, ...corrected,
  ...seen.map(({ id, ...data }) => exposureEvent(`exposure ${id}`, defined(data))),
  ...done.map(({ id, ...data }) => conversionEvent(`conversion ${id}`, defined(data))),
]);
const shuffled = (events: TestEvent[]) => fc.shuffledSubarray([...events, ...events], { minLength: events.length * 2, maxLength: events.length * 2 });
const runs = Number(process.env['PROPERTY_RUNS'] ?? 40);

describeWithDatabase('evidence in PostgreSQL', () => {
  let database: Database;
  const projection = evidenceProjection();

  beforeAll(() => (database = openTestDatabase()));
  afterAll(() => database.close());

  /** The bytes of every report but for the offsets. */
  const reportsOf = async (schema: string): Promise<string[]> => {
    const reader = new EvidenceReader(database, livingIn(schema));
    const inputs = await Promise.all(['exp1', 'exp2'].map((id) => reader.input(id)));
    return inputs.map((input) => JSON.stringify(reportOf(input, wholePeriod(input))));
  };

  const evidenceOf = async (consume: (schema: string) => Promise<void>): Promise<Record<string, string[]>> => {
    const schema = await newGeneration(database);
    try {
      await consume(schema);
      return { ...(await dump(database, schema)), reports: await reportsOf(schema) };
    } finally {
      await dropGeneration(database, schema);
    }
  };

  /** As a rebuild does: definitions first, then shard by shard, several at a time. A foreign producer puts every seventh event where it likes. */
  const fillAll = async (schema: string, events: readonly TestEvent[], { most, mostSubjects, foreign }: { most: number; mostSubjects: number; foreign: boolean }): Promise<void> => {
    const fill = evidenceFill(mostSubjects);
    const isHot = ({ topic }: TestEvent): boolean => fill.laneOf(topic, 0) !== null;
    await applyAll(database, projection, schema, batchesOf(events.filter((event) => !isHot(event)), most));
    const shardOf = (event: TestEvent, index: number): number => {
      const { unit, targetingKey } = event.data as { unit?: string; targetingKey: string };
      return foreign && index % 7 === 0 ? index % 12 : partitionFor(unit ?? targetingKey, 12);
    };
    const placed = events.filter(isHot).map((event, index) => ({ event, shard: shardOf(event, index) }));
    await Promise.all([...new Set(placed.map(({ shard }) => shard))].map(async (shard) => {
      const lane = fill.open(schema, shard);
      const own = placed.filter((one) => one.shard === shard).map(({ event }) => event);
      for (const topic of [topics.exposures.name, topics.conversions.name]) {
        for (const batch of batchesOf(own.filter((event) => event.topic === topic), most)) {
          (await database.transaction((sql) => lane.take(sql, batch)))();
          if (lane.full()) (await database.transaction((sql) => lane.flush(sql)))();
        }
      }
      (await database.transaction((sql) => lane.flush(sql)))();
    }));
    await fill.finish(database, schema);
  };

  it('is the same for every order, repetition and lateness of the same events', async () => {
    await fc.assert(fc.asyncProperty(story.chain((events) => fc.tuple(fc.constant(events), shuffled(events), fc.integer({ min: 1, max: 10 }))), async ([events, delivered, most]) => {
      const straight = await evidenceOf((schema) => applyAll(database, projection, schema, batchesOf(events, 1000)));
      const other = await evidenceOf((schema) => applyAll(database, projection, schema, batchesOf(delivered, most)));
      expect(other).toEqual(straight);
    }), { numRuns: runs, endOnFailure: true });
  }, 600_000);

  it('is the same when several processes take turns, each with what it holds in memory', async () => {
    const turns = fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 7, maxLength: 7 });
    await fc.assert(fc.asyncProperty(story.chain((events) => fc.tuple(fc.constant(events), shuffled(events), turns, fc.integer({ min: 1, max: 6 }))), async ([events, delivered, turn, most]) => {
      const straight = await evidenceOf((schema) => applyAll(database, projection, schema, batchesOf(events, 1000)));
      const other = await evidenceOf(async (schema) => {
        const processes = [evidenceProjection(), evidenceProjection()];
        for (const [index, batch] of batchesOf(delivered, most).entries()) await applyAll(database, processes[turn[index % turn.length]!]!, schema, [batch]);
      });
      expect(other).toEqual(straight);
    }), { numRuns: runs, endOnFailure: true });
  }, 600_000);

  it('is the same when consumers of several partitions meet at one subject', async () => {
    await fc.assert(fc.asyncProperty(story.chain((events) => fc.tuple(fc.constant(events), shuffled(events))), async ([events, delivered]) => {
      const straight = await evidenceOf((schema) => applyAll(database, projection, schema, batchesOf(events, 1000)));
      const other = await evidenceOf(async (schema) => {
        const batches = batchesOf(delivered, 5);
        // Two in one process, and one in another.
        const [one, another] = [evidenceProjection(), evidenceProjection()];
        await Promise.all([one, one, another].map((worker, turn) => applyAll(database, worker, schema, batches.filter((_, index) => index % 3 === turn))));
      });
      expect(other).toEqual(straight);
    }), { numRuns: Math.ceil(runs / 2), endOnFailure: true });
  }, 600_000);

  it('is the same when a rebuild fills it shard by shard', async () => {
    const hot = fc.integer({ min: 1, max: 10 });
    await fc.assert(fc.asyncProperty(story.chain((events) => fc.tuple(fc.constant(events), shuffled(events), hot, hot, fc.boolean())), async ([events, delivered, most, mostSubjects, foreign]) => {
      const straight = await evidenceOf((schema) => applyAll(database, projection, schema, batchesOf(events, 1000)));
      const other = await evidenceOf((schema) => fillAll(schema, delivered, { most, mostSubjects, foreign }));
      expect(other).toEqual(straight);
    }), { numRuns: runs, endOnFailure: true });
  }, 600_000);

  it('is the same when large batches repeat each other and differ', async () => {
    const at = (index: number): string => new Date(Date.UTC(2026, 0, 2) + index * 1000).toISOString();
    const seen = units.map((unit, index) => exposureEvent(`seen ${unit}`, { targetingKey: unit, experimentId: 'exp1', variant: index % 2 === 0 ? 'control' : 'treatment', occurredAt: '2026-01-01T00:00:00Z' }));
    const bought = (index: number, secondsLater = 0): TestEvent =>
      conversionEvent(`bought ${index}`, { targetingKey: units[index % 2], metric: 'buy', value: index, occurredAt: at(index + secondsLater) });
    const from = (start: number, count: number, secondsLater = 0): TestEvent[] => Array.from({ length: count }, (_, index) => bought(start + index, secondsLater));
    // The second batch is new but for one, the third known but for copies that come before what is archived.
    const batches = [[...definitions, ...seen], from(0, 300, 5), [...from(301, 300), bought(7)], from(0, 250)].flatMap((events) => batchesOf(events, 1000));
    const straight = await evidenceOf((schema) => applyAll(database, projection, schema, batchesOf([...definitions, ...seen, ...from(0, 250), ...from(250, 50, 5), ...from(301, 300)], 100)));
    expect(await evidenceOf((schema) => applyAll(database, projection, schema, batches))).toEqual(straight);
    expect(await evidenceOf((schema) => fillAll(schema, [...definitions, ...seen, ...from(0, 300, 5), ...from(301, 300), bought(7), ...from(0, 250)], { most: 1000, mostSubjects: 100, foreign: true }))).toEqual(straight);
  }, 120_000);

  it('is held by its reader until a shard or a definition changes', async () => {
    const schema = await newGeneration(database);
    const [reader, take] = [new EvidenceReader(database, livingIn(schema)), (...events: TestEvent[]) => applyAll(database, projection, schema, batchesOf(events, 100))];
    const expectFresh = async (): Promise<void> => expect(await reader.input('exp1')).toEqual(await new EvidenceReader(database, livingIn(schema)).input('exp1'));
    await take(experimentEvent('exp1', 1, {}), exposureEvent('seen', { targetingKey: 'u1', experimentId: 'exp1', variant: 'control', occurredAt: '2026-01-01T00:00:00Z' }));
    const first = await reader.input('exp1');
    expect((await reader.input('exp1')).rows).toBe(first.rows);
    await take(conversionEvent('bought', { targetingKey: 'u1', metric: 'buy', occurredAt: '2026-01-01T01:00:00Z' }));
    expect((await reader.input('exp1')).rows).not.toEqual(first.rows);
    await expectFresh();
    await take(metricEvent({ key: 'buy', version: 1, type: 'mean' }));
    expect((await reader.input('exp1')).catalogue.get('buy')).toMatchObject({ type: 'mean' });
    await expectFresh();
    await take(experimentEvent('exp1', 2, { successMetrics: ['other'] }));
    expect((await reader.input('exp1')).experiment.version).toBe(2);
    await expectFresh();
    await dropGeneration(database, schema);
  });

  it('refuses what is no event, and takes the rest of the batch', async () => {
    const schema = await newGeneration(database);
    const good = exposureEvent('e1', { targetingKey: 'u', experimentId: 'exp1', variant: 'control', occurredAt: '2026-01-01T00:00:00Z' });
    const bad = [{ ...good, id: 'e2', data: { ...good.data, occurredAt: 'yesterday' } }, { ...good, id: 'e3', data: { ...good.data, targetingKey: '\u0000' } }, { ...good, id: 'e4', data: [] }];
    const refused = await database.transaction((sql) => projection.apply(sql, schema, batchesOf([...bad, good], 10)[0]!));
    expect(refused.map(({ index, reason }) => [index, reason.split(' ')[0]])).toEqual([[0, '/occurredAt'], [1, '/targetingKey'], [2, expect.any(String)]]);
    expect((await dump(database, schema))['exposure_archive']).toHaveLength(1);
    await dropGeneration(database, schema);
  });
});
