import { randomUUID } from 'node:crypto';
import { type DeadLetter, serviceNames, topics } from '@pataka/contracts';
import { OFREPProvider } from '@openfeature/ofrep-provider';
import { OpenFeature } from '@openfeature/server-sdk';
import { Kafka, logLevel } from 'kafkajs';
import { build } from './harness/build';
import { evidenceFaults, flagFaults, verifyFaults } from './harness/checks';
import { DONE, KM, Ledger, type OutgoingEvent } from './harness/ledger';
import { startExperiment } from './harness/load';
import { PatakaProcess } from './harness/pataka-process';
import { Stack } from './harness/stack';
import { until } from './harness/waiting';

const FLAG = 'over_kafka';
const DRIVERS = 200;
const stack = Stack.start(['kafka', 'postgres', 'redis', 'influx']);
afterAll(() => stack.stop(), 60_000);

let pataka: PatakaProcess;
const ledger = new Ledger();
let experimentId: string;

const eventsOf = (index: number): OutgoingEvent[] => {
  const at = (seconds: number): { id: string; targetingKey: string; occurredAt: string } => ({ id: randomUUID(), targetingKey: `driver-${index}`, occurredAt: new Date(Date.now() - 60_000 + seconds * 1_000).toISOString() });
  return [
    { ...at(0), type: 'exposure', experimentId, variant: index % 2 === 0 ? 'control' : 'ai' },
    ...(index % 3 === 0 ? [{ ...at(1), type: 'conversion' as const, metric: DONE }] : []), { ...at(2), type: 'conversion', metric: KM, value: index % 10 },
  ];
};

/** Sums of one field of InfluxDB's points, by its 1.x query API. */
const influxSum = async (measurement: string, field: string): Promise<number> => {
  const [database] = stack.env['INFLUX_BUCKET']!.split('/');
  const [user, password] = stack.env['INFLUX_TOKEN']!.split(':');
  const query = new URLSearchParams({ db: database!, u: user!, p: password!, q: `SELECT sum("${field}") FROM "${measurement}" WHERE experiment = '${experimentId}'` });
  const { results } = (await (await fetch(`${stack.env['INFLUX_URL']}/query?${query}`)).json()) as { results: { series?: { values: [string, number][] }[] }[] };
  return results[0]?.series?.[0]?.values[0]?.[1] ?? 0;
};

stack.describe('four services over Kafka, PostgreSQL, Redis and InfluxDB', () => {
  beforeAll(async () => {
    build();
    pataka = await PatakaProcess.start({ services: true, env: { ...stack.env } });
  }, 300_000);
  afterAll(async () => {
    await OpenFeature.close();
    await pataka?.dispose();
  }, 60_000);

  it('are four processes behind one origin, each with its own name', async () => {
    expect(new Set(serviceNames.map((name) => pataka.pidOf(name))).size).toBe(4);
    const health = await pataka.admin.get<{ status: string; services: Record<string, { status: string }> }>('/health/ready');
    expect([health.status, Object.keys(health.services).sort()]).toEqual(['pass', [...serviceNames].sort()]);
  });

  it('serve a change to an OpenFeature client', async () => {
    await ledger.createFlag(pataka.admin, FLAG);
    await OpenFeature.setProviderAndWait(new OFREPProvider({ baseUrl: pataka.url, headers: { Authorization: `Bearer ${pataka.tokens.server}` } }));
    const client = OpenFeature.getClient();
    await until('the flag is served', async () => (await client.getStringValue(FLAG, 'x', { targetingKey: 'd' })) === 'v1');
    await ledger.changeFlag(pataka.admin, FLAG);
    await until('the change is served', async () => (await client.getStringValue(FLAG, 'x', { targetingKey: 'd' })) === 'v2', 5_000);
  });

  it('leave a snapshot of the rules in Redis', async () => {
    // Redis answers a list with its length first.
    await until('a snapshot', async () => /^\*[1-9]/.test(await stack.redis('KEYS *snapshot*')), 10_000);
  });

  it('report an experiment whose flag was made over the log, every event once', async () => {
    experimentId = await startExperiment(pataka, ledger, 'over_kafka_experiment');
    const events = Array.from({ length: DRIVERS }, (_, index) => eventsOf(index)).flat();
    await ledger.sendEvents(pataka.server, events.slice(0, 300));
    await ledger.sendEvents(pataka.server, events.slice(300));
    await ledger.repeatEvents(pataka.server, events.slice(0, 300));
    expect(await evidenceFaults(ledger, pataka.admin, experimentId)).toEqual([]);
  }, 120_000);

  it('feed InfluxDB the same totals', async () => {
    const km = [...ledger.subjects.values()].flatMap((subject) => subject.km).reduce((sum, value) => sum + value, 0);
    await until('every point has arrived', async () => (await influxSum('pataka_subjects', 'subjects')) === DRIVERS && (await influxSum('pataka_conversions', 'value')) === km + Math.ceil(DRIVERS / 3));
  }, 60_000);

  it('pass a poisoned record on to the dead letters and take what comes after it', async () => {
    const kafka = new Kafka({ clientId: 'e2e', brokers: stack.env['KAFKA_BROKERS']!.split(','), logLevel: logLevel.NOTHING });
    const producer = kafka.producer();
    await producer.connect();
    const headers = { ce_specversion: '1.0', ce_type: 'pataka.exposure.v1', ce_source: '/foreign', ce_time: new Date().toISOString(), 'content-type': 'application/json' };
    const exposure = { targetingKey: 'foreign-driver', experimentId, variant: 'ai', occurredAt: new Date().toISOString() };
    await producer.send({ topic: topics.exposures.name, messages: [
      { key: 'foreign-driver', value: 'no JSON at all', headers: { ...headers, ce_id: randomUUID() } },
      { key: 'foreign-driver', value: null, headers: { ...headers, ce_id: randomUUID() } },
      { key: 'foreign-driver', value: JSON.stringify({ ...exposure, variant: 7 }), headers: { ...headers, ce_id: randomUUID() } },
      { key: 'foreign-driver', value: JSON.stringify(exposure), headers: { ...headers, ce_id: randomUUID() } },
    ] });
    await producer.disconnect();
    ledger.subjects.set('foreign-driver', { variant: 'ai', exposed: true, done: false, km: [] });
    expect(await evidenceFaults(ledger, pataka.admin, experimentId)).toEqual([]);
    const letters = await until('three dead letters', () => {
      const { output } = pataka.cli('dead-letters', 'list', '--json');
      const found = output.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as DeadLetter);
      return found.length >= 3 && found;
    });
    expect(letters.map(({ topic, reason }) => [topic, reason.length > 0])).toEqual(Array.from({ length: 3 }, () => [topics.exposures.name, true]));
  }, 120_000);

  it('prove themselves: histories, hash chains and every projection against its rebuild', async () => {
    expect(await flagFaults(ledger, pataka.admin, pataka.server)).toEqual([]);
    expect(verifyFaults(pataka)).toEqual([]);
    expect(await pataka.stop()).toBe(0);
  }, 120_000);
});
