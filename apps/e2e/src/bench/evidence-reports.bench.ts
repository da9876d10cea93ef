import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Experiment, ExperimentResults } from '@pataka/contracts';
import type { PatakaProcess } from '../harness/pataka-process';
import { until } from '../harness/waiting';
import { quantile, type Report } from './figures';
import { requestOf, send } from './http-load';
import { startPataka } from './started-pataka';
import type { Stores } from './stores';

/** Events in the evidence at each look; the last is 1,000,000 or more where PATAKA_BENCH_REPORT_EVENTS says so. */
const MOST = Number(process.env['PATAKA_BENCH_REPORT_EVENTS'] ?? 100_000);
const LOOKS = [10_000, 100_000, 1_000_000, 5_000_000].filter((events) => events <= MOST);
const VARIANTS = ['control', 'b', 'c', 'd'];
const METRICS = Array.from({ length: 10 }, (_, index) => ({ key: `metric_${index}`, type: index < 5 ? 'mean' as const : 'conversion' as const }));
const DAYS = 14;
const PER_SUBJECT = 5;
const PER_REQUEST = 100;
const REPORTS = 1_000;
// A thousand a minute.
const EVERY_MS = 60;
const FRESH_EVERY_MS = 250;

const startExperiment = async (pataka: PatakaProcess, key: string): Promise<string> => {
  const { id } = await pataka.admin.post<{ id: string }>('/api/experiments', {
    key, type: 'AB_TEST', successMetrics: METRICS, strategy: { type: 'FIXED', targetPercentage: 100 },
    variants: VARIANTS.map((variant, index) => ({ id: variant, weight: 0.25, config: variant, isControl: index === 0 })),
  });
  await until('its flag', async () => (await pataka.admin.get<Experiment & Record<string, unknown>>(`/api/experiments/${id}`)).linked);
  await pataka.admin.post(`/api/experiments/${id}/start`);
  return id;
};

const startMs = Date.now() - DAYS * 86_400_000;
const eventOf = (index: number, experimentId: string): object => {
  const [subject, turn] = [Math.floor(index / PER_SUBJECT), index % PER_SUBJECT];
  const common = { id: randomUUID(), targetingKey: `rider-${subject}`, occurredAt: new Date(startMs + (subject % DAYS) * 86_000_000 + turn * 1_000).toISOString() };
  if (turn === 0) return { ...common, type: 'exposure', experimentId, variant: VARIANTS[subject % VARIANTS.length] };
  return { ...common, type: 'conversion', metric: METRICS[(subject + turn) % METRICS.length]!.key, value: subject % 50 };
};

const subjectsIn = async (pataka: PatakaProcess, id: string): Promise<number> =>
  (await pataka.admin.get<ExperimentResults & Record<string, unknown>>(`/api/experiments/${id}/results`)).variants.reduce((sum, { sampleSize }) => sum + sampleSize, 0);

/** Milliseconds of one report. */
const timed = async (pataka: PatakaProcess, id: string): Promise<number> => {
  const startedAt = performance.now();
  await pataka.admin.get(`/api/experiments/${id}/results`);
  return performance.now() - startedAt;
};

/** Does something again and again, at a pace, until it is told to stop. */
const repeatedly = (everyMs: number, act: () => Promise<unknown>): { stop(): Promise<void> } => {
  let stopped = false;
  const running = (async () => {
    while (!stopped) {
      const startedAt = performance.now();
      await act();
      await sleep(Math.max(0, everyMs - (performance.now() - startedAt)));
    }
  })();
  return { stop: () => ((stopped = true), running) };
};

interface Look { events: number; idle: number[]; busy: number[]; minutes: number; fresh: number[]; perSecond: number; countedPerSecond: number }

/** Sends events up to a number of them, while reports are asked for and the freshness of others is watched. */
const ingest = async (pataka: PatakaProcess, ids: { big: string; fresh: string }, from: number, to: number): Promise<Look> => {
  const look: Look = { events: to, idle: [], busy: [], minutes: 0, fresh: [], perSecond: 0, countedPerSecond: 0 };
  let marks = await subjectsIn(pataka, ids.fresh);
  const target = { port: pataka.port, token: pataka.tokens.server };
  const reports = repeatedly(EVERY_MS, async () => look.busy.push(await timed(pataka, ids.big)));
  const watch = repeatedly(FRESH_EVERY_MS, async () => {
    const event = { id: randomUUID(), type: 'exposure', targetingKey: randomUUID(), experimentId: ids.fresh, variant: 'b', occurredAt: new Date().toISOString() };
    await pataka.server.post('/v1/events', { events: [event] });
    const acknowledgedAt = performance.now();
    marks += 1;
    await until('a fresh report', async () => (await subjectsIn(pataka, ids.fresh)) >= marks);
    look.fresh.push(performance.now() - acknowledgedAt);
  });
  const startedAt = performance.now();
  // Each is made as it is sent: making thousands at once would keep reports from being asked for meanwhile.
  let next = from;
  await send(pataka.port, () => {
    if (next >= to) return undefined;
    const first = next;
    next += PER_REQUEST;
    return requestOf(target, JSON.stringify({ events: Array.from({ length: PER_REQUEST }, (_, place) => eventOf(first + place, ids.big)) }));
  });
  [look.minutes, look.perSecond] = [(performance.now() - startedAt) / 60_000, (to - from) / ((performance.now() - startedAt) / 1_000)];
  await Promise.all([reports.stop(), watch.stop()]);
  await until('the report counts every subject', async () => (await subjectsIn(pataka, ids.big)) === to / PER_SUBJECT, 120_000);
  look.countedPerSecond = (to - from) / ((performance.now() - startedAt) / 1_000);
  for (let report = 0; report < REPORTS; report += 1) look.idle.push(await timed(pataka, ids.big));
  return look;
};

/** Reports of one experiment as its evidence grows, alone and while events come in as fast as they are taken, and how soon an event is in a report. */
export const evidenceReports = async (stores: Stores): Promise<Report> => {
  const pataka = await startPataka(stores, {});
  const ids = { big: await startExperiment(pataka, 'bench_big'), fresh: await startExperiment(pataka, 'bench_fresh') };
  const looks: Look[] = [];
  for (const [index, to] of LOOKS.entries()) {
    looks.push(await ingest(pataka, ids, index === 0 ? 0 : LOOKS[index - 1]!, to));
    process.stderr.write('.');
  }
  process.stderr.write('\n');
  return {
    title: `reports: ${VARIANTS.length} variants, ${METRICS.length} metrics, ${DAYS} days; one process, milliseconds over HTTP`,
    columns: ['events', 'report p50', 'p99', 'while ingesting p50', 'p99', 'reports / minute', 'events / s meanwhile', 'counted / s', 'fresh after p50', 'p99'],
    rows: looks.map(({ events, idle, busy, minutes, fresh, perSecond, countedPerSecond }) =>
      [events.toLocaleString('en-US'), quantile(idle, 0.5), quantile(idle, 0.99), quantile(busy, 0.5), quantile(busy, 0.99), busy.length / minutes, perSecond, countedPerSecond, quantile(fresh, 0.5), quantile(fresh, 0.99)]),
    notes: ['Fresh: from the acknowledgement of an event to a report that counts it, while the others come in. PATAKA_BENCH_REPORT_EVENTS=1000000 goes on to a million.'],
  };
};
