import { Presets, SingleBar } from 'cli-progress';
import { Command } from 'commander';
import { Client, clientFromEnvironment, urlFromEnvironment } from '../api/client';
import { randomFrom } from './random';
import { reportText } from './report';
import { lastPercentage, type Scenario, scenarios } from './scenarios';
import { resultsOf, rulesetWith, startExperiment, until } from './stage';
import { playTraffic, type Sent } from './traffic';
import { playWeeks } from './weeks';

const DAY_MS = 24 * 60 * 60 * 1000;
const DAYS = 27;

const barFor = (title: string): SingleBar =>
  new SingleBar({ format: `${title.padEnd(36)} {bar} {percentage}% {value}/{total} people, {eta_formatted}`, stream: process.stderr, noTTYOutput: true, notTTYSchedule: 5_000 }, Presets.shades_classic);

/** Four weeks in one go, at the percentage that the rollout would end at. */
const playAtOnce = async (admin: Client, server: Client, scenario: Scenario, { people, seed, suffix }: { people: number; seed: number; suffix: string }): Promise<string[]> => {
  const experiment = await startExperiment(admin, scenario, suffix, { type: 'FIXED', targetPercentage: lastPercentage(scenario.experiment) });
  const ruleset = await rulesetWith(server, experiment);
  const sent: Sent = { people: 0, included: {}, events: 0 };
  const bar = barFor(scenario.title);
  bar.start(people, 0);
  const untilMs = Date.now();
  const fromMs = untilMs - (DAYS + 1) * DAY_MS;
  try {
    await playTraffic({ client: server, scenario, flagKey: experiment.flagKey, ruleset, random: randomFrom(seed), fromMs, untilMs, first: 0, people, included: Infinity, sent, onProgress: (done) => bar.update(done) });
  } finally {
    bar.stop();
  }
  const results = await resultsOf(admin, experiment, sent, new Date(fromMs).toISOString().slice(0, 10));
  return [reportText(scenario, results), `look at it: ${urlFromEnvironment()}/api/experiments/${experiment.key}/results`];
};

const demo = async ({ subjects, seed, clockFile }: { subjects: string; seed: string; clockFile?: string }): Promise<void> => {
  const admin = clientFromEnvironment();
  const { token } = await admin.post<{ token: string }>('/api/keys', { name: 'demo', kind: 'server', environment: 'production' });
  const server = new Client(urlFromEnvironment(), token);
  const suffix = Date.now().toString(36);
  await until('the new key', () => server.get('/v1/ruleset').catch(() => null));
  const told = clockFile === undefined
    ? async (): Promise<string[]> => {
      const reports: string[] = [];
      for (const [index, scenario] of scenarios().entries()) reports.push(...await playAtOnce(admin, server, scenario, { people: Number(subjects), seed: Number(seed) + index, suffix }));
      return reports;
    }
    : () => playWeeks({ admin, server, scenarios: scenarios(), people: Number(subjects), seed: Number(seed), suffix, clockFile, say: (line) => process.stderr.write(`${line}\n`) });
  console.log((await told()).join('\n'));
};

/** `npm run demo` */
export const demoCommand = (): Command => new Command('demo').description("plays FleetFlow's two example experiments with simulated people, and prints the reports")
  .option('--subjects <count>', 'simulated people in each experiment', '20000').option('--seed <number>', 'another seed, another story', '2026')
  .option('--clock-file <file>', 'plays the rollouts as they are planned, week by week: the server has to run with PATAKA_CLOCK_FILE set to this file').action(demo);
