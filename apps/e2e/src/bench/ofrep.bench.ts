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
const SINGLES = 12_000;
const BULKS = 4_000;
const REST_MS = 3_000;
const SINGLE = '/ofrep/v1/evaluate/flags/fleet_flag_';
const BULK = '/ofrep/v1/evaluate/flags';
/** What the evaluator is started with where memory matters more than its last few per cent of speed; see docs/evaluating.md. */
const SMALL = ['--optimize-for-size', '--v8-pool-size=1'];

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

/** The engine on bare node:http, with the rules that the evaluator has. */
const startEngine = async (stores: Stores, ruleset: object): Promise<MeasuredProcess> => {
  const engine = MeasuredProcess.start('engine-server', {});
  stores.beforeClose(() => engine.stop());
  await engine.port();
  await engine.ask({ ruleset }, 'ready');
  return engine;
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

/** Each kind of request against who else answers it. */
const serversOf = async (stores: Stores, evaluator: OwnProcess, token: string): Promise<Server[]> => {
  const reader = new Api(evaluator.url, token);
  const engine = await startEngine(stores, (await reader.send('GET', '/v1/ruleset')).body);
  const answerOf = async (path: string): Promise<string> => (await reader.send('POST', path, { body: { context: contextOf(7) } })).text;
  const of = async (kind: string, path: string, requests: Buffer[], count: number): Promise<Server[]> => {
    const constant = await startConstant(stores, await answerOf(path));
    return [
      { name: `${kind}: node:http with the engine`, port: await engine.port(), requests, count, cpuSeconds: () => engine.cpuSeconds() },
      { name: `${kind}: node:http, a constant`, port: await constant.port(), requests, count, cpuSeconds: () => constant.cpuSeconds() },
      { name: `${kind}: evaluator`, port: evaluator.port, requests, count, cpuSeconds: async () => evaluator.cpuSeconds() },
    ];
  };
  return [...(await of('single', `${SINGLE}7`, singles(token), SINGLES)), ...(await of(`bulk of ${FLAGS}`, BULK, bulks(token), BULKS))];
};

/** OFREP over HTTP against bare node:http: with the same engine and nothing else, and with a constant of the same length. */
export const ofrep = async (stores: Stores): Promise<Report> => {
  const { evaluator, token } = await startEvaluator(stores);
  await sleep(REST_MS);
  const atRest = evaluator.memory().now;
  const servers = await serversOf(stores, evaluator, token);
  const samples = await interleaved(servers.map(contenderOf), ROUNDS);
  const figuresOf = (name: string, figure: keyof Figures): number[] => samples.get(name)!.map((sample) => sample[figure]);
  const rowOf = ({ name }: Server, index: number): (string | number)[] => {
    const base = servers[index - (index % 3)]!.name;
    const perCpuSecond = figuresOf(name, 'perCpuSecond');
    return [name, shown(median(perCpuSecond) / median(figuresOf(base, 'perCpuSecond'))), median(perCpuSecond), Math.min(...perCpuSecond), Math.max(...perCpuSecond), median(figuresOf(name, 'perSecond'))];
  };
  const { now, most } = evaluator.memory();
  return {
    title: `ofrep: ${FLAGS} flags, ${CONTEXTS.toLocaleString('en-US')} contexts, 8 connections, one evaluator process`,
    columns: ['server', 'of the engine on node:http', 'requests / CPU second, median', 'least', 'most', 'requests / s'],
    rows: servers.map(rowOf),
    notes: [`resident memory of the evaluator: ${atRest.toFixed(0)} MB at rest, ${now.toFixed(0)} MB after the load, ${most.toFixed(0)} MB at most`, `load average ${loadavg()[0]!.toFixed(1)}`],
  };
};
