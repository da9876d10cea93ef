import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Api } from '../harness/api';
import { until } from '../harness/waiting';
import { contextOf, createFlags, fleetFlags } from './fleet-flags';
import { median, type Report, shown } from './figures';
import { postOf, sendMany } from './keep-alive-load';
import { MeasuredProcess } from './measured-process';
import { OwnProcess } from './own-process';
import { type Contender, interleaved, ROUNDS } from './rounds';
import { newCredentials, type Stores } from './stores';

const FLAGS = 200;
const CONTEXTS = 10_000;
const BULK_CONTEXTS = 1_000;
const SINGLES = 20_000;
const BULKS = 5_000;
const SINGLE = '/ofrep/v1/evaluate/flags/fleet_flag_';
const BULK = '/ofrep/v1/evaluate/flags';
/** What the evaluator is started with where memory matters more than its last few per cent of speed; see docs/evaluating.md. */
const SMALL = ['--max-semi-space-size=2', '--heap-growing-percent=10'];

interface Server { name: string; port: number; requests: Buffer[]; count: number; cpuSeconds: () => Promise<number> }
type Figures = { perCpuSecond: number; perSecond: number };

const bodies = (count: number): string[] => Array.from({ length: count }, (_, index) => JSON.stringify({ context: contextOf(index) }));
const singles = (token: string): Buffer[] => bodies(CONTEXTS).map((body, index) => postOf(`${SINGLE}${index % FLAGS}`, token, body));
const bulks = (token: string): Buffer[] => bodies(BULK_CONTEXTS).map((body) => postOf(BULK, token, body));

/** An evaluator of its own that knows the flags; flag-admin is needed only to make them. */
const startEvaluator = async (stores: Stores): Promise<{ evaluator: OwnProcess; token: string }> => {
  const credentials = newCredentials();
  const env = { ...((await stores.kafka()) ?? (await stores.embedded())), ...credentials };
  const admin = MeasuredProcess.start('service-process', env, 'flag-admin');
  stores.beforeClose(() => admin.stop());
  const evaluator = await OwnProcess.start('evaluator', env, SMALL);
  stores.beforeClose(() => evaluator.stop());
  const api = new Api(`http://127.0.0.1:${await admin.port()}`, credentials.PATAKA_ADMIN_TOKEN);
  await until('flag-admin knows its keys', async () => (await api.send('GET', '/api/flags')).status === 200);
  await createFlags(api, fleetFlags(FLAGS));
  const reader = new Api(evaluator.url, credentials.PATAKA_SERVER_KEY);
  await until('the flags have arrived', async () => (await reader.send<{ flags?: unknown[] }>('POST', BULK, { body: { context: { targetingKey: 'x' } } })).body.flags?.length === FLAGS, 60_000);
  await admin.stop();
  return { evaluator, token: credentials.PATAKA_SERVER_KEY };
};

const startConstant = async (stores: Stores, answer: string): Promise<MeasuredProcess> => {
  const constant = MeasuredProcess.start('constant-server', { BENCH_ANSWER: answer });
  stores.beforeClose(() => constant.stop());
  return constant;
};

const contenderOf = (server: Server): Contender<Figures> => ({
  name: server.name,
  round: async () => {
    await sleep(100);
    const [cpu, at] = [await server.cpuSeconds(), performance.now()];
    await sendMany(server.port, server.requests, server.count);
    const seconds = (performance.now() - at) / 1000;
    return { perCpuSecond: server.count / ((await server.cpuSeconds()) - cpu), perSecond: server.count / seconds };
  },
});

/** OFREP over HTTP against bare node:http that parses the same bodies and answers a constant of the same length. */
export const ofrep = async (stores: Stores): Promise<Report> => {
  const { evaluator, token } = await startEvaluator(stores);
  const atRest = evaluator.memory().now;
  const reader = new Api(evaluator.url, token);
  const answerOf = async (path: string): Promise<string> => (await reader.send('POST', path, { body: { context: contextOf(7) } })).text;
  const bare = await Promise.all([`${SINGLE}7`, BULK].map(async (path) => startConstant(stores, await answerOf(path))));
  const cpuOfEvaluator = (): Promise<number> => Promise.resolve(evaluator.cpuSeconds());
  const servers: Server[] = [
    { name: 'single: node:http, a constant', port: await bare[0]!.port(), requests: singles(token), count: SINGLES, cpuSeconds: () => bare[0]!.cpuSeconds() },
    { name: 'single: evaluator', port: evaluator.port, requests: singles(token), count: SINGLES, cpuSeconds: cpuOfEvaluator },
    { name: `bulk of ${FLAGS}: node:http, a constant`, port: await bare[1]!.port(), requests: bulks(token), count: BULKS, cpuSeconds: () => bare[1]!.cpuSeconds() },
    { name: `bulk of ${FLAGS}: evaluator`, port: evaluator.port, requests: bulks(token), count: BULKS, cpuSeconds: cpuOfEvaluator },
  ];
  const samples = await interleaved(servers.map(contenderOf), ROUNDS);
  const medianOf = (name: string, figure: keyof Figures): number => median(samples.get(name)!.map((sample) => sample[figure]));
  const bestOf = (name: string): number => Math.max(...samples.get(name)!.map(({ perCpuSecond }) => perCpuSecond));
  const { now, most } = evaluator.memory();
  return {
    title: `ofrep: ${FLAGS} flags, ${CONTEXTS.toLocaleString('en-US')} contexts, 8 connections, one evaluator process`,
    columns: ['server', 'of the bare one', 'requests / CPU second', 'the best round', 'requests / s'],
    rows: servers.map(({ name }, index) => [name, shown(medianOf(name, 'perCpuSecond') / medianOf(servers[index - (index % 2)]!.name, 'perCpuSecond')), medianOf(name, 'perCpuSecond'), bestOf(name), medianOf(name, 'perSecond')]),
    notes: [`resident memory of the evaluator: ${atRest.toFixed(0)} MB at rest, ${now.toFixed(0)} MB after the load, ${most.toFixed(0)} MB at most`, `load average ${loadavg()[0]!.toFixed(1)}`],
  };
};
