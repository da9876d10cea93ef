import type { Migration, Sql } from '@pataka/event-sourcing';

/** Which event of each experiment has taken effect last. Written with the effect, so that a repeated or overtaken event changes nothing. */
export const progressMigrations = (schema: string): Migration[] => [{
  name: '0020-experiment-progress',
  up: `CREATE TABLE ${schema}.experiment_progress (experiment_id text PRIMARY KEY, version int NOT NULL, event_id text NOT NULL)`,
}];

/** Notes an event of an experiment; false where it, or a newer one, was noted before. */
export const isNews = async (sql: Sql, schema: string, experiment: { id: string; version: number }, eventId: string): Promise<boolean> => {
  const rows = await sql.query(
    `INSERT INTO ${schema}.experiment_progress AS known (experiment_id, version, event_id) VALUES ($1, $2, $3)
     ON CONFLICT (experiment_id) DO UPDATE SET version = excluded.version, event_id = excluded.event_id
     WHERE known.version < excluded.version OR (known.version = excluded.version AND known.event_id <> excluded.event_id)
     RETURNING 1`,
    [experiment.id, experiment.version, eventId],
  );
  return rows.length > 0;
};
