import { randomUUID } from 'node:crypto';
import type { Correction, Experiment, JsonValue, Metric } from '@pataka/contracts';
import { topics } from '@pataka/contracts';
import { Database, type ProjectionRunner, type EventBatch, type LogRecord, type Projection, type ReceivedEvent } from '@pataka/event-sourcing';
import { evidenceDdl, evidenceIndexes, evidenceTables } from './evidence-tables';

/** `describe` where there is a PostgreSQL; elsewhere it says so, and with CI set the suite fails. */
export const describeWithDatabase = (title: string, suite: () => void): void => {
  if (process.env['TEST_DATABASE_URL'] !== undefined || process.env['CI'] === 'true') describe(title, suite);
  else describe.skip(`${title} [left out: TEST_DATABASE_URL is not set]`, suite);
};

export const openTestDatabase = (): Database => {
  const url = process.env['TEST_DATABASE_URL'];
  if (url === undefined) throw new Error('TEST_DATABASE_URL is not set: this test needs a PostgreSQL');
  return Database.create({ url, name: 'analytics-spec', migrations: [] });
};

/** A generation of the evidence of its own. */
export const newGeneration = async (database: Database): Promise<string> => {
  const schema = `evidence_test_${randomUUID().replaceAll('-', '')}`;
  await database.transaction(async (sql) => {
    await sql.query(`create schema ${schema}`);
    for (const statement of `${evidenceDdl(schema)}${evidenceIndexes(schema)}`.split(';')) if (statement.trim() !== '') await sql.query(statement);
  });
  return schema;
};

export const dropGeneration = async (database: Database, schema: string): Promise<void> => {
  await database.query(`drop schema ${schema} cascade`);
};

/** What reads a generation that nobody replays. */
export const livingIn = (schema: string): Pick<ProjectionRunner, 'liveSchema' | 'readLive'> => ({
  liveSchema: () => Promise.resolve(schema),
  readLive: async (_, read) => ({ ...(await read({ schema, offsets: `'{}'::json` })), offsets: {} }),
});

/** Every row of every table as text, in one order. */
export const dump = async (database: Database, schema: string): Promise<Record<string, string[]>> => {
  const tables: Record<string, string[]> = {};
  for (const table of evidenceTables) {
    const rows = await database.query<{ row: string }>(`select t::text as row from ${schema}.${table} t order by t::text collate "C"`);
    tables[table] = rows.map(({ row }) => row);
  }
  return tables;
};

export interface TestEvent { topic: string; id: string; type: string; data: object }

export const batchOf = (topic: string, events: readonly TestEvent[]): EventBatch => {
  const record: LogRecord = { topic, partition: 0, offset: '0', key: null, headers: {}, value: null, timestamp: 0 };
  const received = events.map((event, index): ReceivedEvent => (
    { id: event.id, type: event.type, source: '/test', subject: null, time: null, data: event.data as JsonValue, position: null, schemaVersion: 1, index, record }));
  return { topic, partition: 0, events: received, refused: [], records: [record], firstOffset: '0', nextOffset: '1', highWatermark: '1' };
};

/** Consecutive events of one topic together, as a consumer would get them. */
export const batchesOf = (events: readonly TestEvent[], most: number): EventBatch[] => {
  const batches: TestEvent[][] = [];
  for (const event of events) {
    const last = batches.at(-1);
    if (last !== undefined && last[0]!.topic === event.topic && last.length < most) last.push(event);
    else batches.push([event]);
  }
  return batches.map((batch) => batchOf(batch[0]!.topic, batch));
};

export const applyAll = async (database: Database, projection: Projection, schema: string, batches: readonly EventBatch[]): Promise<void> => {
  for (const batch of batches) await database.transaction((sql) => projection.apply(sql, schema, batch));
};

export const experimentEvent = (id: string, version: number, more: Partial<Experiment>): TestEvent => ({
  topic: topics.experimentEvents.name, id: randomUUID(), type: 'pataka.experiment.updated.v1',
  data: { change: {}, actor: 'test', experiment: {
    id, key: `${id}-key`, version, status: 'ACTIVE', type: 'AB_TEST', environment: 'production', flagKey: id, strategy: { type: 'FIXED' }, linked: true, phase: 1,
    phases: [{ phase: 1, from: '2026-01-01T00:00:00Z', weights: { control: 0.5, treatment: 0.5 } }], rollout: { percentage: 100, step: 0, nextStepAt: null },
    variants: [{ id: 'control', name: 'Control', weight: 0.5, config: false, isControl: true }, { id: 'treatment', name: 'Treatment', weight: 0.5, config: true }],
    successMetrics: ['buy'], guardrailMetrics: [], safetyMetrics: ['error'], createdBy: 'test', createdAt: '2026-01-01T00:00:00Z', updatedAt: '2026-01-01T00:00:00Z', ...more,
  } satisfies Experiment },
});

export const metricEvent = (metric: Partial<Metric> & { key: string; version: number }): TestEvent => ({
  topic: topics.metricChanges.name, id: randomUUID(), type: 'pataka.metric.created.v1',
  data: { change: 'created', actor: 'test', metric: { createdBy: 'test', createdAt: '2026-01-01T00:00:00Z', updatedAt: '2026-01-01T00:00:00Z', ...metric } },
});

export const correctionEvent = (id: string, version: number, more: Partial<Correction>): TestEvent => ({
  topic: topics.metricChanges.name, id: randomUUID(), type: 'pataka.correction.created.v1',
  data: { change: 'created', actor: 'test', correction: { id, version, kind: 'subjects', reason: 'test', status: 'active', createdBy: 'test', createdAt: '2026-01-01T00:00:00Z', ...more } satisfies Correction },
});

export const exposureEvent = (id: string, data: object): TestEvent => ({ topic: topics.exposures.name, id, type: 'pataka.exposure.v1', data });
export const conversionEvent = (id: string, data: object): TestEvent => ({ topic: topics.conversions.name, id, type: 'pataka.conversion.v1', data });
