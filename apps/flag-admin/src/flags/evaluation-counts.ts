import type { Flag } from '@pataka/contracts';
import type { Database, ProjectionRunner } from '@pataka/event-sourcing';
import { evaluationCountsProjection } from './evaluation-counts.projection';

interface CountRow { flag_key: string; evaluations: string; last_evaluated: string }

/** Reads what the projection has counted. */
export class EvaluationCounts {
  constructor(private readonly database: Database, private readonly runner: ProjectionRunner) {}

  /** Flags with their counts; 0 and null for one that was never evaluated. */
  async merged(flags: readonly Flag[]): Promise<Flag[]> {
    const rows = new Map((await this.rows(flags.map((flag) => flag.key))).map((row) => [row.flag_key, row]));
    return flags.map((flag) => {
      const row = rows.get(flag.key);
      return { ...flag, evaluationCount: Number(row?.evaluations ?? 0), lastEvaluated: row?.last_evaluated ?? null };
    });
  }

  private async rows(keys: readonly string[]): Promise<CountRow[]> {
    if (keys.length === 0) return [];
    const schema = await this.runner.liveSchema(evaluationCountsProjection.name);
    return this.database.query<CountRow>(`SELECT flag_key, evaluations, last_evaluated FROM ${schema}.counts WHERE flag_key = ANY($1)`, [keys]);
  }
}
