import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import type { AccessKey, KeyKind } from '@pataka/contracts';
import { isRecord } from '@pataka/evaluation';
import { EventStore, handle, type CommandSource, type Handled } from '@pataka/event-sourcing';
import { Command, created, cut, listed, newToken, pageOf, type Answer, type HttpCommandContext, type Query as QueryOf } from '@pataka/platform';
import { AccessFeed } from './access-feed';
import { keyAggregate, type KeyCommand, type KeyEvent, type KeyState } from './key.decider';

const PATH = '/api/keys';
const KEY_ID = /^[\w-]{1,128}$/;

const shown = ({ hash: _hash, ...key }: AccessKey): Omit<AccessKey, 'hash'> => key;

/** The prefix of the secret tells its kind; what is no kind is refused before anybody sees the secret. */
const kindOf = (body: unknown): KeyKind => {
  const kind = isRecord(body) ? body['kind'] : undefined;
  return kind === 'client' || kind === 'management' ? kind : 'server';
};

@Controller('api/keys')
export class KeysController {
  constructor(@Inject(EventStore) private readonly store: EventStore, @Inject(AccessFeed) private readonly access: AccessFeed) {}

  @Get()
  async list(@Query() query: QueryOf): Promise<Answer> {
    const { limit, after } = pageOf(query, KEY_ID);
    const { rows, last } = cut(await this.store.documents<AccessKey>('key', { after, limit: limit + 1 }), limit, (row) => row.key);
    return listed(PATH, query, rows.map((row) => shown(row.document)), last);
  }

  /** The secret is answered this once. A repeated request gets the key of the first answer without it: it was never kept. */
  @Post()
  async create(@Body() body: unknown, @Command() context: HttpCommandContext): Promise<Answer> {
    const { token, hash, hint, id } = newToken(kindOf(body));
    const handled = await this.run(id, context, async (sql) => ({
      type: 'create', id, body, secret: { hash, hint }, now: this.store.now(), environments: (await this.store.documents('environment', { sql })).map((row) => row.key),
    }));
    const key = shown(handled.document);
    return created(`${PATH}/${key.id}`, { ...handled, document: handled.replayed ? key : { ...key, token } });
  }

  @Delete(':id')
  @HttpCode(204)
  async revoke(@Param('id') id: string, @Command() context: HttpCommandContext): Promise<void> {
    await this.run(id, context, { type: 'revoke' });
  }

  private async run(id: string, context: HttpCommandContext, command: CommandSource<KeyState, KeyCommand>): Promise<Handled<AccessKey>> {
    const handled = await handle<KeyState, KeyCommand, KeyEvent, AccessKey>(this.store, keyAggregate, id, command, context);
    await this.access.refresh();
    return handled;
  }
}
