import { DomainError, type ExperimentResults } from '@pataka/contracts';
import type { Database, Migration } from '@pataka/event-sourcing';

const MOST_NAMES = 2_000;
const PRUNE_EVERY = 200;
/** Of what is older than a week, the last report of each day stays. */
const KEPT_DAYS = 7;

interface Kept { name: string; experiment: string; document: string }

/** Reports as they were answered or published, by the name of what they rest on: asked for again, they are the same to the byte. */
export class ReportStore {
  private readonly known = new Set<string>();
  private added = 0;

  constructor(private readonly database: Pick<Database, 'query'>, private readonly schema: string) {}

  static migrations(schema: string): Migration[] {
    return [{ name: '0300-reports', up: `
      CREATE TABLE ${schema}.report (name text PRIMARY KEY, experiment text NOT NULL, corrections text[] NOT NULL, whole boolean NOT NULL, made_at timestamptz NOT NULL DEFAULT clock_timestamp(), document text NOT NULL);
      CREATE INDEX ON ${schema}.report (experiment, made_at);` }];
  }

  /** Keeps a report unless one of its name is there; answers its text. `whole`: of all subjects, as published. */
  async keep(results: ExperimentResults, whole: boolean): Promise<string> {
    const document = JSON.stringify(results);
    const { name, corrections = [] } = results.coverage;
    if (this.known.has(name)) return document;
    await this.database.query(
      `INSERT INTO ${this.schema}.report (name, experiment, corrections, whole, document) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (name) DO NOTHING`,
      [name, results.experimentId, corrections, whole, document]);
    if (this.known.size >= MOST_NAMES) this.known.clear();
    this.known.add(name);
    this.added += 1;
    if (this.added % PRUNE_EVERY === 0) await this.prune(results.experimentId);
    return document;
  }

  /** The report of a name. @throws DomainError not-found */
  async find(name: string): Promise<Kept> {
    const [kept] = await this.database.query<Kept>(`SELECT name, experiment, document FROM ${this.schema}.report WHERE name = $1`, [name]);
    if (kept === undefined) throw new DomainError('not-found', `No report of that name is kept: only those that were answered or published, for ${KEPT_DAYS} days, and the last one of each day`);
    return kept;
  }

  /** The last whole report that a correction had no part in, made before an instant. */
  async without(correction: string, experiment: string, before: string): Promise<ExperimentResults | null> {
    const [kept] = await this.database.query<Pick<Kept, 'document'>>(
      `SELECT document FROM ${this.schema}.report WHERE experiment = $1 AND whole AND NOT $2 = ANY(corrections) AND made_at < $3 ORDER BY made_at DESC, name LIMIT 1`, [experiment, correction, before]);
    return kept === undefined ? null : (JSON.parse(kept.document) as ExperimentResults);
  }

  private async prune(experiment: string): Promise<void> {
    await this.database.query(
      `DELETE FROM ${this.schema}.report r WHERE experiment = $1 AND made_at < clock_timestamp() - make_interval(days => $2)
         AND EXISTS (SELECT 1 FROM ${this.schema}.report later WHERE later.experiment = $1 AND later.whole AND later.made_at > r.made_at AND later.made_at::date = r.made_at::date)`,
      [experiment, KEPT_DAYS]);
    this.known.clear();
  }
}
