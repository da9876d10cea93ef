import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { CreateHoldout, DomainError, type Holdout, type HoldoutEvent, KEY_PATTERN, type LayerView, parse } from '@pataka/contracts';
import { Database, EventStore, handle } from '@pataka/event-sourcing';
import { AccessDirectory, type Answer, Command, created, cut, type HttpCommandContext, listed, pageOf, type Query as QueryOf, versioned } from '@pataka/platform';
import { holdoutAggregate, type HoldoutCommand, type HoldoutState } from './holdout.decider';
import { Placements } from './placement';

const HOLDOUTS = '/api/holdouts';

@Controller('api')
export class LayersController {
  constructor(
    @Inject(EventStore) private readonly store: EventStore,
    @Inject(Database) private readonly database: Database,
    @Inject(Placements) private readonly placements: Placements,
    @Inject(AccessDirectory) private readonly access: AccessDirectory,
  ) {}

  @Get('layers')
  async layers(): Promise<{ items: LayerView[]; nextCursor: null }> {
    return { items: await this.placements.layers(this.database), nextCursor: null };
  }

  @Get('holdouts')
  async list(@Query() query: QueryOf): Promise<Answer> {
    const page = pageOf(query, KEY_PATTERN);
    const found = await this.store.documents<Holdout>('holdout', { limit: page.limit + 1, ...(page.after === '' ? {} : { after: page.after }) });
    const { rows, last } = cut(found, page.limit, ({ key }) => key);
    return listed(HOLDOUTS, query, rows.map(({ document }) => document), last);
  }

  @Post('holdouts')
  async create(@Body() given: unknown, @Command() context: HttpCommandContext): Promise<Answer> {
    const body = parse(CreateHoldout, given);
    const environments = this.access.environments();
    const unknown = body.environment !== undefined && environments.length > 0 && !environments.includes(body.environment);
    if (unknown) throw new DomainError('validation', undefined, [{ pointer: '/environment', detail: `is not one of ${environments.join(', ')}` }]);
    return created(`${HOLDOUTS}/${body.key}`, await this.run(body.key, { type: 'CreateHoldout', body }, context));
  }

  @Get('holdouts/:key')
  async one(@Param('key') key: string): Promise<Answer> {
    const row = await this.store.document<Holdout>('holdout', key);
    if (row === null) throw new DomainError('not-found', `There is no holdout "${key}"`);
    return versioned(row);
  }

  @Delete('holdouts/:key')
  @HttpCode(204)
  async end(@Param('key') key: string, @Command() context: HttpCommandContext): Promise<void> {
    await this.run(key, { type: 'EndHoldout' }, context);
  }

  private run(key: string, command: HoldoutCommand, context: HttpCommandContext) {
    return handle<HoldoutState, HoldoutCommand, HoldoutEvent, Holdout>(this.store, holdoutAggregate, key, command, context);
  }
}
