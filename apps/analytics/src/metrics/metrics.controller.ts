import { Body, Controller, Get, Inject, Param, Patch, Post, Query } from '@nestjs/common';
import { DomainError, KEY_PATTERN, type Metric } from '@pataka/contracts';
import { EventStore, handle } from '@pataka/event-sourcing';
import { Command, created, cut, listed, pageOf, requireIfMatch, versioned, type Answer, type HttpCommandContext, type Query as QueryOf } from '@pataka/platform';
import { metricAggregate, type MetricCommand, type MetricEvent, type MetricState } from './metric.decider';

@Controller('api/metrics')
export class MetricsController {
  constructor(@Inject(EventStore) private readonly store: EventStore) {}

  @Get()
  async list(@Query() query: QueryOf): Promise<Answer> {
    const { limit, after } = pageOf(query, KEY_PATTERN);
    const { rows, last } = cut(await this.store.documents<Metric>('metric', { after, limit: limit + 1 }), limit, (row) => row.key);
    return listed('/api/metrics', query, rows.map((row) => row.document), last);
  }

  @Post()
  async define(@Body() body: unknown, @Command() context: HttpCommandContext): Promise<Answer> {
    const key = typeof body === 'object' && body !== null && 'key' in body && typeof body.key === 'string' ? body.key : '';
    // The decider names the fault of a key that is none.
    if (!KEY_PATTERN.test(key)) metricAggregate.decide({ type: 'define', body }, null);
    return created(`/api/metrics/${encodeURIComponent(key)}`, await this.run(key, { type: 'define', body }, context));
  }

  @Get(':key')
  async one(@Param('key') key: string): Promise<Answer> {
    const row = await this.store.document<Metric>('metric', key);
    if (row === null) throw new DomainError('not-found', `There is no metric "${key}"`);
    return versioned<Metric>(row);
  }

  @Patch(':key')
  async correct(@Param('key') key: string, @Body() body: unknown, @Command() context: HttpCommandContext): Promise<Answer> {
    requireIfMatch(context);
    return versioned(await this.run(key, { type: 'correct', key, body }, context));
  }

  private run(key: string, command: MetricCommand, context: HttpCommandContext) {
    return handle<MetricState, MetricCommand, MetricEvent, Metric>(this.store, metricAggregate, key, command, context);
  }
}
