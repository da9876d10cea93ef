import { performance } from 'node:perf_hooks';
import { topics } from '@pataka/contracts';
import { Database, decodeBatch, encodeEventBatch, cloudEventJson, uuidv7, type EventBatch, type LogRecord } from '@pataka/event-sourcing';
import { batchOf, dropGeneration, experimentEvent, newGeneration } from './evidence/evidence-testing';
import { evidenceProjection } from './evidence/evidence.projection';
import { shardOf, SHARDS } from './evidence/weighing';

/** Events a second from log records to evidence: `DATABASE_URL=… node dist/evidence.bench.js [events] [subjects]`. */
const [events, subjects] = [Number(process.argv[2] ?? 400_000), Number(process.argv[3] ?? 40_000)];
const START = Date.UTC(2026, 0, 1);
const PER_RECORD = 250;
// The pace at which the events once happened.
const PER_MS = 10;

interface Hot { topic: string; type: string; partition: number; data: object; time: string }

const exposureOf = (index: number): Hot => {
  const [unit, time] = [`driver-${index}`, new Date(START + Math.floor(index / PER_MS)).toISOString()];
  const data = {
    targetingKey: unit, unit, phase: 1, experimentId: 'bench', flagKey: 'bench', variant: index % 2 === 0 ? 'control' : 'treatment', environment: 'production', occurredAt: time,
    attributes: { region: 'mumbai', fleet_size: 12 }, receipt: { flagVersion: 3, position: 812, ruleId: 'exp', bucket: index % 100_000, probability: 0.5, engine: '1.0.0' }, receivedAt: time,
  };
  return { topic: topics.exposures.name, type: 'pataka.exposure.v1', partition: shardOf(unit), data, time };
};
const conversionOf = (index: number): Hot => {
  const [unit, time] = [`driver-${(index * 7919) % subjects}`, new Date(START + Math.floor((subjects + index) / PER_MS)).toISOString()];
  const data = { targetingKey: unit, metric: index % 3 === 0 ? 'buy' : 'spend', value: (index % 1000) / 10, environment: 'production', occurredAt: time, receivedAt: time };
  return { topic: topics.conversions.name, type: 'pataka.conversion.v1', partition: shardOf(unit), data, time };
};

/** What a consumer would be handed: per partition, batches of some thousand events in records of a few hundred. */
const recordsOf = (hots: readonly Hot[]): LogRecord[] => {
  const groups = new Map<number, Hot[]>();
  for (const hot of hots) groups.set(hot.partition, [...(groups.get(hot.partition) ?? []), hot]);
  return [...groups].flatMap(([partition, group]) => {
    const records: LogRecord[] = [];
    for (let start = 0; start < group.length; start += PER_RECORD) {
      const texts = group.slice(start, start + PER_RECORD).map(({ type, data, time }) => cloudEventJson({ id: uuidv7(), type, source: '/bench', time, data }));
      for (const { topic, key, headers, value } of encodeEventBatch({ topic: group[0]!.topic, partition, events: texts })) {
        records.push({ topic, key, headers, value: Buffer.from(value as string), partition, offset: String(records.length), timestamp: START });
      }
    }
    return records;
  });
};

const batchesOf = (records: readonly LogRecord[], perBatch: number): LogRecord[][] => {
  const batches: LogRecord[][] = [];
  for (const record of records) {
    const last = batches.at(-1);
    if (last !== undefined && last[0]!.partition === record.partition && last.length < perBatch) last.push(record);
    else batches.push([record]);
  }
  return batches;
};

const decode = (records: LogRecord[]): EventBatch => {
  const next = String(Number(records.at(-1)!.offset) + 1);
  return decodeBatch({ topic: records[0]!.topic, partition: records[0]!.partition, records, nextOffset: next, highWatermark: next });
};

const hotsOf = (count: number, make: (index: number) => Hot): Hot[] => Array.from({ length: count }, (_, index) => make(index));

const main = async (): Promise<void> => {
  const url = process.env['DATABASE_URL'];
  if (url === undefined) throw new Error('DATABASE_URL is not set');
  const database = Database.create({ url, name: 'bench', migrations: [] });
  const projection = evidenceProjection();
  const conversions = Math.max(0, events - subjects);
  const stages = [hotsOf(subjects, exposureOf), hotsOf(conversions, conversionOf)].map((hots) => batchesOf(recordsOf(hots), 20));
  for (const workers of [1, 2]) {
    const schema = await newGeneration(database);
    const definition = experimentEvent('bench', 1, { successMetrics: ['buy', { key: 'spend', type: 'mean' }] });
    await database.transaction((sql) => projection.apply(sql, schema, batchOf(definition.topic, [definition])));
    const begin = performance.now();
    for (const [stage, batches] of stages.entries()) {
      const stageBegin = performance.now();
      const count = stage === 0 ? subjects : conversions;
      await Promise.all(Array.from({ length: workers }, async (_, worker) => {
        for (const batch of batches.filter(([record]) => record!.partition % workers === worker)) await database.transaction((sql) => projection.apply(sql, schema, decode(batch)));
      }));
      console.log(`${workers} consumer(s), ${stage === 0 ? 'exposures' : 'conversions'}: ${Math.round(count / ((performance.now() - stageBegin) / 1000))} events/s`);
    }
    console.log(`${workers} consumer(s), all: ${Math.round((subjects + conversions) / ((performance.now() - begin) / 1000))} events/s over ${SHARDS} partitions`);
    await dropGeneration(database, schema);
  }
  await database.close();
};

void main();
