import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pataka, type ConnectOptions } from './index';
import { testRuleset } from './test-flags';

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

/** A server that answers as a test says, so that it can do what no real one should. */
class Scripted {
  readonly seen: { readonly path: string; readonly headers: IncomingMessage['headers']; readonly body: string }[] = [];
  readonly streams: ServerResponse[] = [];
  private server: Server | undefined;
  private port = 0;
  answers: Record<string, Answer> = {
    '/v1/ruleset': (_request, response) => void response.writeHead(200, { etag: '"1"' }).end(JSON.stringify(testRuleset({ flag: 'one' }))),
    '/v1/stream': (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('retry: 20\n\n');
      this.streams.push(response);
    },
    '/v1/events': (_request, response, body) => void response.writeHead(202).end(JSON.stringify({ accepted: (JSON.parse(body) as { events: unknown[] }).events.length, rejected: [] })),
  };

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    this.server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => { body += chunk.toString(); });
      request.on('end', () => {
        this.seen.push({ path: request.url!, headers: request.headers, body });
        (this.answers[request.url!] ?? ((_request, answer) => void answer.writeHead(404).end()))(request, response, body);
      });
    });
    await new Promise<void>((listening) => this.server!.listen(this.port, '127.0.0.1', listening));
    this.port = (this.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.server?.closeAllConnections();
    await new Promise((closed) => (this.server === undefined ? closed(null) : this.server.close(closed)));
    this.server = undefined;
  }

  change(position: number, documents?: object): void {
    this.streams.at(-1)!.write(`id: ${position}\nevent: change\ndata: ${JSON.stringify({ type: 'change', position, flags: null, ...(documents === undefined ? {} : { documents }) })}\n\n`);
  }

  eventsSent(): { id: string; type: string; metric?: string; session: { id: string; sequence: number } }[] {
    return this.seen.filter(({ path }) => path === '/v1/events').flatMap(({ body }) => (JSON.parse(body) as { events: [] }).events);
  }

  requests(path: string): number {
    return this.seen.filter((one) => one.path === path).length;
  }
}

const until = async (what: () => boolean | Promise<boolean>, limitMs = 10_000): Promise<void> => {
  for (const end = Date.now() + limitMs; Date.now() < end; await sleep(10)) if (await what()) return;
  throw new Error(`waited in vain for ${what.toString()}`);
};

const serving = (value: string, position: number): Answer => (request, response) => {
  const ruleset = { ...testRuleset({ flag: value }), position };
  if (request.headers['if-none-match'] === `"${position}"`) return void response.writeHead(304).end();
  response.writeHead(200, { etag: `"${position}"` }).end(JSON.stringify({ ...ruleset, flags: ruleset.flags.map((flag) => ({ ...flag, version: position })) }));
};
const flagOf = (value: string, version: number) => ({ flags: [{ ...testRuleset({ flag: value }).flags[0]!, version }] });

let server: Scripted;
let directory: string;
const clients: Pataka[] = [];

const connect = async (options: Partial<ConnectOptions> = {}): Promise<Pataka> => {
  const pataka = await Pataka.connect({ url: server.url, key: 'k', timeoutMs: 500, graceMs: 100, flushIntervalMs: 20, ...options });
  clients.push(pataka);
  return pataka;
};

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sdk-node-'));
  server = new Scripted();
  await server.start();
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((pataka) => pataka.close()));
  await server.stop();
  await rm(directory, { recursive: true, force: true });
});

