import { randomBytes } from 'node:crypto';
import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Patch, Post, Query } from '@nestjs/common';
import { DomainError, type Webhook, type WebhookAttempt } from '@pataka/contracts';
import { derivedUuid, EventStore, handle, type CommandSource, type Handled, type Sql } from '@pataka/event-sourcing';
import { Command, created, cut, listed, numberPageOf, pageOf, parameter, requireIfMatch, versioned, type Answer, type HttpCommandContext, type Query as QueryOf } from '@pataka/platform';
import { DeliveryStore, type Placed } from './delivery-store';
import { DeliveryWorker, isDelivered } from './delivery.worker';
import { bodyOf, testMessage } from './webhook-message';
import { WebhookSender } from './webhook-sender';
import { hintOfSecret, newSecret, signedHeaders } from './webhook-signature';
import { WebhookTargets } from './webhook-targets';
import { bodyUrlFaults, shownUrl } from './webhook-url';
import { webhookAggregate, type WebhookCommand, type WebhookEvent, type WebhookState } from './webhook.decider';

const PATH = '/api/webhooks';
const ID = /^[\w-]{1,128}$/;
const STATUSES = ['waiting', 'delivered', 'failed'];

const absent = (what: string): never => {
  throw new DomainError('not-found', `There is no such ${what}`);
};
const urlOf = (body: unknown): string | null => (typeof body === 'object' && body !== null && 'url' in body && typeof body.url === 'string' ? body.url : null);
const withoutPlace = ({ place: _place, ...delivery }: Placed): object => delivery;

const statusOf = (query: QueryOf): string | null => {
  const status = parameter(query, 'status') ?? null;
  const detail = `must be one of ${STATUSES.join(', ')}`;
  if (status !== null && !STATUSES.includes(status)) throw new DomainError('validation', detail, [{ pointer: '/status', detail }]);
  return status;
};

@Controller('api/webhooks')
export class WebhooksController {
  constructor(
    @Inject(EventStore) private readonly store: EventStore,
    @Inject(WebhookTargets) private readonly targets: WebhookTargets,
    @Inject(DeliveryStore) private readonly deliveries: DeliveryStore,
    @Inject(DeliveryWorker) private readonly worker: DeliveryWorker,
    @Inject(WebhookSender) private readonly sender: WebhookSender,
  ) {}

  @Get()
  async list(@Query() query: QueryOf): Promise<Answer> {
    const { limit, after } = pageOf(query, ID);
    const { rows, last } = cut(await this.store.documents<Webhook>('webhook', { after, limit: limit + 1 }), limit, (row) => row.key);
    const urls = await this.targets.urls(rows.map(({ key }) => key));
    return listed(PATH, query, rows.map(({ key, document }) => ({ ...document, url: urls.get(key) ?? document.url })), last);
  }

  /** The secret is answered this once. A repeated request gets the webhook of the first answer without it. */
  @Post()
  async create(@Body() body: unknown, @Command() context: HttpCommandContext): Promise<Answer> {
    const id = `wh_${randomBytes(10).toString('hex')}`;
    const [secret, url] = [newSecret(), urlOf(body) ?? ''];
    const urlFaults = await bodyUrlFaults(body, this.sender.reach);
    const handled = await this.run(id, context, async (sql) => {
      const others = (await this.store.documents('webhook', { sql })).length;
      await this.targets.add(sql, id, url, secret);
      return { type: 'create', id, body, url: shownUrl(url), urlFaults, secretHint: hintOfSecret(secret), others };
    });
    const whole = await this.whole(handled.document);
    return created(`${PATH}/${whole.id}`, { ...handled, document: handled.replayed ? whole : { ...whole, secret } });
  }

  @Get(':id')
  async one(@Param('id') id: string): Promise<Answer> {
    const row = (await this.store.document<Webhook>('webhook', id)) ?? absent('webhook');
    return versioned({ version: row.version, document: await this.whole(row.document) });
  }

