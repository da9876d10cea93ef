import { Controller, Get, Inject, Query } from '@nestjs/common';
import { EventStore } from '@pataka/event-sourcing';
import { cut, listed, numberPageOf, toldOf, type Answer, type Query as QueryOf } from '@pataka/platform';

@Controller('api/audit')
export class AuditController {
  constructor(@Inject(EventStore) private readonly store: EventStore) {}

  @Get()
  async list(@Query() query: QueryOf): Promise<Answer> {
    const { limit, after } = numberPageOf(query);
    const { rows, last } = cut(await this.store.all({ after, limit: limit + 1 }), limit, (event) => event.position);
    return listed('/api/audit', query, rows.map((event) => ({ stream: event.streamId, ...toldOf(event) })), last);
  }
}