describe('rules', () => {
  it('are those of the server, asked for with the key', async () => {
    const pataka = await connect();
    expect([pataka.string('flag', 'x'), pataka.status]).toEqual(['one', 'ready']);
    expect(server.seen[0]!.headers.authorization).toBe('Bearer k');
  });

  it('change as the stream says, without another request', async () => {
    const pataka = await connect();
    const changes: (readonly string[])[] = [];
    pataka.on('change', (keys) => changes.push(keys));
    await until(() => server.streams.length === 1);
    server.change(2, flagOf('two', 2));
    await until(() => pataka.string('flag', 'x') === 'two');
    expect([changes, server.requests('/v1/ruleset')]).toEqual([[['flag']], 1]);
  });

  it('are fetched anew where the stream brings no documents', async () => {
    const pataka = await connect();
    await until(() => server.streams.length === 1);
    server.answers['/v1/ruleset'] = serving('two', 2);
    server.change(2);
    await until(() => pataka.string('flag', 'x') === 'two');
  });

  it('go on from the last event when the stream broke off', async () => {
    const pataka = await connect();
    await until(() => server.streams.length === 1);
    server.change(7, flagOf('two', 2));
    await until(() => pataka.string('flag', 'x') === 'two');
    server.streams[0]!.destroy();
    await until(() => server.streams.length === 2);
    expect(server.seen.filter(({ path }) => path === '/v1/stream').map(({ headers }) => headers['last-event-id'])).toEqual(['1', '7']);
    server.change(8, flagOf('three', 3));
    await until(() => pataka.string('flag', 'x') === 'three');
  });

  it('are not taken back to an older version by an event that comes again', async () => {
    const pataka = await connect();
    await until(() => server.streams.length === 1);
    server.change(3, flagOf('three', 3));
    server.change(2, flagOf('two', 2));
    server.change(4, { segments: [{ key: 'seen' }] });
    await sleep(100);
    expect(pataka.string('flag', 'x')).toBe('three');
  });

  it('are polled for where there is no stream', async () => {
    delete server.answers['/v1/stream'];
    const pataka = await connect({ pollIntervalMs: 30 });
    expect(pataka.status).toBe('ready');
    server.answers['/v1/ruleset'] = serving('two', 2);
    await until(() => pataka.string('flag', 'x') === 'two');
    server.answers['/v1/ruleset'] = serving('three', 3);
    await until(() => pataka.string('flag', 'x') === 'three');
    expect(server.seen.at(-1)!.headers['if-none-match'] ?? server.seen.at(-2)!.headers['if-none-match']).toBeDefined();
  });

  it('stay those that were last known while the server is away, and are told to be stale, then in error', async () => {
    const pataka = await connect();
    const told: string[] = [];
    pataka.on('stale', () => told.push('stale'));
    pataka.on('error', () => told.push('error'));
    await until(() => server.streams.length === 1);
    await server.stop();
    await until(() => told.includes('error'));
    expect([told, pataka.string('flag', 'x')]).toEqual([['stale', 'error'], 'one']);
    server.answers['/v1/ruleset'] = serving('two', 2);
    await server.start();
    await until(() => pataka.status === 'ready');
    await until(() => server.streams.length === 2);
    server.change(2);
    await until(() => pataka.string('flag', 'x') === 'two');
  });

  it.each<[string, Answer]>([
    ['garbage', (_request, response) => void response.end('<html>')],
    ['JSON of another kind', (_request, response) => void response.end('{"environment":1}')],
    ['nothing at all', () => undefined],
    ['half an answer', (_request, response) => { response.writeHead(200, { 'content-length': '1000' }).write('{"environment"'); setTimeout(() => response.destroy(), 10); }],
    ['a refusal', (_request, response) => void response.writeHead(401).end()],
    ['an error', (_request, response) => void response.writeHead(503, { 'retry-after': '1' }).end()],
  ])('never come of %s, and the caller’s fallback serves', async (_what, answer) => {
    server.answers['/v1/ruleset'] = answer;
    const pataka = await connect({ timeoutMs: 200 });
    expect(pataka.details('flag', 'mine')).toMatchObject({ value: 'mine', reason: 'ERROR', errorCode: 'PROVIDER_NOT_READY' });
    expect([pataka.string('flag', 'mine'), pataka.status]).not.toContain('ready');
  });

  it('start from the last known without a server', async () => {
    const first = await connect({ directory });
    await first.close();
    await server.stop();
    const second = await connect({ directory });
    expect([second.string('flag', 'x'), second.status]).toEqual(['one', 'stale']);
    expect((await readdir(directory)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('start without a broken cache', async () => {
    await (await connect({ directory })).close();
    const [file] = (await readdir(directory)).filter((name) => name.startsWith('ruleset-'));
    await writeFile(join(directory, file!), '{"ruleset":{"flags":');
    const pataka = await connect({ directory });
    expect(pataka.string('flag', 'x')).toBe('one');
  });

  it('start from a file that the application brings along, and offline need nothing else', async () => {
    const bootstrap = join(directory, 'ruleset.json');
    await writeFile(bootstrap, JSON.stringify(testRuleset({ flag: 'brought' })));
    const before = server.seen.length;
    const pataka = await connect({ bootstrap, offline: true });
    expect([pataka.string('flag', 'x'), pataka.status, server.seen.length]).toEqual(['brought', 'ready', before]);
  });

  it('hold lists of keys that segments name, fetched once and kept over a restart', async () => {
    const text = 'u1\nu2\n';
    const hash = createHash('sha256').update(text).digest('hex');
    const vip = { key: 'vip', version: 1, includedList: { hash, size: 2 } };
    const ruleset = testRuleset({ flag: 'one' });
    const rules = [{ id: 'r', conditions: [{ operator: 'in_segment' as const, value: ['vip'] }], value: 'vip' }];
    const flags = [{ ...ruleset.flags[0]!, environments: { test: { enabled: true, rules } } }];
    server.answers['/v1/ruleset'] = (_request, response) => void response.writeHead(200, { etag: '"1"' }).end(JSON.stringify({ ...ruleset, flags, segments: [vip] }));
    const first = await connect({ directory });
    expect(first.details('flag', 'mine', { targetingKey: 'u1' })).toMatchObject({ value: 'mine', errorCode: 'GENERAL' });
    await first.close();
    server.answers[`/v1/lists/${hash}`] = (_request, response) => void response.end(text);
    const second = await connect({ directory });
    expect(['u1', 'u3'].map((targetingKey) => second.string('flag', 'mine', { targetingKey }))).toEqual(['vip', 'one']);
    await second.close();
    await server.stop();
    const third = await connect({ directory });
    expect(third.string('flag', 'mine', { targetingKey: 'u2' })).toBe('vip');
    expect(server.requests(`/v1/lists/${hash}`)).toBeGreaterThanOrEqual(2);
  });

  it('refuse a list that arrives broken', async () => {
    const hash = 'a'.repeat(64);
    server.answers[`/v1/lists/${hash}`] = (_request, response) => void response.end('other\n');
    const pataka = await connect();
    const changed: unknown[] = [];
    pataka.on('change', (keys) => changed.push(keys));
    await until(() => server.streams.length === 1);
    server.change(2, { segments: [{ key: 'vip', includedList: { hash, size: 1 } }] });
    await until(() => server.requests(`/v1/lists/${hash}`) > 0);
    await sleep(50);
    expect([changed, pataka.position, pataka.string('flag', 'x')]).toEqual([[], 1, 'one']);
  });

  it('name options that cannot be meant', async () => {
    await expect(connect({ url: 'flags.example.com' })).rejects.toThrow('url');
    await expect(connect({ key: '' })).rejects.toThrow('key');
    await expect(connect({ timeoutMs: -1 })).rejects.toThrow('timeoutMs');
  });
});

describe('events', () => {
  it('are sent in batches, numbered in their session', async () => {
    const pataka = await connect();
    for (let index = 0; index < 3; index += 1) pataka.track('bought', { targetingKey: 'u' }, { value: index, properties: { index } });
    expect(await pataka.flush()).toBe(true);
    const sent = server.eventsSent();
    expect(sent.map(({ session }) => session.sequence)).toEqual([0, 1, 2]);
    expect(new Set(sent.map(({ session }) => session.id)).size).toBe(1);
    expect(pataka.events).toEqual({ queued: 0, accepted: 3, rejected: 0, dropped: 0 });
  });

  it('wait as long as the server asks, and are sent again with the same id', async () => {
    const answer = server.answers['/v1/events']!;
    server.answers['/v1/events'] = (_request, response) => {
      server.answers['/v1/events'] = answer;
      response.writeHead(429, { 'retry-after': '1' }).end();
    };
    const pataka = await connect();
    const before = Date.now();
    pataka.track('bought', { targetingKey: 'u' });
    await until(() => pataka.events.accepted === 1);
    expect(Date.now() - before).toBeGreaterThanOrEqual(1_000);
    const [first, second] = server.eventsSent();
    expect(first!.id).toBe(second!.id);
  });

  it('that the server refuses are given up and told', async () => {
    server.answers['/v1/events'] = (_request, response) => void response.writeHead(202).end(JSON.stringify({ accepted: 1, rejected: [{ index: 0, detail: '/metric is unknown' }] }));
    const pataka = await connect();
    const errors: string[] = [];
    pataka.on('error', ({ message }) => errors.push(message));
    pataka.track('bad', { targetingKey: 'u' });
    pataka.track('good', { targetingKey: 'u' });
    await pataka.flush();
    expect([errors, pataka.events]).toEqual([['1 events were refused: /metric is unknown'], { queued: 0, accepted: 1, rejected: 1, dropped: 0 }]);
  });

  it('of a body that is refused whole are halved until the culprit stands alone', async () => {
    server.answers['/v1/events'] = (_request, response, body) => {
      const { events } = JSON.parse(body) as { events: { metric: string }[] };
      if (events.some(({ metric }) => metric === 'poison')) response.writeHead(400).end();
      else response.writeHead(202).end(JSON.stringify({ accepted: events.length, rejected: [] }));
    };
    const pataka = await connect();
    for (let index = 0; index < 9; index += 1) pataka.track(index === 5 ? 'poison' : 'fine', { targetingKey: 'u' });
    await until(() => pataka.events.queued === 0);
    expect(pataka.events).toMatchObject({ accepted: 8, rejected: 1 });
  });

  it('beyond the queue push out the oldest, which is counted and told', async () => {
    server.answers['/v1/events'] = (_request, response) => void response.writeHead(503).end();
    const pataka = await connect({ maxQueuedEvents: 5, timeoutMs: 100 });
    const errors: string[] = [];
    pataka.on('error', ({ message }) => errors.push(message));
    for (let index = 0; index < 8; index += 1) pataka.track('bought', { targetingKey: 'u' });
    expect(pataka.events).toMatchObject({ queued: 5, dropped: 3 });
    expect(errors).toEqual(['1 events were dropped: the queue is full']);
  });

  it('not delivered before the end are delivered by the next process, once', async () => {
    server.answers['/v1/events'] = (_request, response) => void response.writeHead(503).end();
    const first = await connect({ directory, timeoutMs: 200 });
    for (let index = 0; index < 5; index += 1) first.track(`m${index}`, { targetingKey: 'u' });
    await first.close();
    const refused = new Set(server.eventsSent().map(({ id }) => id));
    server.seen.length = 0;
    server.answers['/v1/events'] = new Scripted().answers['/v1/events']!;
    const second = await connect({ directory });
    await until(() => second.events.accepted === 5);
    await second.close();
    expect(server.eventsSent().map(({ metric }) => metric)).toEqual(['m0', 'm1', 'm2', 'm3', 'm4']);
    expect(server.eventsSent().every(({ id }) => refused.has(id))).toBe(true);
    expect(await readdir(join(directory, 'events'))).toEqual([]);
  });

  it('do without a directory that cannot be used', async () => {
    await writeFile(join(directory, 'file'), '');
    const pataka = await connect({ directory: join(directory, 'file') });
    pataka.track('bought', { targetingKey: 'u' });
    expect(await pataka.flush()).toBe(true);
    expect(pataka.string('flag', 'x')).toBe('one');
  });

  it('that can never be counted are told and not sent', async () => {
    const pataka = await connect();
    const errors: string[] = [];
    pataka.on('error', ({ message }) => errors.push(message));
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    pataka.track('bought', {});
    pataka.track('bought', { targetingKey: 'u' }, { value: NaN });
    pataka.track('bought', { targetingKey: 'u' }, { properties: circular });
    expect([errors.length, pataka.events.queued]).toEqual([3, 0]);
  });
});

describe('a spool', () => {
  it('does not grow with events that are delivered', async () => {
    const pataka = await connect({ directory });
    for (let round = 0; round < 20; round += 1) {
      for (let index = 0; index < 50; index += 1) pataka.track('bought', { targetingKey: 'u' });
      await pataka.flush();
    }
    const files = await readdir(join(directory, 'events'));
    const texts = await Promise.all(files.map((name) => readFile(join(directory, 'events', name), 'utf8')));
    expect(texts.join('').length).toBeLessThan(60_000);
    expect(pataka.events.accepted).toBe(1_000);
  });
});
