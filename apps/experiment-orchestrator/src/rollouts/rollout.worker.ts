import { DomainError, type Experiment } from '@pataka/contracts';
import { type Database, type EventStore, handle } from '@pataka/event-sourcing';
import type { Clock, Logger } from '@pataka/platform';
import { type ExperimentCommand, experimentAggregate } from '../experiments/experiment.decider';
import type { ExperimentReads } from '../experiments/experiment-reads';
import type { Catalogue } from './catalogue';
import { type Decided, decideDue, decideOnEvidence, lookAgainAt, type World } from './decision';
import type { EvidenceWatch } from './evidence-watch';
import { Timers, type DueExperiment } from './timers';

export interface RolloutWorkerParts {
  database: Database; store: EventStore; schema: string; logger: Logger; now: Clock;
  reads: ExperimentReads; catalogue: Catalogue; watch: EvidenceWatch;
  /** More that falls due in an experiment of some type, asked after what every experiment has. */
  also?: (experiment: Experiment, world: World) => ExperimentCommand | null;
}

const LOOK_MS = 250;
const SWEEP_MS = 60_000;
const SWEEP_PAGE = 50;
const ACTOR = 'experiment-orchestrator';

/**
 * Takes rollouts on: what falls due, and what new evidence asks for. It remembers nothing that matters: documents say what is due, and the expected
 * version makes every step happen once, however many orchestrators look, and wherever one of them dies.
 */
export class RolloutWorker {
  readonly #timers: Timers;
  #timer: NodeJS.Timeout | null = null;
  #working: Promise<void> = Promise.resolve();
  #stopping = false;
  #works = false;
  #sweptAt = -Infinity;

  constructor(private readonly parts: RolloutWorkerParts) {
    this.#timers = new Timers(parts.database, parts.schema);
  }

  start(): void {
    const look = (): void => {
      this.#working = this.look().then(() => {
        if (this.#stopping) return;
        this.#timer = setTimeout(look, LOOK_MS);
        this.#timer.unref();
      });
    };
    look();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#working;
  }

  /** false once it stops, and while its looks fail. */
  works(): boolean {
    return this.#works && !this.#stopping;
  }

  /** One look at the clock and at the evidence. */
  async look(): Promise<void> {
    try {
      const now = this.parts.now();
      await this.#sweep(now);
      await this.#timers.collect(now);
      while (!this.#stopping && await this.#timers.take(now, (due) => this.#due(due))) { /* one after the other */ }
      for (const experiment of this.parts.watch.settled(performance.now())) await this.#evidence(experiment);
      this.#works = true;
    } catch (error) {
      this.#works = false;
      this.parts.logger.debug({ error: (error as Error).message }, 'rollouts could not be looked at; the next look will');
    }
  }

  /** A process that died may have seen evidence and not judged it: now and then everything that runs is judged anew. */
  async #sweep(now: string): Promise<void> {
    if (performance.now() - this.#sweptAt < SWEEP_MS) return;
    this.#sweptAt = performance.now();
    await this.#timers.collectAll(now);
    for (let after = ''; ;) {
      const running = await this.parts.reads.running({ after, limit: SWEEP_PAGE });
      this.parts.watch.changed(running, performance.now());
      if (running.length < SWEEP_PAGE) return;
      after = running.at(-1)!;
    }
  }

  /** Answers when to look again at what may not be dealt with yet: outside its windows, or in a blackout. */
  async #due(due: DueExperiment): Promise<string | null> {
    const now = this.parts.now();
    // Another has dealt with it since it was listed.
    if (!isDue(due.document, now)) return null;
    const world = await this.#world(due.document, now);
    const decided = decideDue(due.document, world);
    const command: ExperimentCommand | null = decided === null ? (this.parts.also?.(due.document, world) ?? null) : { type: 'Decide', decided };
    if (command === null) return lookAgainAt(due.document, world);
    await this.#act(due.key, due.version, command, decided?.record.due ?? due.document.rollout.dueAt ?? now);
    return null;
  }

  async #evidence(id: string): Promise<void> {
    const row = await this.parts.store.document<Experiment>('experiment', id);
    if (row === null) return;
    const decided = decideOnEvidence(row.document, await this.#world(row.document, this.parts.now()));
    if (decided === null) return;
    // Whoever changed it meanwhile may have answered already: judge what it is now.
    if (!await this.#act(id, row.version, { type: 'Decide', decided }, `evidence:${decided.record.evidence?.name ?? ''}`)) this.parts.watch.changed([id], performance.now());
  }

  async #world(experiment: Experiment, now: string): Promise<World> {
    const { places, definitions } = await this.parts.catalogue.known();
    return { now, results: await this.parts.reads.resultsOf(experiment.id), places, definitions };
  }

  async #act(key: string, version: number, command: ExperimentCommand, occasion: string): Promise<boolean> {
    const reason = command.type === 'Decide' ? reasonOf(command.decided) : undefined;
    const context = { meta: { actor: ACTOR, correlationId: `rollout:${key}:${occasion}`, ...(reason === undefined ? {} : { reason }) }, expectedVersion: version };
    try {
      await handle(this.parts.store, experimentAggregate, key, command, context);
      return true;
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      this.parts.logger.info({ experiment: key, error: error.message }, 'a decision was overtaken; the next look decides');
      return false;
    }
  }
}

const isDue = ({ status, endDate, rollout }: Experiment, now: string): boolean => {
  const dueAt = rollout.stepFrom === undefined ? endDate : rollout.dueAt;
  return (status === 'ACTIVE' || status === 'PAUSED') && dueAt !== undefined && Date.parse(dueAt) <= Date.parse(now);
};

const reasonOf = ({ record }: Decided): string => record.sentence.en;

