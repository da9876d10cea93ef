import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { topics, type Alert, type Webhook, type WebhookAttempt, type WebhookDelivery } from '@pataka/contracts';
import { Database, encodeEvent, uuidv7 } from '@pataka/event-sourcing';
import { type Infrastructure, loadPlatformConfig, openInfrastructure, ownDatabase, type OwnDatabase, type Service } from '@pataka/platform';
import { openService } from '../app.module';
import { DeliveryStore } from './delivery-store';
import { DeliveryWorker, MOST_TRIES, type Outcome } from './delivery.worker';
import { WebhookSender } from './webhook-sender';
import { WebhookTargets } from './webhook-targets';
import { Reach, resolveByDns } from './webhook-url';

const TOKEN = 'an-admin-of-the-webhooks-test';
type Answering = (response: ServerResponse) => void;
interface Received { path: string; headers: IncomingHttpHeaders; body: string }

/** A receiver that answers each path as it is told to, and remembers what it got. */
class Receiver {
  readonly got: Received[] = [];
  readonly answers = new Map<string, Answering>();
  private readonly server: Server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (part: string) => (body += part)).on('end', () => {
      const path = request.url ?? '';
      this.got.push({ path, headers: request.headers, body });
      (this.answers.get(path) ?? ((answer) => answer.end('ok')))(response);
    });
  });

  async listen(port = 0): Promise<number> {
    await new Promise<void>((resolve) => this.server.listen(port, '127.0.0.1', resolve));
    return (this.server.address() as { port: number }).port;
  }
  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
  on(path: string): Received[] {
    return this.got.filter((one) => one.path === path);
  }
}

let own: OwnDatabase;
let infrastructure: Infrastructure;
let service: Service;
let origin: string;
let receiver: Receiver;
let port: number;
let database: Database;

