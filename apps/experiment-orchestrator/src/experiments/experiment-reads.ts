import { DomainError, type Experiment, type ExperimentResults } from '@pataka/contracts';
import { derivedUuid, type Database, type DocumentRow, type EventStore, type ProjectionRunner, type Sql } from '@pataka/event-sourcing';
import { RESULTS_PROJECTION } from './experiment-results.projection';

/** An experiment as it is answered: with the latest results, where there are any. */
export type ExperimentView = Experiment & { results?: ExperimentResults };

/** What is read of experiments: the inline documents, and the latest results that analytics published. */
export class ExperimentReads {
  private readonly documents: string;

  constructor(private readonly parts: { database: Database; store: EventStore; runner: ProjectionRunner; schema: string }) {
    this.documents = `${parts.schema}.documents`;
  }

  /** @throws DomainError `experiment-not-found` */
  async find(idOrKey: string): Promise<DocumentRow<Experiment>> {
    const byId = await this.parts.store.document<Experiment>('experiment', idOrKey);
    if (byId !== null) return byId;
    const [byKey] = await this.parts.database.query<DocumentRow<Experiment>>(
      `SELECT key, version, document FROM ${this.documents} WHERE category = 'experiment' AND document->>'key' = $1`, [idOrKey]);
    if (byKey === undefined) throw new DomainError('experiment-not-found', `There is no experiment "${idOrKey}"`);
    return byKey;
  }

  list(page: { limit: number; after: string }, filter: { status: string | undefined; search: string | undefined }): Promise<DocumentRow<Experiment>[]> {
    return this.parts.database.query<DocumentRow<Experiment>>(
      `SELECT key, version, document FROM ${this.documents}
       WHERE category = 'experiment' AND key > $1 AND ($2::text IS NULL OR document->>'status' = $2)
         AND ($3::text IS NULL OR strpos(lower(document->>'key'), lower($3)) > 0 OR strpos(lower(coalesce(document->>'name', '')), lower($3)) > 0)
       ORDER BY key LIMIT $4`, [page.after, filter.status ?? null, filter.search ?? null, page.limit]);
  }

  async keyTaken(sql: Sql, key: string): Promise<boolean> {
    const rows = await sql.query(`SELECT 1 FROM ${this.documents} WHERE category = 'experiment' AND lower(document->>'key') = lower($1)`, [key]);
    return rows.length > 0;
  }

  /** Ids of experiments that run, a page in order. */
  async running(page: { limit: number; after: string }): Promise<string[]> {
    const rows = await this.parts.database.query<{ key: string }>(
      `SELECT key FROM ${this.documents} WHERE category = 'experiment' AND key > $1 AND document->>'status' IN ('ACTIVE', 'PAUSED') ORDER BY key LIMIT $2`, [page.after, page.limit]);
    return rows.map(({ key }) => key);
  }

  /** The steps of the experiments that run and were changed last, at most `limit`. */
  async steps(limit: number): Promise<[{ experiment: string }, number][]> {
    const rows = await this.parts.database.query<{ experiment: string; step: number }>(
      `SELECT document->>'key' AS experiment, (document->'rollout'->>'step')::int AS step FROM ${this.documents}
       WHERE category = 'experiment' AND document->>'status' IN ('ACTIVE', 'PAUSED') ORDER BY document->>'updatedAt' DESC, key LIMIT $1`, [limit]);
    return rows.map(({ experiment, step }) => [{ experiment }, step]);
  }

  /** The latest results that analytics has published of an experiment. */
  async resultsOf(id: string): Promise<ExperimentResults | null> {
    const schema = await this.parts.runner.liveSchema(RESULTS_PROJECTION);
    const [row] = await this.parts.database.query<{ row: { results: ExperimentResults } | null }>(`SELECT row FROM ${schema}.rows WHERE key = $1`, [id]);
    return row?.row?.results ?? null;
  }

  async withResults(experiments: readonly Experiment[]): Promise<ExperimentView[]> {
    if (experiments.length === 0) return [];
    const schema = await this.parts.runner.liveSchema(RESULTS_PROJECTION);
    const rows = await this.parts.database.query<{ key: string; row: { results: ExperimentResults } }>(`SELECT key, row FROM ${schema}.rows WHERE key = ANY($1)`, [experiments.map(({ id }) => id)]);
    const results = new Map(rows.map(({ key, row }) => [key, row.results]));
    return experiments.map((experiment) => {
      const latest = results.get(experiment.id);
      return latest === undefined ? experiment : { ...experiment, results: latest };
    });
  }

  idFrom(...parts: string[]): string {
    return derivedUuid(...parts);
  }
}
