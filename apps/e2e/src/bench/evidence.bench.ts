import { KafkaEventLog } from '@pataka/event-sourcing';
import { median, type Report, shown } from './figures';
import { publishTraffic } from './logged-traffic';
import { MeasuredProcess } from './measured-process';
import { type Contender, interleaved } from './rounds';
import type { Cost } from './stopwatch';
import type { StoreEnvironment, Stores } from './stores';
import { EVENT_BYTES, PER_REQUEST } from './traffic';

const EVENTS = 100_000;
const WORK_MS = 160_000;
const BARE = 'kafkajs alone: consume and parse';
const OURS = 'evidence: consume, archive, fold, commit';

type Figures = { perSecond: number; perCpuSecond: number };

const figuresOf = ({ events, seconds, cpuSeconds }: Cost): Figures => ({ perSecond: events / seconds, perCpuSecond: events / cpuSeconds });

const contendersOf = (stores: Stores, kafka: StoreEnvironment, processes: { bare: MeasuredProcess; ours: MeasuredProcess }): Contender<Figures>[] => {
  const round = async (worker: MeasuredProcess): Promise<Figures> => {
    // Evidence of its own, so that every round does the same work.
    const databaseUrl = (await stores.kafka())!.DATABASE_URL;
    const { cost } = await worker.ask<{ cost: Cost }>({ work: 'consume', databaseUrl, logUrl: kafka.DATABASE_URL, events: EVENTS }, 'cost', WORK_MS);
    return figuresOf(cost);
  };
  return [{ name: BARE, round: () => round(processes.bare) }, { name: OURS, round: () => round(processes.ours) }];
};

/** From Kafka to evidence, against bare kafkajs that consumes the same topics. */
export const evidence = async (stores: Stores): Promise<Report> => {
  const kafka = await stores.kafka();
  const title = `evidence: ${EVENTS.toLocaleString('en-US')} events of ${EVENT_BYTES} bytes on Kafka, ${PER_REQUEST} a request, a record per request and partition`;
  const columns = ['consumer', 'CPU per event, times bare', 'wall time, times bare', 'events / CPU second', 'events / s'];
  if (kafka === null) return { title, columns, rows: [], notes: [`LEFT OUT: Kafka (${stores.missing})`] };
  const log = KafkaEventLog.create({ brokers: kafka['KAFKA_BROKERS']!.split(','), clientId: 'bench-producer' });
  await publishTraffic(log, { events: EVENTS, perSubject: 4, experimentId: 'bench', prefix: 'driver' }).finally(() => log.close());
  const processes = { bare: MeasuredProcess.start('kafkajs-process', kafka), ours: MeasuredProcess.start('evidence-process', kafka) };
  stores.beforeClose(() => Promise.all([processes.bare.stop(), processes.ours.stop()]));
  const samples = await interleaved(contendersOf(stores, kafka, processes));
  const medianOf = (name: string, figure: keyof Figures): number => median(samples.get(name)!.map((sample) => sample[figure]));
  const rowOf = (name: string): (string | number)[] => [
    name, `${shown(medianOf(BARE, 'perCpuSecond') / medianOf(name, 'perCpuSecond'))} x`, `${shown(medianOf(BARE, 'perSecond') / medianOf(name, 'perSecond'))} x`,
    medianOf(name, 'perCpuSecond'), medianOf(name, 'perSecond'),
  ];
  return { title, columns, rows: [rowOf(BARE), rowOf(OURS)] };
};
