import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Flag } from '@pataka/contracts';
import type { Reply } from './harness/api';
import { build } from './harness/build';
import { evidenceFaults, flagFaults, verifyFaults } from './harness/checks';
import { Ledger, type OutgoingEvent } from './harness/ledger';
import { startExperiment } from './harness/load';
import { PatakaProcess } from './harness/pataka-process';
import { Stack } from './harness/stack';
import { until } from './harness/waiting';

const FLAG = 'through_outages';
// A killed broker's registration has to expire (9 s), clients have to come back, and nobody may wait for a session that died with it.
const KAFKA_BACK_MS = 25_000;
const stack = Stack.start(['kafka', 'postgres', 'redis']);
afterAll(() => stack.stop(), 60_000);

let pataka: PatakaProcess;
let ledger: Ledger;
let experimentId: string;

const evaluate = (): Promise<Reply<{ value?: string; reason?: string; metadata?: { stale?: boolean; flagVersion: number } }>> =>
  pataka.server.send('POST', `/ofrep/v1/evaluate/flags/${FLAG}`, { body: { context: { targetingKey: 'driver' } }, timeoutMs: 5_000 });
const served = async (): Promise<string | undefined> => (await evaluate()).body.value;
const acknowledged = (): string => `v${ledger.versionOf(FLAG)}`;

/** Evaluates while something happens; every answer has to be a value. */
const whileEvaluating = async <T>(work: () => Promise<T>): Promise<T> => {
  const failures: string[] = [];
  let over = false;
  let asked = 0;
  const watching = (async () => {
    while (!over) {
      const reply = await evaluate().catch((error: Error) => ({ status: 0, text: error.message }));
      asked += 1;
      if (reply.status !== 200) failures.push(`${reply.status} ${reply.text}`);
      await sleep(50);
    }
  })();
  const result = await work().finally(() => { over = true; });
  await watching;
  expect(failures).toEqual([]);
  expect(asked).toBeGreaterThan(0);
  return result;
};

let subjects = 0;
const someEvents = (): OutgoingEvent[] => Array.from({ length: 10 }, () => {
  const targetingKey = `driver-${(subjects += 1)}`;
  return { id: randomUUID(), targetingKey, occurredAt: new Date(Date.now() - 1_000).toISOString(), type: 'exposure', experimentId, variant: subjects % 2 === 0 ? 'control' : 'ai' };
});

stack.describe('outages', () => {
  beforeAll(async () => {
    build();
    pataka = await PatakaProcess.start({ services: true, env: { ...stack.env } });
    ledger = new Ledger();
    await ledger.createFlag(pataka.admin, FLAG);
    experimentId = await startExperiment(pataka, ledger, 'outage_experiment');
    await ledger.sendEvents(pataka.server, someEvents());
    await until('the flag is served', async () => (await served()) === 'v1');
    // Snapshots are written a second behind.
    await sleep(2_000);
  }, 300_000);
  afterAll(() => pataka?.dispose(), 60_000);

  it('of Redis, flushed or killed, are noticed by nobody', async () => {
    await whileEvaluating(async () => {
      await stack.redis('FLUSHALL');
      await ledger.changeFlag(pataka.admin, FLAG);
      await until('the change is served', async () => (await served()) === acknowledged(), 5_000);
      await stack.kill('redis');
      await ledger.changeFlag(pataka.admin, FLAG);
      await until('the change is served', async () => (await served()) === acknowledged(), 5_000);
      expect((await evaluate()).body.metadata).not.toHaveProperty('stale');
      await stack.restart('redis');
    });
  }, 60_000);

  it('of Kafka leave flags writable and served, and no event is acknowledged that Kafka has not', async () => {
    const before = acknowledged();
    await whileEvaluating(async () => {
      await stack.kill('kafka');
      await ledger.changeFlag(pataka.admin, FLAG);
      await ledger.changeFlag(pataka.admin, FLAG);
      expect(await served()).toBe(before);
      const refused = await pataka.server.send('POST', '/v1/events', { body: { events: someEvents() }, timeoutMs: 40_000 });
      expect([refused.status, refused.headers.get('content-type')]).toEqual([503, 'application/problem+json']);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    });
  }, 90_000);

  it('of Kafka do not keep a killed evaluator from starting: it serves from the snapshot', async () => {
    const before = await served();
    await pataka.killService('evaluator');
    await until('it evaluates again', async () => (await evaluate()).status === 200, 30_000);
    expect(await served()).toBe(before);
  }, 60_000);

  it('of Kafka end without a restart: what was changed meanwhile is served', async () => {
    await whileEvaluating(async () => {
      await stack.restart('kafka');
      await until('the change is served', async () => (await served()) === acknowledged(), KAFKA_BACK_MS);
      await ledger.sendEvents(pataka.server, someEvents());
    });
  }, 120_000);

  it('of PostgreSQL leave evaluation and events alone, and writes say when to come again', async () => {
    await whileEvaluating(async () => {
      await stack.kill('postgres');
      const refused = await until('a write is refused', async () => {
        const reply = await pataka.admin.send('PATCH', `/api/flags/${FLAG}`, { body: { name: 'x' }, headers: { 'if-match': '"1"' } });
        return reply.status === 503 && reply;
      });
      expect([refused.headers.get('content-type'), Number(refused.headers.get('retry-after')) > 0]).toEqual(['application/problem+json', true]);
      expect((await pataka.admin.send('GET', '/api/flags')).status).toBe(503);
      await ledger.sendEvents(pataka.server, someEvents());
      await stack.restart('postgres');
      await ledger.changeFlag(pataka.admin, FLAG);
      await until('the change is served', async () => (await served()) === acknowledged());
    });
  }, 120_000);

  it('of everything at once leave the last known values, marked as stale until it is over', async () => {
    const before = acknowledged();
    await whileEvaluating(async () => {
      await Promise.all((['kafka', 'redis', 'postgres'] as const).map((store) => stack.kill(store)));
      const answer = await until('it says that it is stale', async () => {
        const reply = await evaluate();
        return reply.body.metadata?.stale === true && reply;
      }, 30_000);
      expect(answer).toMatchObject({ status: 200, body: { value: before, reason: 'STATIC' } });
      expect((await pataka.server.send('GET', '/v1/ruleset')).status).toBe(200);
      for (const store of ['postgres', 'redis', 'kafka'] as const) await stack.restart(store);
      await until('it is stale no more', async () => (await evaluate()).body.metadata?.stale !== true, KAFKA_BACK_MS);
      await ledger.changeFlag(pataka.admin, FLAG);
      await until('the change is served', async () => (await served()) === acknowledged(), KAFKA_BACK_MS);
    });
  }, 180_000);

  it('have lost nothing and done nothing twice', async () => {
    await ledger.sendEvents(pataka.server, someEvents());
    expect([
      ...await flagFaults(ledger, pataka.admin, pataka.server), ...await evidenceFaults(ledger, pataka.admin, experimentId), ...verifyFaults(pataka),
    ]).toEqual([]);
    expect((await pataka.admin.get<Flag & Record<string, unknown>>(`/api/flags/${FLAG}`)).version).toBe(ledger.versionOf(FLAG));
    expect(await pataka.stop()).toBe(0);
  }, 180_000);
});
