import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { Database, ProjectionRunner } from '@pataka/event-sourcing';
import { cut, listed, pageOf, type Answer, type Query as QueryOf } from '@pataka/platform';
import { EVIDENCE } from '../evidence/evidence.projection';
import { instantText } from '../evidence/instant';

interface Row { id: string; at: string; target_key: string; unit: string; experiment: string; variant: string; phase: number | null; environment: string | null; payload: object | null }
const CURSOR = /^\d{1,16}:[0-9a-f-]{36}$/;

const shown = (row: Row): object => ({
  id: row.id, occurredAt: instantText(Number(row.at)), targetingKey: row.target_key, unit: row.unit, experimentId: row.experiment, variant: row.variant,
  ...(row.phase === null ? {} : { phase: row.phase }), ...(row.environment === null ? {} : { environment: row.environment }), ...row.payload,
});

/** What was recorded of a subject. */
@Controller('api/subjects')
export class SubjectsController {
  constructor(@Inject(Database) private readonly database: Database, @Inject(ProjectionRunner) private readonly runner: ProjectionRunner) {}

  @Get(':key/exposures')
  async exposures(@Param('key') key: string, @Query() query: QueryOf): Promise<Answer> {
    const { limit, after } = pageOf(query, CURSOR);
    const [at = '-1', id = '00000000-0000-0000-0000-000000000000'] = after === '' ? [] : after.split(':');
    const schema = await this.runner.liveSchema(EVIDENCE);
    const found = await this.database.query<Row>(
      `select id, at, target_key, unit, experiment, variant, phase, environment, payload from ${schema}.exposure_archive
       where (unit = $1 or (target_key = $1 and target_key <> unit)) and (at, id) > ($2::bigint, $3::uuid) order by at, id limit $4`, [key, at, id, limit + 1]);
    const { rows, last } = cut(found, limit, (row) => `${row.at}:${row.id}`);
    return listed(`/api/subjects/${encodeURIComponent(key)}/exposures`, query, rows.map(shown), last);
  }
}
