import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../harness/waiting';
import { median, type Report, shown } from './figures';
import { requestOf, sendAll, type Target } from './http-load';
import { MeasuredProcess } from './measured-process';
import { type Contender, interleaved } from './rounds';
import { newCredentials, type StoreEnvironment, type Stores } from './stores';
import { bodiesOf, EVENT_BYTES, eventsOf, PER_REQUEST } from './traffic';

const EVENTS = 100_000;
const FLOOR = 'parse and drop';

interface Server extends Target { name: string; process: MeasuredProcess }
type Figures = { perSecond: number; perCpuSecond: number };

/** An evaluator that knows its keys: flag-admin publishes them once, and is not needed after that. */
const startEvaluator = async (name: string, stores: Stores, environment: StoreEnvironment): Promise<Server> => {
  const credentials = newCredentials();
  const env = { ...environment, ...credentials };
  const admin = MeasuredProcess.start('service-process', env, 'flag-admin');
  const evaluator = MeasuredProcess.start('service-process', env, 'evaluator');
  stores.beforeClose(() => evaluator.stop());
  try {
    const [port] = await Promise.all([evaluator.port(), admin.port()]);
    const authorization = `Bearer ${credentials.PATAKA_SERVER_KEY}`;
    await until(`the keys on ${name}`, async () => (await fetch(`http://127.0.0.1:${port}/v1/ruleset`, { headers: { authorization } })).status === 200, 60_000);
    return { name, process: evaluator, port, token: credentials.PATAKA_SERVER_KEY };
  } finally {
    await admin.stop();
  }
};

const startFloor = async (stores: Stores): Promise<Server> => {
  const credentials = newCredentials();
  const floor = MeasuredProcess.start('floor-server', credentials);
  stores.beforeClose(() => floor.stop());
  return { name: FLOOR, process: floor, port: await floor.port(), token: credentials.PATAKA_SERVER_KEY };
};

const contenderOf = (server: Server): Contender<Figures> => ({
  name: server.name,
  round: async (round) => {
    const bodies = bodiesOf(eventsOf({ events: EVENTS, perSubject: 4, experimentId: 'bench', prefix: `driver-${round}` }));
    const requests = bodies.map((body) => requestOf(server, body));
    // What the last round left behind (checkpoints, garbage) is not this round's.
    await sleep(200);
    const before = await server.process.cpuSeconds();
    const seconds = await sendAll(server.port, requests);
    return { perSecond: EVENTS / seconds, perCpuSecond: EVENTS / ((await server.process.cpuSeconds()) - before) };
  },
});

/** Ingestion over HTTP against the same server that only parses and drops. */
export const ingest = async (stores: Stores): Promise<Report> => {
  const servers = [await startFloor(stores), await startEvaluator('evaluator, embedded log', stores, await stores.embedded())];
  const kafka = await stores.kafka();
  if (kafka !== null) servers.push(await startEvaluator('evaluator, Kafka', stores, kafka));
  const samples = await interleaved(servers.map(contenderOf));
  const medianOf = (name: string, figure: keyof Figures): number => median(samples.get(name)!.map((sample) => sample[figure]));
  return {
    title: `ingest: ${EVENTS.toLocaleString('en-US')} events of ${EVENT_BYTES} bytes a round, ${PER_REQUEST} a request, 8 connections`,
    columns: ['server', 'CPU per event, times the floor', 'wall time, times the floor', 'events / CPU second', 'events / s'],
    rows: servers.map(({ name }) => [
      name, `${shown(medianOf(FLOOR, 'perCpuSecond') / medianOf(name, 'perCpuSecond'))} x`, `${shown(medianOf(FLOOR, 'perSecond') / medianOf(name, 'perSecond'))} x`,
      medianOf(name, 'perCpuSecond'), medianOf(name, 'perSecond'),
    ]),
    notes: kafka === null ? [`LEFT OUT: Kafka (${stores.missing})`] : [],
  };
};