const ask = async <Body>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<{ status: number; body: Body; headers: Headers }> => {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const answer = await fetch(`${origin}${path}`, { method, headers: { authorization: `Bearer ${TOKEN}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers }, ...sent });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: (text === '' ? null : JSON.parse(text)) as Body };
};
const until = async <T>(look: () => Promise<T> | T, holds: (value: T) => boolean): Promise<T> => {
  for (const end = Date.now() + 30_000; ;) {
    const value = await look();
    if (holds(value)) return value;
    if (Date.now() > end) throw new Error(`it did not come about: ${JSON.stringify(value).slice(0, 500)}`);
    await sleep(50);
  }
};
const make = async (path: string, more: object = {}): Promise<Webhook & { secret: string }> =>
  (await ask<Webhook & { secret: string }>('POST', '/api/webhooks', { name: 'a receiver', url: `http://127.0.0.1:${port}${path}`, ...more })).body;
const logOf = async (id: string, query = ''): Promise<WebhookDelivery[]> => (await ask<{ items: WebhookDelivery[] }>('GET', `/api/webhooks/${id}/deliveries${query}`)).body.items;
const signatureOf = (secret: string, { headers, body }: Received): string =>
  `v1,${createHmac('sha256', Buffer.from(secret.slice(6), 'base64')).update(`${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`).digest('base64')}`;
const flag = (key: string, tags: string[] = []) => ask('POST', '/api/flags', { key, type: 'BOOLEAN', status: 'ACTIVE', defaultValue: false, tags });

const open = async (): Promise<void> => {
  const config = loadPlatformConfig({ DATABASE_URL: own.url, LOG_LEVEL: 'fatal', PATAKA_ADMIN_TOKEN: TOKEN, PATAKA_WEBHOOKS_ALLOW_PRIVATE: 'true' });
  infrastructure = await openInfrastructure(config, 'flag-admin');
  service = await openService(config, infrastructure, () => undefined);
  origin = `http://127.0.0.1:${await service.listen(0, '127.0.0.1')}`;
};

beforeAll(async () => {
  own = await ownDatabase();
  receiver = new Receiver();
  port = await receiver.listen();
  await open();
  database = Database.create({ url: own.url, name: 'webhooks-spec', migrations: [] });
}, 120_000);
afterAll(async () => {
  await service.close();
  await database.close();
  await receiver.close();
  await own?.dispose();
}, 60_000);

describe('webhooks', () => {
  it('tell what happens after they were made, signed, and to those whose filters let it pass', async () => {
    await flag('before');
    const [all, fuel] = [await make('/all'), await make('/fuel', { filters: { types: ['flag'], tags: ['fuel'] } })];
    expect(all.secret).toMatch(/^whsec_[\w+/]{43}=$/);
    await flag('plain');
    await flag('fuelled', ['fuel']);
    const [first, second] = await until(() => receiver.on('/all'), (got) => got.length === 2);
    expect([first!, second!].map(({ body }) => { const { type, data } = JSON.parse(body) as { type: string; data: { flag: { key: string } } }; return [type, data.flag.key]; }).sort()).toEqual([['flag.created', 'fuelled'], ['flag.created', 'plain']]);
    expect(first!.headers['webhook-signature']).toBe(signatureOf(all.secret, first!));
    expect(Math.abs(Number(first!.headers['webhook-timestamp']) - Date.now() / 1000)).toBeLessThan(60);
    await until(() => receiver.on('/fuel'), (got) => got.length === 1);
    expect(await until(() => logOf(fuel.id), ([one]) => one?.status === 'delivered')).toMatchObject([{ type: 'flag.created', tries: 1, nextTryAt: null, attempts: [{ status: 200, answer: 'ok' }] }]);
  }, 60_000);

  it('tell alerts off the topic, to Slack as a text', async () => {
    const { id } = await make('/slack', { format: 'slack', filters: { types: ['alert'], kinds: ['conversion-drop'] } });
    const alert: Alert = {
      id: uuidv7(), kind: 'conversion-drop', severity: 'critical', status: 'raised', experimentId: 'exp_1', experimentKey: 'scoring', subject: 'ml/buy', occurrence: 1, evidence: {},
      message: { en: 'It is worse.', hi: 'यह ख़राब है।' }, raisedAt: new Date().toISOString(),
    };
    const record = (one: Alert) => encodeEvent({ id: uuidv7(), type: 'pataka.alert.raised.v1', source: '/test', time: new Date().toISOString(), data: { change: 'raised', alert: one }, topic: topics.alerts.name, key: one.experimentId });
    await infrastructure.log.publish([record(alert), record({ ...alert, id: uuidv7(), kind: 'sample-ratio-mismatch' })]);
    const [got] = await until(() => receiver.on('/slack'), (all) => all.length > 0);
    expect(JSON.parse(got!.body)).toEqual({ text: '[critical] raised: conversion drop, scoring\nIt is worse.\nयह ख़राब है।' });
    expect(await logOf(id)).toHaveLength(1);
  }, 60_000);

  it('keep their secret: it is answered once, and is on no topic, in no history and in no other answer', async () => {
    const { id, secret, version } = await make('/secret?token=hidden', { enabled: false });
    const rotated = await ask<Webhook & { secret: string }>('POST', `/api/webhooks/${id}/rotate-secret`);
    expect(rotated.body.secret).not.toBe(secret);
    const one = await ask<Webhook>('GET', `/api/webhooks/${id}`);
    expect(one.body).toMatchObject({ url: `http://127.0.0.1:${port}/secret?token=hidden`, version: version + 1, secretHint: `${rotated.body.secret.slice(0, 10)}…` });
    const seen = [JSON.stringify(one.body), JSON.stringify((await ask('GET', '/api/audit?limit=200')).body), JSON.stringify((await ask('GET', '/api/webhooks')).body)];
    await until(async () => {
      let text = '';
      for await (const { records } of infrastructure.log.read(topics.accessChanges.name, 0, '0')) for (const { value } of records) text += String(value);
      return text;
    }, (text) => { seen.push(text); return text.includes(id); });
    for (const text of seen) for (const each of [secret, rotated.body.secret]) expect(text.includes(each.slice(12))).toBe(false);
    expect((seen[1]! + seen.at(-1)!).includes('token=hidden')).toBe(false);
    // For a day both sign.
    await ask('POST', `/api/webhooks/${id}/test`);
    const [got] = receiver.on('/secret?token=hidden');
    expect(got!.headers['webhook-signature']).toBe(`${signatureOf(rotated.body.secret, got!)} ${signatureOf(secret, got!)}`);
  }, 60_000);

  it('answer a test with what came of it: redirects are not followed, what hangs or is long is cut', async () => {
    receiver.answers.set('/moved', (response) => response.writeHead(302, { location: `http://127.0.0.1:${port}/elsewhere` }).end());
    receiver.answers.set('/long', (response) => response.writeHead(500).end('x\u0000'.repeat(100_000)));
    const test = async (path: string) => (await ask<WebhookAttempt & { delivered: boolean; deliveryId: string }>('POST', `/api/webhooks/${(await make(path, { enabled: false })).id}/test`)).body;
    expect(await test('/fine')).toMatchObject({ delivered: true, status: 200, answer: 'ok' });
    expect(await test('/moved')).toMatchObject({ delivered: false, status: 302, error: 'redirects are not followed' });
    expect(receiver.on('/elsewhere')).toEqual([]);
    const long = await test('/long');
    expect([long.status, long.answer?.length]).toEqual([500, 1000]);
  }, 60_000);

  it('refuse what they may not do, with every fault', async () => {
    const bad = await ask<{ errors: { pointer: string }[] }>('POST', '/api/webhooks', { url: 'http://user:pw@127.0.0.1/', format: 'xml', colour: 1 });
    expect([bad.status, bad.body.errors.map(({ pointer }) => pointer).sort()]).toEqual([400, ['/colour', '/format', '/name', '/url']]);
    const { id } = await make('/patched', { enabled: false });
    expect((await ask('PATCH', `/api/webhooks/${id}`, { name: 'x' })).status).toBe(428);
    expect((await ask('PATCH', `/api/webhooks/${id}`, { name: 'x' }, { 'if-match': '"7"' })).status).toBe(412);
    expect((await ask('PATCH', `/api/webhooks/${id}`, { name: 'renamed' }, { 'if-match': '"1"' })).body).toMatchObject({ name: 'renamed', version: 2, url: `http://127.0.0.1:${port}/patched` });
    expect((await ask('GET', `/api/webhooks/${id}/deliveries?status=lost`)).status).toBe(400);
    expect((await ask('POST', `/api/webhooks/${id}/deliveries/none/replay`)).status).toBe(404);
    expect((await ask('DELETE', `/api/webhooks/${id}`)).status).toBe(204);
    expect([(await ask('GET', `/api/webhooks/${id}`)).status, (await ask('POST', `/api/webhooks/${id}/test`)).status, (await ask('DELETE', `/api/webhooks/${id}`)).status]).toEqual([404, 404, 404]);
  }, 60_000);
});

describe('deliveries', () => {
  let now = '';
  const outcomes: Outcome[] = [];
  const workerOf = (timeoutMs = 2_000): DeliveryWorker => new DeliveryWorker({
    store: new DeliveryStore(database, 'flag_admin'), targets: new WebhookTargets(database, 'flag_admin'), sender: new WebhookSender(new Reach(true, resolveByDns), timeoutMs),
    now: () => now, onOutcome: (outcome) => outcomes.push(outcome), onError: (error) => { throw error; },
  });
  const store = (): DeliveryStore => new DeliveryStore(database, 'flag_admin');
  /** Brings a message to a webhook, due at once for the worker here: the service's own worker waits for a time to come. */
  const waiting = async (path: string): Promise<{ webhook: Webhook; id: string }> => {
    const webhook = await make(path);
    const id = uuidv7();
    now = new Date(Date.now() + 3_600_000).toISOString();
    outcomes.length = 0;
    await store().add([{ id, webhookId: webhook.id, type: 'flag.updated', body: '{}', createdAt: now }]);
    return { webhook, id };
  };
  const pass = (ms: number): void => { now = new Date(Date.parse(now) + ms).toISOString(); };

  it('are tried again until the receiver is back, with one id over all tries', async () => {
    const { webhook, id } = await waiting('/flaky');
    const answers = [500, 429, 200];
    receiver.answers.set('/flaky', (response) => response.writeHead(answers.shift() ?? 200).end());
    const worker = workerOf();
    await worker.drain();
    await worker.drain();
    expect(receiver.on('/flaky')).toHaveLength(1);
    pass(6_000);
    await worker.drain();
    pass(31_000);
    await worker.drain();
    expect(receiver.on('/flaky').map(({ headers }) => headers['webhook-id'])).toEqual([id, id, id]);
    expect(outcomes).toEqual(['retried', 'retried', 'delivered']);
    expect(await store().one(webhook.id, id)).toMatchObject({ status: 'delivered', tries: 3, nextTryAt: null, attempts: [{ status: 500 }, { status: 429 }, { status: 200 }] });
  }, 60_000);

  it('are given up after eight tries to a dead receiver, and can be replayed once it lives', async () => {
    const dead = new Receiver();
    const deadPort = await dead.listen();
    await dead.close();
    const { webhook, id } = await waiting('/any');
    await ask('PATCH', `/api/webhooks/${webhook.id}`, { url: `http://127.0.0.1:${deadPort}/back` }, { 'if-match': '"1"' });
    const worker = workerOf();
    for (let tries = 0; tries < MOST_TRIES + 3; tries += 1) {
      await worker.drain();
      pass(17 * 3_600_000);
    }
    expect(outcomes).toEqual([...Array<Outcome>(MOST_TRIES - 1).fill('retried'), 'failed']);
    expect((await logOf(webhook.id, '?status=failed'))[0]).toMatchObject({ id, tries: MOST_TRIES, attempts: expect.arrayContaining([expect.objectContaining({ status: null, error: expect.stringContaining('ECONNREFUSED') as string })]) as unknown });
    const back = new Receiver();
    await back.listen(deadPort);
    expect((await ask('POST', `/api/webhooks/${webhook.id}/deliveries/${id}/replay`)).body).toMatchObject({ status: 'waiting', tries: 0 });
    await until(() => store().one(webhook.id, id), (one) => one?.status === 'delivered');
    expect(back.on('/back').map(({ headers }) => headers['webhook-id'])).toEqual([id]);
    await back.close();
  }, 60_000);

  it('do not wait for an answer that does not come, nor for one that does not end', async () => {
    const { id, webhook } = await waiting('/slow');
    receiver.answers.set('/slow', (response) => { response.writeHead(200).write('a'); });
    const worker = workerOf(300);
    const startedAt = performance.now();
    await worker.drain();
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    expect(await store().one(webhook.id, id)).toMatchObject({ status: 'waiting', attempts: [{ status: null, error: expect.stringMatching(/no answer|aborted/) as string }] });
  }, 60_000);

  it('keep nobody waiting for a slow receiver', async () => {
    const slow = await waiting('/hanging');
    receiver.answers.set('/hanging', () => undefined);
    await store().add(Array.from({ length: 40 }, () => ({ id: uuidv7(), webhookId: slow.webhook.id, type: 'flag.updated', body: '{}', createdAt: now })));
    const quick = await make('/quick');
    await store().add([{ id: uuidv7(), webhookId: quick.id, type: 'flag.updated', body: '{}', createdAt: now }]);
    const worker = workerOf(1_500);
    const draining = worker.drain();
    await until(() => receiver.on('/quick'), (got) => got.length === 1);
    expect(receiver.on('/hanging').length).toBeLessThanOrEqual(2);
    await draining;
    await ask('DELETE', `/api/webhooks/${slow.webhook.id}`);
  }, 60_000);

  it('are sent again, under the same id, where a process died between sending and noting', async () => {
    const { webhook, id } = await waiting('/twice');
    // What such a process leaves: a message that was taken and sent, and no note of it.
    const [claimed] = (await store().claim(now, new Date(Date.parse(now) + 60_000).toISOString(), { most: 50, each: 2, busy: [] })).filter((one) => one.id === id);
    await new WebhookSender(new Reach(true, resolveByDns)).send({ url: `http://127.0.0.1:${port}/twice`, headers: { 'webhook-id': claimed!.id }, body: claimed!.body }, now);
    const worker = workerOf();
    await worker.drain();
    expect(receiver.on('/twice')).toHaveLength(1);
    pass(61_000);
    await worker.drain();
    expect(receiver.on('/twice').map(({ headers }) => headers['webhook-id'])).toEqual([id, id]);
    expect(await store().one(webhook.id, id)).toMatchObject({ status: 'delivered', tries: 2 });
  }, 60_000);

  it('are each taken by one of several workers, and wait while their webhook is disabled', async () => {
    const { webhook } = await waiting('/shared');
    await store().add(Array.from({ length: 30 }, () => ({ id: uuidv7(), webhookId: webhook.id, type: 'flag.updated', body: '{}', createdAt: now })));
    await ask('PATCH', `/api/webhooks/${webhook.id}`, { enabled: false }, { 'if-match': '"1"' });
    const workers = [workerOf(), workerOf(), workerOf()];
    await Promise.all(workers.map((worker) => worker.drain()));
    expect(receiver.on('/shared')).toEqual([]);
    await ask('PATCH', `/api/webhooks/${webhook.id}`, { enabled: true }, { 'if-match': '"2"' });
    while ((await Promise.all(workers.map((worker) => worker.drain()))).some((taken) => taken > 0));
    const ids = receiver.on('/shared').map(({ headers }) => headers['webhook-id']);
    expect([ids.length, new Set(ids).size]).toEqual([31, 31]);
  }, 60_000);

  it('survive a kill: what waits is delivered by the next process', async () => {
    const webhook = await make('/after');
    await service.close();
    const id = uuidv7();
    await store().add([{ id, webhookId: webhook.id, type: 'flag.updated', body: '{}', createdAt: new Date().toISOString() }]);
    await open();
    expect((await until(() => receiver.on('/after'), (got) => got.length > 0)).map(({ headers }) => headers['webhook-id'])).toEqual([id]);
  }, 60_000);
});
