import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Patch, Post, Put, Query } from '@nestjs/common';
import { DomainError, KEY_PATTERN, type Flag } from '@pataka/contracts';
import { EventStore, handle, type Sql } from '@pataka/event-sourcing';
import {
  Command, created, cut, historyOf, listed, pageOf, requireIfMatch, versioned, type Answer, type HttpCommandContext, type Query as QueryOf,
} from '@pataka/platform';
import { documentAt, instantOf } from '../as-of';
import { keyOf } from '../faults/faults';
import { EvaluationCounts } from './evaluation-counts';
import { flagAggregate, type FlagCommand, type FlagEvent, type FlagState } from './flag.decider';
import { filterOf, flagsOf } from './flag-list';
import { dependentsOf, flagWorld } from './flag-world';

const PATH = '/api/flags';
@Controller('api/flags')
export class FlagsController {
  constructor(
    @Inject(EventStore) private readonly store: EventStore,
    @Inject(EvaluationCounts) private readonly counts: EvaluationCounts,
  ) {}

  @Get()
  async list(@Query() query: QueryOf): Promise<Answer> {
    const page = pageOf(query, KEY_PATTERN);
    const { rows, last } = cut(await flagsOf(this.store, page, filterOf(query)), page.limit, (row) => row.key);
    return listed(PATH, query, await this.counts.merged(rows.map((row) => row.document)), last);
  }

  @Post()
  async create(@Body() body: unknown, @Command() context: HttpCommandContext): Promise<Answer> {
    const key = keyOf(body);
    const handled = await this.run(key, async (sql) => ({ type: 'create', body, world: await flagWorld(this.store, sql, key, body) }), context);
    return created(`${PATH}/${encodeURIComponent(key)}`, handled);
  }

  @Get(':key')
  async one(@Param('key') key: string, @Query() query: QueryOf): Promise<Answer> {
    const at = instantOf(query);
    const row = at === undefined ? await this.store.document<Flag>('flag', key) : await documentAt(this.store, flagAggregate, key, at);
    if (row === null) throw new DomainError('flag-not-found');
    return versioned({ ...row, document: await this.counted(row.document as Flag) });
  }

  @Patch(':key')
  async patch(@Param('key') key: string, @Body() body: unknown, @Command() context: HttpCommandContext): Promise<Answer> {
    requireIfMatch(context);
    return versioned(await this.run(key, async (sql) => ({ type: 'patch', body, world: await flagWorld(this.store, sql, key, body) }), context));
  }

  @Put(':key/environments/:environment')
  async setEnvironment(
    @Param('key') key: string, @Param('environment') environment: string, @Body() body: unknown, @Command() context: HttpCommandContext,
  ): Promise<Answer> {
    requireIfMatch(context);
    const command = async (sql: Sql): Promise<FlagCommand> => ({ type: 'set-environment', environment, body, world: await flagWorld(this.store, sql, key, null) });
    return versioned(await this.run(key, command, context));
  }

  @Delete(':key')
  async remove(@Param('key') key: string, @Command() context: HttpCommandContext): Promise<Answer> {
    requireIfMatch(context);
    return this.archive(key, context);
  }

  @Post(':key/archive')
  @HttpCode(200)
  async archive(@Param('key') key: string, @Command() context: HttpCommandContext): Promise<Answer> {
    return versioned(await this.run(key, async (sql) => ({ type: 'archive', dependents: await dependentsOf(this.store, sql, key) }), context));
  }

  @Post(':key/activate')
  @HttpCode(200)
  async activate(@Param('key') key: string, @Command() context: HttpCommandContext): Promise<Answer> {
    return versioned(await this.run(key, { type: 'activate' }, context));
  }

  @Post(':key/deactivate')
  @HttpCode(200)
  async deactivate(@Param('key') key: string, @Command() context: HttpCommandContext): Promise<Answer> {
    return versioned(await this.run(key, { type: 'deactivate' }, context));
  }

  @Get(':key/history')
  async history(@Param('key') key: string, @Query() query: QueryOf): Promise<Answer> {
    const history = await historyOf(this.store, `flag:${key}`, `${PATH}/${encodeURIComponent(key)}/history`, query);
    if (history === null) throw new DomainError('flag-not-found');
    return history;
  }

  private async run(key: string, command: FlagCommand | ((sql: Sql, state: FlagState) => Promise<FlagCommand>), context: HttpCommandContext) {
    const handled = await handle<FlagState, FlagCommand, FlagEvent, Flag>(this.store, flagAggregate, key, command, context);
    return { ...handled, document: await this.counted(handled.document) };
  }

  private async counted(flag: Flag): Promise<Flag> {
    const [merged] = await this.counts.merged([flag]);
    return merged ?? flag;
  }
}
