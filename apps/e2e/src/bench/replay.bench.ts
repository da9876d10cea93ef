import { KafkaEventLog, type EventLog, PostgresEventLog } from '@pataka/event-sourcing';
import { median, type Report, shown } from './figures';
import { publishTraffic } from './logged-traffic';
import { MeasuredProcess } from './measured-process';
import { type Contender, interleaved, ROUNDS } from './rounds';
import type { Cost } from './stopwatch';
import type { StoreEnvironment, Stores } from './stores';
import { EVENT_BYTES } from './traffic';

const EVENTS = 400_000;
const MOST_ROUNDS = 3;
const WORK_MS = 160_000;

type Figures = { perSecond: number; perCpuSecond: number };
interface Log { name: string; env: StoreEnvironment; worker: MeasuredProcess }

const openLog = (env: StoreEnvironment): EventLog =>
  env['KAFKA_BROKERS'] === undefined ? PostgresEventLog.create({ url: env.DATABASE_URL }) : KafkaEventLog.create({ brokers: env['KAFKA_BROKERS'].split(','), clientId: 'bench-producer' });

const prepare = async (name: string, stores: Stores, env: StoreEnvironment): Promise<Log> => {
  const log = openLog(env);
  await publishTraffic(log, { events: EVENTS, perSubject: 4, experimentId: 'bench', prefix: 'driver' }).finally(() => log.close());
  const worker = MeasuredProcess.start('evidence-process', env);
  stores.beforeClose(() => worker.stop());
  return { name, env, worker };
};

const askFor = async ({ env, worker }: Log, work: string): Promise<Figures> => {
  const { cost } = await worker.ask<{ cost: Cost }>({ work, databaseUrl: env.DATABASE_URL, logUrl: env.DATABASE_URL, events: EVENTS }, 'cost', WORK_MS);
  return { perSecond: cost.events / cost.seconds, perCpuSecond: cost.events / cost.cpuSeconds };
};

const contendersOf = (log: Log): Contender<Figures>[] => [
  { name: `${log.name}: read and decode`, round: () => askFor(log, 'read') },
  { name: `${log.name}: replay`, round: () => askFor(log, 'replay') },
];

/** A rebuild of the evidence from the whole log, against only reading and decoding that log. */
export const replay = async (stores: Stores): Promise<Report> => {
  const logs = [await prepare('embedded log', stores, await stores.embedded())];
  const kafka = await stores.kafka();
  if (kafka !== null) logs.push(await prepare('Kafka', stores, kafka));
  const samples = await interleaved(logs.flatMap(contendersOf), Math.min(ROUNDS, MOST_ROUNDS));
  const medianOf = (name: string, figure: keyof Figures): number => median(samples.get(name)!.map((sample) => sample[figure]));
  const rowOf = (name: string, base: string): (string | number)[] =>
    [name, `${shown(medianOf(base, 'perSecond') / medianOf(name, 'perSecond'))} x`, medianOf(name, 'perSecond'), medianOf(name, 'perCpuSecond')];
  return {
    title: `replay: evidence rebuilt from ${EVENTS.toLocaleString('en-US')} events of ${EVENT_BYTES} bytes`,
    columns: ['what', 'wall time, times reading', 'events / s', 'events / CPU second'],
    rows: logs.flatMap(({ name }) => ['read and decode', 'replay'].map((what) => rowOf(`${name}: ${what}`, `${name}: read and decode`))),
    notes: kafka === null ? [`LEFT OUT: Kafka (${stores.missing})`] : [],
  };
};
