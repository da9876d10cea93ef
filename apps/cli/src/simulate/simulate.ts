import { Command } from 'commander';
import type { CreateExperiment, Experiment, ExperimentResults, JsonObject, Metric, MetricDefinition } from '@pataka/contracts';
import { cellsOf, type EvidenceSource, experimentFaults, simulateRun, type SimulatedRun, type Simulation, syntheticSource } from '@pataka/experiment-orchestrator';
import { type Bundle, bundlesOf, writable } from '../api/bundle';
import { type Client, clientFromEnvironment } from '../api/client';
import { outlookOf } from './outlook';
import { outlookText, runText } from './plot';
import { readTruth, worldOf } from './truth';

interface Options { truth?: string; recorded?: string; key?: string; runs: string; seed: string; days?: string; start: string; aa?: boolean; set: string[]; json?: boolean }
interface Policy { experiment: CreateExperiment; definitions: Map<string, MetricDefinition> }

const DEFAULT_DAYS = 84;
const MOST = { runs: 100_000, days: 1_000 };

const whole = (name: string, text: string, most: number): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > most) throw new Error(`--${name} ${text}: a whole number from 1 to ${most}`);
  return value;
};

const definitionsOf = (metrics: readonly JsonObject[]): Map<string, MetricDefinition> => new Map(metrics.map((metric) => [String(metric['key']), metric as unknown as MetricDefinition]));

const fromFile = (file: string, key: string | undefined): Policy => {
  const bundles: Bundle[] = bundlesOf(file);
  const experiments = bundles.flatMap((bundle) => bundle.experiments ?? []);
  const found = key === undefined ? experiments : experiments.filter((one) => one['key'] === key);
  if (found.length !== 1) throw new Error(`${file} holds ${experiments.map((one) => String(one['key'])).join(', ') || 'no experiment'}: choose one with --key`);
  return { experiment: writable('experiments', found[0]!) as unknown as CreateExperiment, definitions: definitionsOf(bundles.flatMap((bundle) => bundle.metrics ?? [])) };
};

const fromServer = async (client: Client, key: string): Promise<Policy> => {
  const experiment = writable('experiments', await client.get<JsonObject>(`/api/experiments/${encodeURIComponent(key)}`)) as unknown as CreateExperiment;
  const definitions = new Map<string, MetricDefinition>();
  for await (const metric of client.all<Metric>('/api/metrics')) definitions.set(metric.key, metric);
  return { experiment, definitions };
};

const isFile = (policy: string): boolean => /\.(ya?ml|json)$/.test(policy);

const instant = (text: string): string => {
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw new Error(`--start ${text}: an instant such as 2026-07-06T10:00:00+05:30`);
  return new Date(at).toISOString();
};

/** The policy, refused with every fault before a run is lost on it. */
const policyOf = async (policy: string, key: string | undefined): Promise<Policy> => {
  const found = isFile(policy) ? fromFile(policy, key) : await fromServer(clientFromEnvironment(), policy);
  const faults = experimentFaults(found.experiment, []);
  if (faults.length > 0) throw new Error(`${policy}:\n  ${faults.map(({ pointer, detail }) => `${pointer} ${detail}`).join('\n  ')}`);
  return found;
};

/** What was recorded of a past experiment, day by day: its own results document over the subjects that had come by then. */
const recordedSource = async (client: Client, key: string): Promise<{ source: EvidenceSource; startsAt: string; days: number }> => {
  const experiment = await client.get<Experiment>(`/api/experiments/${encodeURIComponent(key)}`);
  if (experiment.startedAt === undefined) throw new Error(`${key} was never started: there is nothing recorded of it`);
  const { days } = await client.get<{ days: { day: string }[] }>(`/api/experiments/${encodeURIComponent(key)}/timeline`);
  const first = days[0]?.day;
  if (first === undefined) throw new Error(`nothing is recorded of ${key}`);
  const results: ExperimentResults[] = [];
  for (const { day } of days) results.push(await client.get<ExperimentResults>(`/api/experiments/${encodeURIComponent(key)}/results?startDate=${first}&endDate=${day}`));
  return { source: (day, _experiment, at) => ({ ...results[Math.min(day, results.length) - 1]!, generatedAt: at }), startsAt: new Date(Date.parse(`${first}T00:00:00+05:30`)).toISOString(), days: results.length };
};

