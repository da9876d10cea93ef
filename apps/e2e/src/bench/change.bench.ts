import type { PatakaProcess } from '../harness/pataka-process';
import { until } from '../harness/waiting';
import { ChangeStream } from './change-stream';
import { quantile, type Report } from './figures';
import { type Contender, interleaved } from './rounds';
import { startPataka } from './started-pataka';
import type { Stores } from './stores';

const CHANGES_A_ROUND = 60;
const FLAG = 'bench_change';

interface Watched { name: string; pataka: PatakaProcess; stream: ChangeStream }
/** Milliseconds from sending the change: until it is acknowledged, until the stream tells of it, until an evaluation has shown it. */
type Latency = { acknowledged: number; told: number; evaluated: number };

const valueOf = async (pataka: PatakaProcess): Promise<unknown> => (await pataka.server.post<{ value: unknown }>(`/ofrep/v1/evaluate/flags/${FLAG}`, { context: { targetingKey: 'driver' } })).value;

const prepare = async (name: string, pataka: PatakaProcess): Promise<Watched> => {
  const flag = { key: FLAG, type: 'STRING', defaultValue: 'v1', status: 'ACTIVE', environments: { production: { enabled: true, rules: [] } } };
  await pataka.admin.post('/api/flags', flag);
  await until('the flag', async () => (await valueOf(pataka)) === 'v1');
  const stream = new ChangeStream(pataka.url, pataka.tokens.server);
  await stream.opened;
  return { name, pataka, stream };
};

const changeOnce = async ({ pataka, stream }: Watched, version: number): Promise<Latency> => {
  const value = `v${version + 1}`;
  const arrival = stream.next(FLAG);
  const sentAt = performance.now();
  const acknowledgement = pataka.admin.ask('PATCH', `/api/flags/${FLAG}`, { body: { defaultValue: value }, headers: { 'if-match': `"${version}"` } }).then(() => performance.now());
  const told = (await arrival) - sentAt;
  // What the stream tells of is what is served from then on.
  const shown = await valueOf(pataka);
  const evaluated = performance.now() - sentAt;
  if (shown !== value) throw new Error(`the stream told of ${value}, ${String(shown)} is served`);
  return { acknowledged: (await acknowledgement) - sentAt, told, evaluated };
};

const contenderOf = (watched: Watched, all: Latency[]): Contender<Record<string, number>> => {
  let version = 1;
  return {
    name: watched.name,
    round: async (round) => {
      for (let change = 0; change < CHANGES_A_ROUND; change += 1) {
        const latency = await changeOnce(watched, version);
        version += 1;
        if (round > 0) all.push(latency);
      }
      return {};
    },
  };
};

/** From sending a change of a flag to the first evaluation that shows it. */
export const change = async (stores: Stores): Promise<Report> => {
  const watched = [await prepare('embedded', await startPataka(stores, {}))];
  const kafka = await stores.kafka();
  if (kafka !== null) watched.push(await prepare('services over Kafka', await startPataka(stores, { services: true, env: kafka })));
  for (const { stream } of watched) stores.beforeClose(async () => stream.close());
  const latencies = watched.map((): Latency[] => []);
  await interleaved(watched.map((one, index) => contenderOf(one, latencies[index]!)));
  const cells = (index: number, moment: keyof Latency): number[] => [0.5, 0.99].map((q) => quantile(latencies[index]!.map((latency) => latency[moment]), q));
  return {
    title: `change: milliseconds from sending a change of a flag, ${latencies[0]!.length} changes each`,
    columns: ['run as', 'evaluated p50', 'evaluated p99', 'stream told p50', 'stream told p99', 'acknowledged p50', 'acknowledged p99'],
    rows: watched.map(({ name }, index) => [name, ...cells(index, 'evaluated'), ...cells(index, 'told'), ...cells(index, 'acknowledged')]),
    notes: kafka === null ? [`LEFT OUT: Kafka (${stores.missing})`] : [],
  };
};
