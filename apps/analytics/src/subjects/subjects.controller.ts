import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { Database, ProjectionRunner } from '@pataka/event-sourcing';
import { cut, listed, pageOf, type Answer, type Query as QueryOf } from '@pataka/platform';
import { EVIDENCE } from '../evidence/evidence.projection';
import { instantText } from '../evidence/instant';
import { exposureQueryOf, type ExposureQuery } from './exposure-query';

interface Row { id: string; at: string; target_key: string; unit: string; experiment: string; variant: string; phase: number | null; environment: string | null; payload: object | null }
const CURSOR = /^\d{1,16}:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
// Ids are compared as UUIDs, so these lie before and after every one.
const BEFORE_ALL = ['-1', '00000000-0000-0000-0000-000000000000'];
const AFTER_ALL = [String(Number.MAX_SAFE_INTEGER), 'ffffffff-ffff-ffff-ffff-ffffffffffff'];

const shown = (row: Row): object => ({
  id: row.id, occurredAt: instantText(Number(row.at)), targetingKey: row.target_key, unit: row.unit, experimentId: row.experiment, variant: row.variant,
  ...(row.phase === null ? {} : { phase: row.phase }), ...(row.environment === null ? {} : { environment: row.environment }), ...row.payload,
});

/** A subject is what was bucketed or, where that is another thing, who was asking. */
const selectFrom = (table: string, { descending }: ExposureQuery): string => `
  select id, at, target_key, unit, experiment, variant, phase, environment, payload from ${table}
  where (unit = $1 or (target_key = $1 and target_key <> unit)) and (at, id) ${descending ? '<' : '>'} ($2::bigint, $3::uuid) and at between $4::bigint and $5::bigint
    and ($6::text is null or payload->>'flagKey' = $6) and ($7::text is null or experiment = $7) and ($8::text is null or environment = $8) and ($9::text is null or variant = $9)
  order by at ${descending ? 'desc' : 'asc'}, id ${descending ? 'desc' : 'asc'} limit $10`;

/** What was recorded of a subject. */
@Controller('api/subjects')
export class SubjectsController {
  constructor(@Inject(Database) private readonly database: Database, @Inject(ProjectionRunner) private readonly runner: ProjectionRunner) {}

  @Get(':key/exposures')
  async exposures(@Param('key') key: string, @Query() query: QueryOf): Promise<Answer> {
    const { limit, after } = pageOf(query, CURSOR);
    const asked = exposureQueryOf(query);
    const [at, id] = after === '' ? (asked.descending ? AFTER_ALL : BEFORE_ALL) : after.split(':');
    const schema = await this.runner.liveSchema(EVIDENCE);
    const found = await this.database.query<Row>(selectFrom(`${schema}.exposure_archive`, asked),
      [key, at, id, asked.from, asked.until, asked.flag, asked.experiment, asked.environment, asked.variant, limit + 1]);
    const { rows, last } = cut(found, limit, (row) => `${row.at}:${row.id}`);
    return listed(`/api/subjects/${encodeURIComponent(key)}/exposures`, query, rows.map(shown), last);
  }
}
