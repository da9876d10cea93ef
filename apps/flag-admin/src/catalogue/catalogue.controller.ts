import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Put, Query, type Type } from '@nestjs/common';
import { DomainError, KEY_PATTERN } from '@pataka/contracts';
import { EventStore, handle, type Handled } from '@pataka/event-sourcing';
import {
  Command, created, cut, historyOf, listed, pageOf, requireIfMatch, versioned, type Answer, type HttpCommandContext, type Query as QueryOf,
} from '@pataka/platform';
import { documentAt, instantOf } from '../as-of';
import { keyOf } from '../faults/faults';
import { calendarAggregate } from './calendars';
import type { CatalogueAggregate, CatalogueCommand, CatalogueDocument, CatalogueEvent, CatalogueKind, CatalogueState } from './catalogue.decider';
import { catalogueWorld, dependentsOf } from './catalogue-world';
import { regionAggregate } from './regions';
import { segmentAggregate } from './segments';

/** The same routes for each kind of the catalogue. */
const catalogueController = (path: string, aggregate: CatalogueAggregate): Type => {
  const kind = aggregate.category as CatalogueKind;

  @Controller(path)
  class CatalogueController {
    constructor(@Inject(EventStore) private readonly store: EventStore) {}

    @Get()
    async list(@Query() query: QueryOf): Promise<Answer> {
      const { limit, after } = pageOf(query, KEY_PATTERN);
      const { rows, last } = cut(await this.store.documents(kind, { after, limit: limit + 1 }), limit, (row) => row.key);
      return listed(`/${path}`, query, rows.map((row) => row.document), last);
    }

    @Post()
    async create(@Body() body: unknown, @Command() context: HttpCommandContext): Promise<Answer> {
      const key = keyOf(body);
      const handled = await this.run(key, context, async (sql) => ({ type: 'create', body, world: await catalogueWorld(this.store, sql, kind, key, body) }));
      return created(`/${path}/${encodeURIComponent(key)}`, handled);
    }

    @Get(':key')
    async one(@Param('key') key: string, @Query() query: QueryOf): Promise<Answer> {
      const at = instantOf(query);
      const row = at === undefined ? await this.store.document(kind, key) : await documentAt(this.store, aggregate, key, at);
      if (row === null) throw new DomainError('not-found', `There is no such ${kind}`);
      return versioned<object>(row);
    }

    @Put(':key')
    async replace(@Param('key') key: string, @Body() body: unknown, @Command() context: HttpCommandContext): Promise<Answer> {
      requireIfMatch(context);
      return versioned(await this.run(key, context, async (sql) => ({ type: 'replace', key, body, world: await catalogueWorld(this.store, sql, kind, key, body) })));
    }

    @Delete(':key')
    @HttpCode(204)
    async remove(@Param('key') key: string, @Command() context: HttpCommandContext): Promise<void> {
      requireIfMatch(context);
      await this.run(key, context, async (sql) => ({ type: 'remove', dependents: await dependentsOf(this.store, sql, kind, key) }));
    }

    @Get(':key/history')
    async history(@Param('key') key: string, @Query() query: QueryOf): Promise<Answer> {
      const history = await historyOf(this.store, `${kind}:${key}`, `/${path}/${encodeURIComponent(key)}/history`, query);
      if (history === null) throw new DomainError('not-found', `There is no such ${kind}`);
      return history;
    }

    private run(
      key: string, context: HttpCommandContext, command: (sql: Parameters<typeof catalogueWorld>[1]) => Promise<CatalogueCommand>,
    ): Promise<Handled<CatalogueDocument>> {
      return handle<CatalogueState, CatalogueCommand, CatalogueEvent, CatalogueDocument>(this.store, aggregate, key, command, context);
    }
  }
  return CatalogueController;
};

export const SegmentsController = catalogueController('api/segments', segmentAggregate);
export const RegionsController = catalogueController('api/regions', regionAggregate);
export const CalendarsController = catalogueController('api/calendars', calendarAggregate);
