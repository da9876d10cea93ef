import type { Experiment } from '@pataka/contracts';
import { type Database, type EventStore, handle } from '@pataka/event-sourcing';
import type { Logger } from '@pataka/platform';
import { type ExperimentCommand, experimentAggregate } from '../experiments/experiment.decider';
import { dueCommand } from './due.process';

const LOOK_MS = 1_000;

/**
 * Acts on experiments whose time has come. The due instant is part of the experiment's document, so nothing has to be remembered across
 * a crash; the expected version makes each step happen once, however many orchestrators look.
 */
export class DueWorker {
  #timer: NodeJS.Timeout | null = null;
  #working: Promise<void> = Promise.resolve();

  constructor(private readonly parts: { database: Database; store: EventStore; schema: string; logger: Logger; now: () => string }) {}

  start(): void {
    this.#timer = setInterval(() => { this.#working = this.#working.then(() => this.#look()); }, LOOK_MS);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#working;
  }

  async #look(): Promise<void> {
    const now = this.parts.now();
    try {
      const due = await this.parts.database.query<{ key: string; version: number; document: Experiment }>(
        `SELECT key, version, document FROM ${this.parts.schema}.documents
         WHERE category = 'experiment' AND document->>'status' IN ('ACTIVE', 'PAUSED') AND (document->>'endDate')::timestamptz <= $1 ORDER BY key LIMIT 100`, [now]);
      for (const { key, version, document } of due) await this.#act(key, version, dueCommand(document, now));
    } catch (error) {
      this.parts.logger.debug({ error: (error as Error).message }, 'due experiments could not be looked up; the next look will');
    }
  }

  async #act(key: string, version: number, command: ExperimentCommand | null): Promise<void> {
    if (command === null) return;
    const context = { meta: { actor: 'experiment-orchestrator', reason: 'its end date has come', correlationId: `due:${key}` }, expectedVersion: version };
    await handle(this.parts.store, experimentAggregate, key, command, context)
      .catch((error: Error) => this.parts.logger.warn({ experiment: key, error: error.message }, 'a due step was not taken; the next look decides'));
  }
}
