import { setTimeout as sleep } from 'node:timers/promises';
import { type ServiceName, serviceNames } from '@pataka/contracts';
import { build } from './harness/build';
import { evidenceFaults, flagFaults, sagaFaults, verifyFaults } from './harness/checks';
import { Ledger } from './harness/ledger';
import { Load, startExperiment } from './harness/load';
import { PatakaProcess } from './harness/pataka-process';
import { Stack } from './harness/stack';
import { countOf, randomFrom, seedOfRun, until } from './harness/waiting';

// The long form: PATAKA_KILLS=200 PATAKA_SERVICE_KILLS=50 npx jest apps/e2e/src/kills.e2e.spec.ts
const kills = countOf('PATAKA_KILLS', 10);
const killsPerService = countOf('PATAKA_SERVICE_KILLS', 3);
const PER_KILL_MS = 20_000;
const stack = Stack.start(['kafka', 'postgres', 'redis']);

beforeAll(build, 300_000);
afterAll(() => stack.stop(), 60_000);

const told = (ledger: Ledger, done: number, sinceMs: number): void => {
  const { counts, changes, experiments } = ledger;
  process.stderr.write(`${done} kills in ${Math.round((performance.now() - sinceMs) / 1_000)} s: ${changes.length} flag changes, ${experiments.length} experiments, ${counts.events} events and ${counts.repeats} repeats acknowledged in ${counts.requests} requests; ${counts.unknown} connections broke with the outcome unknown, ${counts.refused} requests were told to come again, ${counts.away} found nobody\n`);
};

const allFaults = async (pataka: PatakaProcess, ledger: Ledger, experimentId: string): Promise<string[]> => [
  ...await flagFaults(ledger, pataka.admin, pataka.server),
  ...await sagaFaults(ledger, pataka.admin),
  ...await evidenceFaults(ledger, pataka.admin, experimentId),
  ...verifyFaults(pataka),
];

const BUSY_MS = 10_000;

/** Every fourth kill while it is still starting; the others after some more work has been acknowledged, however slow the machine. */
const killMoment = async (pataka: PatakaProcess, ledger: Ledger, random: () => number): Promise<void> => {
  if (random() < 0.25) return sleep(random() * 2_000);
  await pataka.ready();
  const enough = ledger.changes.length + random() * 30;
  await until('some work is acknowledged', () => ledger.changes.length > enough, BUSY_MS).catch(() => undefined);
  await sleep(random() * 50);
};

describe('everything in one process, killed again and again', () => {
  let pataka: PatakaProcess;
  beforeAll(async () => { pataka = await PatakaProcess.start(); }, 120_000);
  afterAll(() => pataka.dispose(), 60_000);

  it(`loses nothing and does nothing twice over ${kills} kills under load`, async () => {
    const random = randomFrom(seedOfRun('kills of the whole'));
    const ledger = new Ledger();
    const experimentId = await startExperiment(pataka, ledger, 'under_kills');
    const load = new Load(pataka, ledger, experimentId, random);
    const startMs = performance.now();
    for (let kill = 0; kill < kills; kill += 1) {
      await killMoment(pataka, ledger, random);
      await pataka.kill();
      pataka.spawn();
    }
    await pataka.ready();
    await sleep(500);
    await load.stop();
    told(ledger, kills, startMs);
    expect(await allFaults(pataka, ledger, experimentId)).toEqual([]);
    expect(ledger.counts.unknown).toBeGreaterThan(0);
    expect(await pataka.stop()).toBe(0);
  }, 120_000 + kills * PER_KILL_MS);
});

/** Evaluates without a pause, as a fleet's services do; notes what did not get its value while the evaluator itself was left alone. */
const watchEvaluation = (pataka: PatakaProcess, flag: string): { spared: boolean; failures: string[]; count: number; stop(): Promise<void> } => {
  const watch = { spared: true, failures: [] as string[], count: 0, stop: async () => { stopped = true; await running; } };
  let stopped = false;
  const look = async (): Promise<void> => {
    const before = watch.spared;
    const reply = await pataka.server.send('POST', `/ofrep/v1/evaluate/flags/${flag}`, { body: { context: { targetingKey: 'watcher' } }, timeoutMs: 5_000 }).catch((error: Error) => ({ status: 0, text: error.message }));
    watch.count += 1;
    if (reply.status !== 200 && before && watch.spared) watch.failures.push(`${reply.status} ${reply.text}`);
  };
  const running = (async () => {
    while (!stopped) {
      await look();
      await sleep(20);
    }
  })();
  return watch;
};

stack.describe('four services over Kafka, each killed again and again', () => {
  let pataka: PatakaProcess;
  beforeAll(async () => { pataka = await PatakaProcess.start({ services: true, env: { ...stack.env } }); }, 120_000);
  afterAll(() => pataka.dispose(), 60_000);

  it(`loses nothing and does nothing twice over ${killsPerService} kills of each under load`, async () => {
    const random = randomFrom(seedOfRun('kills of services'));
    const ledger = new Ledger();
    const experimentId = await startExperiment(pataka, ledger, 'under_service_kills');
    await ledger.createFlag(pataka.admin, 'watched');
    const load = new Load(pataka, ledger, experimentId, random);
    await pataka.ready();
    await sleep(1_000);
    const watch = watchEvaluation(pataka, 'watched');
    const order = Array.from({ length: killsPerService }, () => [...serviceNames]).flat().map((name) => ({ name, at: random() })).sort((a, b) => a.at - b.at);
    const startMs = performance.now();
    for (const { name } of order) {
      await killMoment(pataka, ledger, random);
      await killService(pataka, name, watch);
    }
    await pataka.ready();
    await sleep(500);
    await load.stop();
    await watch.stop();
    told(ledger, order.length, startMs);
    expect(await allFaults(pataka, ledger, experimentId)).toEqual([]);
    expect(watch.failures).toEqual([]);
    expect(watch.count).toBeGreaterThan(order.length);
    expect(await pataka.stop()).toBe(0);
  }, 120_000 + killsPerService * 4 * PER_KILL_MS);
});

const killService = async (pataka: PatakaProcess, name: ServiceName, watch: { spared: boolean }): Promise<void> => {
  if (name === 'evaluator') watch.spared = false;
  await pataka.killService(name);
  if (name !== 'evaluator') return;
  await pataka.ready();
  watch.spared = true;
};