  @Patch(':id')
  async patch(@Param('id') id: string, @Body() body: unknown, @Command() context: HttpCommandContext): Promise<Answer> {
    requireIfMatch(context);
    const url = urlOf(body);
    const urlFaults = await bodyUrlFaults(body, this.sender.reach);
    const handled = await this.run(id, context, async (sql) => {
      if (url !== null) await this.targets.move(sql, id, url);
      return { type: 'change', body, url: shownUrl(url ?? ''), urlFaults };
    });
    this.worker.wake();
    return versioned({ ...handled, document: await this.whole(handled.document) });
  }

  @Delete(':id')
  @HttpCode(204)
  async remove(@Param('id') id: string, @Command() context: HttpCommandContext): Promise<void> {
    await this.run(id, context, async (sql) => {
      await this.targets.remove(sql, id);
      return { type: 'remove' };
    });
  }

  @Post(':id/rotate-secret')
  @HttpCode(200)
  async rotate(@Param('id') id: string, @Command() context: HttpCommandContext): Promise<Answer> {
    const secret = newSecret();
    const handled = await this.run(id, context, async (sql) => {
      await this.targets.rotate(sql, id, secret, this.store.now());
      return { type: 'rotate', secretHint: hintOfSecret(secret) };
    });
    const whole = await this.whole(handled.document);
    return versioned({ ...handled, document: handled.replayed ? whole : { ...whole, secret } });
  }

  /** One try, now; it is in the log of deliveries too. */
  @Post(':id/test')
  @HttpCode(200)
  async test(@Param('id') id: string): Promise<WebhookAttempt & { delivered: boolean; deliveryId: string }> {
    const { document: webhook } = (await this.store.document<Webhook>('webhook', id)) ?? absent('webhook');
    const now = this.store.now();
    const target = (await this.targets.of(id, now)) ?? absent('webhook');
    const deliveryId = derivedUuid('webhook-test', id, randomBytes(16).toString('hex'));
    const body = bodyOf(testMessage(webhook, now), webhook.format);
    const attempt = await this.sender.send({ url: target.url, body, headers: signedHeaders(deliveryId, Math.floor(Date.parse(now) / 1000), body, target.secrets) }, now);
    await this.deliveries.tell({ id: deliveryId, webhookId: id, type: 'webhook.test', body, createdAt: now }, attempt, isDelivered(attempt) ? 'delivered' : 'failed');
    return { delivered: isDelivered(attempt), deliveryId, ...attempt };
  }

  @Get(':id/deliveries')
  async log(@Param('id') id: string, @Query() query: QueryOf): Promise<Answer> {
    if ((await this.store.document('webhook', id)) === null) absent('webhook');
    const { limit, after: before } = numberPageOf(query);
    const { rows, last } = cut(await this.deliveries.page(id, { status: statusOf(query), before, limit: limit + 1 }), limit, ({ place }) => place);
    return listed(`${PATH}/${id}/deliveries`, query, rows.map(withoutPlace), last);
  }

  @Post(':id/deliveries/:delivery/replay')
  @HttpCode(200)
  async replay(@Param('id') id: string, @Param('delivery') delivery: string): Promise<object> {
    if (!(await this.deliveries.replay(id, delivery, this.store.now()))) absent('delivery');
    this.worker.wake();
    return withoutPlace((await this.deliveries.one(id, delivery)) ?? absent('delivery'));
  }

  private async whole(webhook: Webhook): Promise<Webhook> {
    return { ...webhook, url: (await this.targets.urls([webhook.id])).get(webhook.id) ?? webhook.url };
  }

  private run(id: string, context: HttpCommandContext, command: (sql: Sql) => Promise<WebhookCommand>): Promise<Handled<Webhook>> {
    const source: CommandSource<WebhookState, WebhookCommand> = command;
    return handle<WebhookState, WebhookCommand, WebhookEvent, Webhook>(this.store, webhookAggregate, id, source, context);
  }
}
