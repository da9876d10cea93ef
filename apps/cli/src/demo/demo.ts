import { setTimeout as sleep } from 'node:timers/promises';
import { Presets, SingleBar } from 'cli-progress';
import { Command } from 'commander';
import type { Experiment, ExperimentResults } from '@pataka/contracts';
import type { Ruleset } from '@pataka/evaluation';
import { Client, clientFromEnvironment, urlFromEnvironment } from '../api/client';
import { reportText } from './report';
import { aiRouteOptimization, hindiDriverScoring, type Scenario } from './scenarios';
import { playTraffic, type Sent } from './traffic';

const WAIT_MS = 60_000;
const LOOK_MS = 250;

/** Asks until the answer is as wished. */
const until = async <T>(what: string, ask: () => Promise<T | null>): Promise<T> => {
  const deadline = Date.now() + WAIT_MS;
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    if (Date.now() > deadline) throw new Error(`${what}: waited ${WAIT_MS / 1000} s in vain`);
    await sleep(LOOK_MS);
  }
};

const startExperiment = async (admin: Client, scenario: Scenario, key: string): Promise<Experiment> => {
  const { id } = await admin.post<Experiment>('/api/experiments', scenario.experiment(key));
  await until('its flag', async () => ((await admin.get<Experiment>(`/api/experiments/${id}`)).linked ? true : null));
  return admin.post<Experiment>(`/api/experiments/${id}/start`);
};

const rulesetWith = (server: Client, experiment: Experiment): Promise<Ruleset> =>
  until('the experiment in the ruleset', async () => {
    const ruleset = await server.get<Ruleset>('/v1/ruleset');
    const flag = ruleset.flags.find(({ key }) => key === experiment.flagKey);
    return flag?.status === 'ACTIVE' && flag.environments['production']?.rules.some(({ experimentId }) => experimentId === experiment.id) === true ? ruleset : null;
  });

const play = async (server: Client, scenario: Scenario, experiment: Experiment, subjects: number, seed: number): Promise<Sent> => {
  const ruleset = await rulesetWith(server, experiment);
  const bar = new SingleBar({ format: `${scenario.title.padEnd(36)} {bar} {percentage}% {value}/{total} people, {eta_formatted}`, stream: process.stderr, noTTYOutput: true, notTTYSchedule: 5_000 }, Presets.shades_classic);
  bar.start(subjects, 0);
  try {
    return await playTraffic({ client: server, scenario, flagKey: experiment.flagKey, ruleset, subjects, endMs: Date.now(), seed, onProgress: (done) => bar.update(done) });
  } finally {
    bar.stop();
  }
};

const resultsOf = (admin: Client, experiment: Experiment, sent: Sent): Promise<ExperimentResults> => {
  const expected = Object.values(sent.included).reduce((a, b) => a + b, 0);
  let before = '';
  return until('the report', async () => {
    const results = await admin.get<ExperimentResults>(`/api/experiments/${experiment.id}/results`);
    const counted = results.variants.reduce((sum, { sampleSize }) => sum + sampleSize, 0);
    const settled = results.coverage.name === before;
    before = results.coverage.name;
    // The newest conversions may still be under way when the last exposure has arrived.
    return counted === expected && settled ? results : null;
  });
};

const demo = async ({ subjects, seed }: { subjects: string; seed: string }): Promise<void> => {
  const admin = clientFromEnvironment();
  const { token } = await admin.post<{ token: string }>('/api/keys', { name: 'demo', kind: 'server', environment: 'production' });
  const server = new Client(urlFromEnvironment(), token);
  const suffix = Date.now().toString(36);
  const reports: string[] = [];
  await until('the new key', () => server.get('/v1/ruleset').catch(() => null));
  for (const [index, scenario] of [hindiDriverScoring, aiRouteOptimization].entries()) {
    const key = `${index === 0 ? 'hindi_driver_scoring' : 'ai_route_optimization'}_${suffix}`;
    const experiment = await startExperiment(admin, scenario, key);
    const sent = await play(server, scenario, experiment, Number(subjects), Number(seed) + index);
    reports.push(reportText(scenario, await resultsOf(admin, experiment, sent)), `look at it: ${urlFromEnvironment()}/api/experiments/${key}/results`);
  }
  console.log(reports.join('\n'));
};

/** `npm run demo` */
export const demoCommand = (): Command => new Command('demo').description("plays FleetFlow's two example experiments with simulated people, and prints the reports")
  .option('--subjects <count>', 'simulated people in each experiment', '20000').option('--seed <number>', 'another seed, another story', '2026').action(demo);
