import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { Controller, type INestMicroservice, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern, type MicroserviceOptions } from '@nestjs/microservices';
import { cloudEventJson, encodeEventBatch } from './cloud-event';
import type { EventBatch } from './event-batch';
import { until } from './event-log.contract';
import { EventLogTransport, RethrowConsumerErrors } from './event-log-transport';
import { PostgresEventLog } from './postgres-event-log';

const url = process.env.TEST_DATABASE_URL;
if (url === undefined && process.env.CI === 'true') throw new Error('TEST_DATABASE_URL is not set');

const run = randomUUID();
const flags = `test.flags.${run}`;
const exposures = `test.exposures.${run}`;
const calls: string[] = [];
let failures = 2;
let seeks = 1;

const note = (handler: string, batch: EventBatch): void => void calls.push(...batch.events.map(({ id }) => `${handler}:${id}`));

@Controller()
class Consumers {
  @EventPattern(flags, undefined, { group: `evidence-${run}` })
  flagsOfEvidence(batch: EventBatch): void {
    note('evidence-flags', batch);
  }

  @EventPattern(exposures, undefined, { group: `evidence-${run}` })
  async exposuresOfEvidence(batch: EventBatch): Promise<void> {
    if (failures-- > 0) throw new Error('the database is away');
    await Promise.resolve();
    note('evidence-exposures', batch);
  }

  @EventPattern(exposures, undefined, { group: `rules-${run}`, broadcast: true })
  exposuresOfRules(batch: EventBatch): { seek: string } | undefined {
    note('rules', batch);
    return seeks-- > 0 ? { seek: '0' } : undefined;
  }
}

@Module({ controllers: [Consumers] })
class ConsumersModule {}

(url === undefined ? describe.skip : describe)(`the Nest transport${url === undefined ? ' (left out: TEST_DATABASE_URL is not set)' : ''}`, () => {
  const log = PostgresEventLog.create({ url: url ?? '' });
  const errors: string[] = [];
  let app: INestMicroservice;

  beforeAll(async () => {
    await log.ensureTopics([flags, exposures].map((name) => ({ name, partitions: 1, cleanup: 'delete', retentionMs: -1 })));
    const strategy = new EventLogTransport({
      log, position: () => Promise.resolve('0'), onError: (error, group) => errors.push(`${group}: ${error.message}`),
    });
    app = await NestFactory.createMicroservice<MicroserviceOptions>(ConsumersModule, { strategy, logger: false });
    app.useGlobalFilters(new RethrowConsumerErrors());
    await app.listen();
  });
  afterAll(async () => {
    await app.close();
    await log.close();
  });

  it('hands each group its decoded batches, retries what a handler throws, and honours a seek', async () => {
    const event = (id: string): string => cloudEventJson({ id, type: 'pataka.exposure.v1', source: '/test', time: '2026-11-22T10:00:00Z', data: {} });
    await log.publish([flags, exposures].flatMap((topic) => encodeEventBatch({ topic, partition: 0, events: [event(`${topic}-a`), event(`${topic}-b`)] })));
    await until('every handler', () => calls.length >= 8);
    expect(calls.filter((call) => call.startsWith('evidence-flags'))).toEqual([`evidence-flags:${flags}-a`, `evidence-flags:${flags}-b`]);
    expect(calls.filter((call) => call.startsWith('evidence-exposures'))).toEqual([`evidence-exposures:${exposures}-a`, `evidence-exposures:${exposures}-b`]);
    expect(calls.filter((call) => call.startsWith('rules'))).toEqual(['a', 'b', 'a', 'b'].map((id) => `rules:${exposures}-${id}`));
    expect(errors).toEqual(Array.from({ length: 2 }, () => `evidence-${run}: the database is away`));
  });
});
