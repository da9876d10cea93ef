import type { CreateExperiment, DecisionRecord, Experiment, ExperimentResults } from '@pataka/contracts';
import { reweighDue } from '../bandits/reweigh';
import { experimentAggregate, type ExperimentCommand } from '../experiments/experiment.decider';
import { decideDue, decideOnEvidence, lookAgainAt, type World as DecisionWorld } from '../rollouts/decision';
import { stepsOf } from '../rollouts/steps';
import { randomFrom } from './draws';
import { SyntheticEvidence, type World } from './synthetic-evidence';

const DAY_MS = 86_400_000;
/** More decisions than this at one instant would be one that never ends. */
const MOST_AT_ONCE = 50;

/** Evidence of a simulated day, from whatever source: what analytics would have told at the end of it, null before there is any. */
export type EvidenceSource = (day: number, experiment: Experiment, at: string) => ExperimentResults | null;

/** What is simulated: a policy, from when, and for how many days. */
export interface Simulation { experiment: CreateExperiment; startsAt: string; days: number; definitions: DecisionWorld['definitions']; places: DecisionWorld['places'] }

/** One life of an experiment: every decision, and how it ended. `running` where the days were over first. */
export interface SimulatedRun {
  outcome: 'finished' | 'rolledBack' | 'held' | 'running';
  /** Day on which that was decided, counted from 1; null while it runs. */
  day: number | null;
  decisions: { day: number; record: DecisionRecord }[];
  /** Percentage at the end of each day. */
  percentages: number[];
  experiment: Experiment;
}

const facts = (version: number, at: string) => ({ id: `simulated-${version}`, streamId: 'experiment:simulated', version, position: version, schemaVersion: 1, at, meta: { actor: 'simulation', correlationId: 'simulation' } });

const after = (state: Experiment | null, command: ExperimentCommand, at: string): Experiment =>
  experimentAggregate.decide(command, state).reduce<Experiment | null>((before, event) => experimentAggregate.evolve(before, { ...event, ...facts((before?.version ?? 0) + 1, at) }), state)!;

/** A started experiment; whether it could find anything is what the simulation is asked. */
const started = ({ experiment: body, startsAt }: Simulation): Experiment => {
  const commands: ExperimentCommand[] = [{ type: 'CreateExperiment', id: 'simulated', body, now: startsAt }, { type: 'LinkFlag', flagKey: body.flagKey ?? body.key }, { type: 'StartExperiment', force: true, now: startsAt }];
  return commands.reduce<Experiment | null>((state, command) => after(state, command, startsAt), null)!;
};

/** A run under way. */
class Run {
  experiment: Experiment;
  results: ExperimentResults | null = null;
  day = 0;
  readonly decisions: SimulatedRun['decisions'] = [];
  readonly percentages: number[] = [];

  constructor(private readonly simulation: Simulation) {
    this.experiment = started(simulation);
  }

  get isOver(): boolean {
    return this.experiment.status === 'COMPLETED';
  }

  /** A day of evidence, and what is decided on it and on the clock, by the functions that decide for real. */
  live(source: EvidenceSource): void {
    this.day += 1;
    const end = Date.parse(this.simulation.startsAt) + this.day * DAY_MS;
    // What falls due before the day's evidence is in rests on that of the day before.
    this.pass(end - 1);
    if (this.isOver) return;
    const at = new Date(end).toISOString();
    this.results = source(this.day, this.experiment, at);
    const found = decideOnEvidence(this.experiment, this.world(at));
    if (found !== null) this.take({ type: 'Decide', decided: found }, at);
    this.pass(end);
    this.percentages.push(this.isOver && this.experiment.outcome === 'rolledBack' ? 0 : this.experiment.rollout.percentage);
  }

  private world(now: string): DecisionWorld {
    const { definitions, places } = this.simulation;
    return { now, results: this.results, definitions, places };
  }

  /** Everything that falls due until an instant. */
  private pass(until: number): void {
    for (let turn = 0, at = this.dueAt(); turn < MOST_AT_ONCE && !this.isOver && at <= until; turn += 1) {
      const now = new Date(at).toISOString();
      const world = this.world(now);
      const decided = decideDue(this.experiment, world);
      const command: ExperimentCommand | null = decided === null ? reweighDue(this.experiment, world) : { type: 'Decide', decided };
      if (command !== null) this.take(command, now);
      at = command === null ? Math.max(at + 1, Date.parse(lookAgainAt(this.experiment, world))) : Math.max(at, this.dueAt());
    }
  }

  private dueAt(): number {
    return Date.parse(this.experiment.rollout.dueAt ?? '9999-01-01T00:00:00Z');
  }

  private take(command: ExperimentCommand, at: string): void {
    if (command.type === 'Decide') this.decisions.push({ day: this.day, record: command.decided.record });
    this.experiment = after(this.experiment, command, at);
  }
}

const outcomeOf = ({ experiment, decisions }: Pick<Run, 'experiment' | 'decisions'>): Pick<SimulatedRun, 'outcome' | 'day'> => {
  const last = (decision: DecisionRecord['decision']): number | null => decisions.findLast(({ record }) => record.decision === decision)?.day ?? null;
  if (experiment.outcome === 'rolledBack') return { outcome: 'rolledBack', day: last('rollBack') };
  if (experiment.status === 'COMPLETED' || experiment.rollout.finishedAt !== undefined) return { outcome: 'finished', day: last('finish') };
  return { outcome: experiment.rollout.heldSince === undefined ? 'running' : 'held', day: null };
};

/** Lets an experiment run over evidence, and says what would have been decided when. */
export const simulateRun = (simulation: Simulation, source: EvidenceSource): SimulatedRun => {
  const run = new Run(simulation);
  while (run.day < simulation.days && !run.isOver) run.live(source);
  return { ...outcomeOf(run), decisions: run.decisions, percentages: run.percentages, experiment: run.experiment };
};

/** What is true, and how many subjects meet the flag for the first time a day; `regions` is the share of them in each region. */
export interface SyntheticWorld { truth: World; subjectsPerDay: number; regions?: Readonly<Record<string, number>> }

/** The share of the audience that the regions of a step reach; everyone where nobody said how they spread. */
const reached = (experiment: Experiment, regions: SyntheticWorld['regions']): number => {
  const step = stepsOf(experiment)[experiment.rollout.step];
  if (regions === undefined || step?.regions === undefined) return 1;
  return Math.min(1, step.regions.reduce((sum, region) => sum + (regions[region] ?? 0), 0));
};

/** Evidence drawn from what is true; the same seed draws the same. */
export const syntheticSource = ({ truth, subjectsPerDay, regions }: SyntheticWorld, seed: number): EvidenceSource => {
  const evidence = new SyntheticEvidence(truth, randomFrom(seed));
  return (_day, experiment, at) => {
    const subjects = Math.round((subjectsPerDay * experiment.rollout.percentage * reached(experiment, regions)) / 100);
    evidence.addDay(subjects, Object.fromEntries(experiment.variants.map(({ id, weight }) => [id, weight])));
    return evidence.results(experiment, at);
  };
};
