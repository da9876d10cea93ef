import { Body, Controller, Get, Inject, Post } from '@nestjs/common';
import type { Environment } from '@pataka/contracts';
import { EventStore, handle } from '@pataka/event-sourcing';
import { Command, created, type Answer, type HttpCommandContext } from '@pataka/platform';
import { keyOf } from '../faults/faults';
import { AccessFeed } from '../keys/access-feed';
import { environmentAggregate, type EnvironmentCommand, type EnvironmentEvent, type EnvironmentState } from './environment.decider';

const PATH = '/api/environments';

@Controller('api/environments')
export class EnvironmentsController {
  constructor(@Inject(EventStore) private readonly store: EventStore, @Inject(AccessFeed) private readonly access: AccessFeed) {}

  @Get()
  async list(): Promise<{ items: Environment[]; nextCursor: null }> {
    const rows = await this.store.documents<Environment>('environment');
    return { items: rows.map((row) => row.document), nextCursor: null };
  }

  @Post()
  async create(@Body() body: unknown, @Command() context: HttpCommandContext): Promise<Answer> {
    const key = keyOf(body);
    const handled = await handle<EnvironmentState, EnvironmentCommand, EnvironmentEvent, Environment>(
      this.store, environmentAggregate, key, { type: 'create', body }, context,
    );
    await this.access.refresh();
    return created(`${PATH}/${encodeURIComponent(key)}`, handled);
  }
}
