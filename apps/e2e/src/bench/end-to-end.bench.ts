import type { Experiment, ExperimentResults } from '@pataka/contracts';
import type { PatakaProcess } from '../harness/pataka-process';
import { until } from '../harness/waiting';
import { median, type Report, shown } from './figures';
import { requestOf, sendAll } from './http-load';
import { type Contender, interleaved, ROUNDS } from './rounds';
import { startPataka } from './started-pataka';
import type { Stores } from './stores';
import { type BenchEvent, bodiesOf, EVENT_BYTES, eventsOf, PER_REQUEST } from './traffic';

// Many enough that what is left to count once the last one is acknowledged weighs little.
const EVENTS = 300_000;
const MOST_ROUNDS = 3;
const COUNTED_MS = 120_000;

/** Events a second: until all were acknowledged, and until the report counts them all. */
type Figures = { ingested: number; reported: number };
interface Counts { subjects: number; kilometres: number }

const startExperiment = async (pataka: PatakaProcess, key: string): Promise<string> => {
  const { id } = await pataka.admin.post<{ id: string }>('/api/experiments', {
    key, type: 'AB_TEST', successMetrics: [{ key: 'trip_km', type: 'mean', unit: 'km' }], strategy: { type: 'FIXED', targetPercentage: 100 },
    variants: [{ id: 'control', weight: 0.5, config: 'basic', isControl: true }, { id: 'ai', weight: 0.5, config: 'ai' }],
  });
  await until('its flag', async () => (await pataka.admin.get<Experiment & Record<string, unknown>>(`/api/experiments/${id}`)).linked);
  await pataka.admin.post(`/api/experiments/${id}/start`);
  return id;
};

const expectedOf = (events: readonly BenchEvent[]): Counts => ({
  subjects: events.filter(({ type }) => type === 'exposure').length,
  kilometres: events.reduce((sum, { value }) => sum + (typeof value === 'number' ? value : 0), 0),
});

const reported = async (pataka: PatakaProcess, id: string): Promise<Counts> => {
  const { variants } = await pataka.admin.get<ExperimentResults & Record<string, unknown>>(`/api/experiments/${id}/results`);
  const kilometres = variants.reduce((sum, { metrics, sampleSize }) => sum + (metrics['trip_km']?.mean ?? 0) * sampleSize, 0);
  return { subjects: variants.reduce((sum, { sampleSize }) => sum + sampleSize, 0), kilometres: Math.round(kilometres) };
};

const contenderOf = (name: string, pataka: PatakaProcess): Contender<Figures> => ({
  name,
  round: async (round) => {
    const experimentId = await startExperiment(pataka, `bench_${round}`);
    const events = eventsOf({ events: EVENTS, perSubject: 4, experimentId, prefix: `driver-${round}` });
    const expected = expectedOf(events);
    const requests = bodiesOf(events).map((body) => requestOf({ port: pataka.port, token: pataka.tokens.server }, body));
    const startedAt = performance.now();
    const ingestSeconds = await sendAll(pataka.port, requests);
    await until('the report counts every event', async () => {
      const { subjects, kilometres } = await reported(pataka, experimentId);
      return subjects === expected.subjects && kilometres === expected.kilometres;
    }, COUNTED_MS);
    return { ingested: EVENTS / ingestSeconds, reported: EVENTS / ((performance.now() - startedAt) / 1000) };
  },
});

/** From the first request over HTTP to the report that counts every event. */
export const endToEnd = async (stores: Stores): Promise<Report> => {
  const started = [{ name: 'embedded, one process', pataka: await startPataka(stores, {}) }];
  const kafka = await stores.kafka();
  if (kafka !== null) started.push({ name: 'services over Kafka', pataka: await startPataka(stores, { services: true, env: kafka }) });
  const samples = await interleaved(started.map(({ name, pataka }) => contenderOf(name, pataka)), Math.min(ROUNDS, MOST_ROUNDS));
  const medianOf = (name: string, figure: keyof Figures): number => median(samples.get(name)!.map((sample) => sample[figure]));
  return {
    title: `end-to-end: ${EVENTS.toLocaleString('en-US')} events of ${EVENT_BYTES} bytes, ${PER_REQUEST} a request, until the report counts them all`,
    columns: ['run as', 'reported / acknowledged', 'events / s reported', 'events / s acknowledged'],
    rows: started.map(({ name }) => [name, shown(medianOf(name, 'reported') / medianOf(name, 'ingested')), medianOf(name, 'reported'), medianOf(name, 'ingested')]),
    notes: kafka === null ? [`LEFT OUT: Kafka (${stores.missing})`] : [],
  };
};
