import type { Experiment } from '@pataka/contracts';
import type { Database, Migration, Sql } from '@pataka/event-sourcing';

/** An experiment whose time has come, as it was when that was looked up. */
export interface DueExperiment { key: string; version: number; document: Experiment }

const DUE_AT = `(document->'rollout'->>'dueAt')`;

/**
 * What falls due is part of an experiment's document, so that no timer can be forgotten, kept too long, or differ from what it is for. The table only
 * hands out the due ones: a row for each, locked by whoever deals with it.
 */
export const timerMigrations = (schema: string): Migration[] => [{
  name: '0030-rollout-timers',
  up: `CREATE INDEX documents_due ON ${schema}.documents (${DUE_AT}) WHERE category = 'experiment' AND ${DUE_AT} IS NOT NULL;
    CREATE TABLE ${schema}.due_experiment (experiment_id text COLLATE "C" PRIMARY KEY, version int NOT NULL, due_at text NOT NULL, not_before text NOT NULL DEFAULT '');
    CREATE INDEX due_experiment_at ON ${schema}.due_experiment (due_at);`,
}];

const MOST_AT_ONCE = 100;

/** Hands out what is due, to one worker each, in however many processes. */
export class Timers {
  constructor(private readonly database: Database, private readonly schema: string) {}

  /** Puts what is due on the list. An instant is UTC text of one length, so that texts compare as instants do. */
  async collect(now: string): Promise<void> {
    await this.#list(`${DUE_AT} <= $1`, DUE_AT, now);
  }

  /**
   * Experiments that were started by a version without clocks and have outlived their end date; and everything that waits may be looked at
   * again, since calendars change.
   */
  async collectAll(now: string): Promise<void> {
    await this.#list(`document->'rollout'->>'stepFrom' IS NULL AND document->>'status' IN ('ACTIVE', 'PAUSED') AND (document->>'endDate')::timestamptz <= $1::text::timestamptz`, '$1::text', now);
    await this.database.query(`UPDATE ${this.schema}.due_experiment SET not_before = '' WHERE not_before <> ''`);
  }

  /** Waits for nobody: what a worker has in hand is left alone, even where that worker hangs. In key order, so that two that list cannot wait for each other. */
  async #list(isDue: string, dueAt: string, now: string): Promise<void> {
    const list = `${this.schema}.due_experiment`;
    const due = `FROM ${this.schema}.documents d WHERE category = 'experiment' AND ${isDue}`;
    await this.database.query(
      `INSERT INTO ${list} (experiment_id, version, due_at) SELECT key, version, ${dueAt} ${due} AND NOT EXISTS (SELECT 1 FROM ${list} l WHERE l.experiment_id = d.key)
       ORDER BY key LIMIT ${MOST_AT_ONCE} ON CONFLICT DO NOTHING`, [now]);
    // Listed as of another version: it has changed, and may be dealt with now.
    await this.database.query(
      `UPDATE ${list} l SET version = n.version, not_before = '' FROM (SELECT l.experiment_id, d.version FROM ${list} l JOIN ${this.schema}.documents d ON d.category = 'experiment' AND d.key = l.experiment_id
       WHERE l.version <> d.version ORDER BY l.experiment_id FOR UPDATE OF l SKIP LOCKED) n WHERE l.experiment_id = n.experiment_id`);
  }

  /**
   * Takes one from the list that nobody else has in hand, and off it once `act` is through; whoever dies meanwhile leaves it there. Where `act`
   * answers an instant, it stays on the list until then. False when there is none.
   */
  take(now: string, act: (due: DueExperiment) => Promise<string | null>): Promise<boolean> {
    return this.database.transaction(async (sql) => {
      const [row] = await sql.query<{ experiment_id: string }>(
        `SELECT experiment_id FROM ${this.schema}.due_experiment WHERE not_before <= $1 ORDER BY due_at, experiment_id LIMIT 1 FOR UPDATE SKIP LOCKED`, [now]);
      if (row === undefined) return false;
      const found = await this.#document(sql, row.experiment_id);
      const later = found === undefined ? null : await act(found);
      if (later === null) await sql.query(`DELETE FROM ${this.schema}.due_experiment WHERE experiment_id = $1`, [row.experiment_id]);
      else await sql.query(`UPDATE ${this.schema}.due_experiment SET not_before = $2 WHERE experiment_id = $1`, [row.experiment_id, later]);
      return true;
    });
  }

  async #document(sql: Sql, key: string): Promise<DueExperiment | undefined> {
    const [found] = await sql.query<DueExperiment>(`SELECT key, version, document FROM ${this.schema}.documents WHERE category = 'experiment' AND key = $1`, [key]);
    return found;
  }
}
