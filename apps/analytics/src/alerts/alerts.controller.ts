import { Body, Controller, Get, HttpCode, Inject, Param, Post, Put, Query } from '@nestjs/common';
import { alertKinds, alertStatuses, DomainError, UUID_PATTERN, type Alert } from '@pataka/contracts';
import { Database, EventStore, handle, ProjectionRunner } from '@pataka/event-sourcing';
import { Command, cut, listed, pageOf, parameter, versioned, type Answer, type HttpCommandContext, type Query as QueryOf } from '@pataka/platform';
import { AlertContext } from './alert-context';
import { alertWatchAggregate, type WatchCommand, type WatchEvent, type WatchState } from './alert-watch.decider';
import { ALERTS } from './alerts.projection';
import { rulesOf } from './findings';

const PLACE = /^[0-9T:.Z-]{20,40} [0-9a-f-]{36}$/;

const choice = (query: QueryOf, name: string, choices: readonly string[]): string | null => {
  const value = parameter(query, name) ?? null;
  if (value === null || choices.includes(value)) return value;
  const detail = `must be one of ${choices.join(', ')}`;
  throw new DomainError('validation', detail, [{ pointer: `/${name}`, detail }]);
};

@Controller('api')
export class AlertsController {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(ProjectionRunner) private readonly runner: ProjectionRunner,
    @Inject(EventStore) private readonly store: EventStore,
    @Inject(AlertContext) private readonly context: AlertContext,
  ) {}

  @Get('alerts')
  async list(@Query() query: QueryOf): Promise<Answer> {
    const { limit, after } = pageOf(query, PLACE);
    const [at, id] = after === '' ? [null, null] : (after.split(' ') as [string, string]);
    const schema = await this.runner.liveSchema(ALERTS);
    const rows = await this.database.query<{ place: string; document: Alert }>(
      `SELECT raised_at || ' ' || id AS place, document FROM ${schema}.alerts
       WHERE ($1::text IS NULL OR status = $1) AND ($2::text IS NULL OR experiment_id = $2 OR experiment_key = $2) AND ($3::text IS NULL OR kind = $3)
         AND ($4::text IS NULL OR (raised_at, id) < ($4, $5)) ORDER BY raised_at DESC, id DESC LIMIT $6`,
      [choice(query, 'status', alertStatuses), parameter(query, 'experiment') ?? null, choice(query, 'kind', alertKinds), at, id, limit + 1]);
    const page = cut(rows, limit, (row) => row.place);
    return listed('/api/alerts', query, page.rows.map((row) => row.document), page.last);
  }

  /** Into the stream of the experiment's alerts, those included that a rollout raised. */
  @Post('alerts/:id/acknowledge')
  @HttpCode(200)
  async acknowledge(@Param('id') id: string, @Body() body: unknown, @Command() command: HttpCommandContext): Promise<Alert> {
    const schema = await this.runner.liveSchema(ALERTS);
    const [row] = UUID_PATTERN.test(id) ? await this.database.query<{ document: Alert }>(`SELECT document FROM ${schema}.alerts WHERE id = $1`, [id.toLowerCase()]) : [];
    if (row === undefined) throw new DomainError('not-found', `There is no alert "${id}"`);
    const { document: alert } = row;
    const { document } = await handle<WatchState, WatchCommand, WatchEvent, WatchState>(
      this.store, alertWatchAggregate, alert.experimentId, { type: 'acknowledge', alert, body: body ?? {}, by: command.meta.actor, at: this.store.now() }, command);
    const acknowledgement = document.acknowledged?.[alert.id];
    return { ...alert, ...(acknowledgement === undefined ? {} : { acknowledgement }) };
  }

  @Get('experiments/:id/alert-rules')
  async rules(@Param('id') idOrKey: string): Promise<Answer> {
    const context = await this.context.of(idOrKey);
    const row = await this.store.document<WatchState>(alertWatchAggregate.category, context.experiment.id);
    return versioned({ version: row?.version ?? 0, document: rulesOf(row?.document.rules ?? {}, context) });
  }

  @Put('experiments/:id/alert-rules')
  async setRules(@Param('id') idOrKey: string, @Body() body: unknown, @Command() command: HttpCommandContext): Promise<Answer> {
    const context = await this.context.of(idOrKey);
    const { id } = context.experiment;
    const { version, document } = await handle<WatchState, WatchCommand, WatchEvent, WatchState>(
      this.store, alertWatchAggregate, id, { type: 'configure', experimentId: id, body, at: this.store.now() }, command);
    return versioned({ version, document: rulesOf(document.rules, context) });
  }
}