const simulateRecorded = async (policy: Policy, options: Options): Promise<SimulatedRun> => {
  const { source, startsAt, days } = await recordedSource(clientFromEnvironment(), options.recorded!);
  return simulateRun({ ...policy, startsAt, days: options.days === undefined ? days : whole('days', options.days, MOST.days), places: nowhere }, source);
};

const nowhere: Simulation['places'] = { calendars: new Map(), parents: new Map() };

const print = (value: object, text: string, { json }: Options): void => console.log(json === true ? JSON.stringify(value, null, 2) : text);

const summaryOf = ({ outcome, day, decisions, percentages }: SimulatedRun): object => ({ outcome, day, decisions, percentages });

const simulateSynthetic = (policy: Policy, options: Options): void => {
  const file = readTruth(options.truth!);
  const { experiment } = policy;
  const world = worldOf(file, experiment.variants ?? cellsOf(experiment.factors ?? []), { aa: options.aa === true, set: options.set });
  const [runs, seed] = [whole('runs', options.runs, MOST.runs), whole('seed', options.seed, 2 ** 31)];
  const days = options.days === undefined ? (file.days ?? DEFAULT_DAYS) : whole('days', options.days, MOST.days);
  const simulation: Simulation = { ...policy, startsAt: instant(options.start), days, places: nowhere };
  const all = Array.from({ length: runs }, (_, index) => simulateRun(simulation, syntheticSource(world, seed + index)));
  const title = `${experiment.name ?? experiment.key}: ${runs} run${runs === 1 ? '' : 's'} of ${days} days, ${world.subjectsPerDay} subjects a day${options.aa === true ? ', without any effect' : ''}`;
  const outlook = outlookOf(all, days);
  if (runs === 1) print(summaryOf(all[0]!), runText(title, all[0]!), options);
  else print(outlook, outlookText(title, outlook), options);
};

const simulate = async (name: string, options: Options): Promise<void> => {
  if ((options.truth === undefined) === (options.recorded === undefined)) throw new Error('give either --truth <file> or --recorded <experiment>');
  const policy = await policyOf(name, options.key);
  if (options.truth !== undefined) return simulateSynthetic(policy, options);
  const run = await simulateRecorded(policy, options);
  print(summaryOf(run), runText(`${policy.experiment.name ?? policy.experiment.key} over what was recorded of ${options.recorded}`, run), options);
};

/** `pataka simulate` */
export const simulateCommand = (): Command => new Command('simulate').description('runs a rollout over synthetic or recorded evidence, by the very function that decides, and says what would have been decided when')
  .argument('<policy>', 'a YAML or JSON file with an experiment, or the key of one that is there')
  .option('--key <key>', 'which experiment of the file')
  .option('--truth <file>', 'what is true: rates, means and subjects a day')
  .option('--recorded <experiment>', 'the evidence of a past experiment instead, by key')
  .option('--aa', 'every variant is like control: how often does it cry wolf?')
  .option('--set <assignment>', 'another truth, <variant>:<metric>=<value>: how soon is such a harm caught?', (one: string, list: string[]) => [...list, one], [] as string[])
  .option('--runs <count>', 'how many lives of the experiment', '200').option('--seed <number>', 'another seed, other lives', '1')
  .option('--days <count>', 'how long each lasts').option('--start <instant>', 'when it starts', '2026-07-06T10:00:00+05:30').option('--json', 'as JSON')
  .action(simulate);
