import { Controller, Get, Inject, Query } from '@nestjs/common';
import { EventStore, type Stored } from '@pataka/event-sourcing';
import { cut, listed, numberPageOf, toldOf, type Answer, type Query as QueryOf } from '@pataka/platform';

const countOf = (text: unknown): number => String(text).split('\n').length - 1;

/** A chunk has thousands of keys: how many is told here, which is asked of the list. */
const told = (event: Stored): object => {
  if (event.type !== 'segment-list.chunk-added') return toldOf(event);
  const data = event.data as Record<string, unknown>;
  return toldOf({ ...event, data: { ...data, added: countOf(data['added']), removed: countOf(data['removed']) } });
};

@Controller('api/audit')
export class AuditController {
  constructor(@Inject(EventStore) private readonly store: EventStore) {}

  @Get()
  async list(@Query() query: QueryOf): Promise<Answer> {
    const { limit, after } = numberPageOf(query);
    const { rows, last } = cut(await this.store.all({ after, limit: limit + 1 }), limit, (event) => event.position);
    return listed('/api/audit', query, rows.map((event) => ({ stream: event.streamId, ...told(event) })), last);
  }
}
