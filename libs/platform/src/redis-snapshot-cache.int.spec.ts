import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { RedisSnapshotCache } from './redis-snapshot-cache';
import { snapshotCacheContract } from './snapshot-cache.contract';

const freePort = (): Promise<number> => new Promise((resolve) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo;
    server.close(() => resolve(port));
  });
});

/** A redis-server of our own, which may be stopped, hung and started again. */
class OwnRedis {
  private readonly directory = mkdtempSync(join(tmpdir(), 'pataka-redis-'));
  private child: ChildProcess | undefined;
  private constructor(readonly port: number, private readonly more: readonly string[]) {}
  static async start(...more: string[]): Promise<OwnRedis> {
    // A cluster takes port + 10000 too.
    let port = await freePort();
    while (port > 50_000) port = await freePort();
    const server = new OwnRedis(port, more);
    await server.up();
    return server;
  }
  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }
  async up(): Promise<void> {
    this.child = spawn('redis-server', ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--dir', this.directory, ...this.more], { stdio: 'ignore' });
    await this.ask(async (client) => void (await client.ping()));
  }
  async down(): Promise<void> {
    const ended = new Promise((resolve) => this.child?.once('exit', resolve));
    this.child?.kill('SIGKILL');
    await ended;
  }
  hang(): void {
    this.child?.kill('SIGSTOP');
  }
  goOn(): void {
    this.child?.kill('SIGCONT');
  }
  async ask<T>(work: (client: Redis) => Promise<T>): Promise<T> {
    const client = new Redis(this.port, '127.0.0.1', { retryStrategy: () => 20, maxRetriesPerRequest: null });
    try {
      return await work(client);
    } finally {
      client.disconnect();
    }
  }
  async end(): Promise<void> {
    await this.down();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

const shared = process.env['TEST_REDIS_URL'];
const own = spawnSync('redis-server', ['--version']).status === 0;
const inCi = process.env['CI'] === 'true';
const having = (there: boolean) => (there || inCi ? describe : describe.skip);

const within = async <T>(limitMs: number, work: Promise<T>): Promise<T> => {
  const startedAt = performance.now();
  const result = await work;
  expect(performance.now() - startedAt).toBeLessThan(limitMs);
  return result;
};
const eventually = async (holds: () => Promise<boolean>): Promise<void> => {
  for (const deadline = Date.now() + 15_000; !(await holds()); await sleep(50)) if (Date.now() > deadline) throw new Error('It never came to hold');
};

having(shared !== undefined)(`Redis${shared === undefined ? ' (left out: TEST_REDIS_URL is not set)' : ''}`, () => {
  snapshotCacheContract('Redis', () => new RedisSnapshotCache({ url: shared! }));
});

having(own)(`Redis of our own${own ? '' : ' (left out: no redis-server is installed)'}`, () => {
  let server: OwnRedis;
  let cache: RedisSnapshotCache;
  beforeAll(async () => void (server = await OwnRedis.start()));
  afterAll(() => server.end());
  beforeEach(() => void (cache = new RedisSnapshotCache({ url: server.url })));
  afterEach(() => cache.close());

  snapshotCacheContract('one server', async () => new RedisSnapshotCache({ url: (server ??= await OwnRedis.start()).url }));

  it('answers null and false when it is away, and works again when it is back', async () => {
    await cache.put('a', { position: 1, body: 'x' });
    await server.down();
    expect(await within(1_500, cache.get('a'))).toBeNull();
    expect(await within(100, cache.put('a', { position: 2, body: 'y' }))).toBe(false);
    expect(cache.healthy()).toBe(false);
    await server.up();
    await eventually(() => cache.put('a', { position: 3, body: 'z' }));
    expect([await cache.get('a'), cache.healthy()]).toEqual([{ position: 3, body: 'z' }, true]);
  });
  it('answers null within the limit when nothing listens from the start', async () => {
    const nobody = new RedisSnapshotCache({ url: `redis://127.0.0.1:${await freePort()}` });
    expect(await within(1_200, nobody.get('a'))).toBeNull();
    expect(nobody.healthy()).toBe(false);
    await nobody.close();
  });
  it('answers null within the limit when it hangs, holds nothing back, and recovers', async () => {
    await cache.put('hung', { position: 1, body: 'x' });
    server.hang();
    const started = performance.now();
    expect(await Promise.all(Array.from({ length: 20 }, () => cache.get('hung')))).toEqual(Array.from({ length: 20 }, () => null));
    const fresh = new RedisSnapshotCache({ url: server.url });
    expect(await fresh.get('hung')).toBeNull();
    expect(await cache.put('hung', { position: 2, body: 'x'.repeat(1_000_000) })).toBe(false);
    expect(performance.now() - started).toBeLessThan(3_600);
    server.goOn();
    await eventually(async () => (await cache.get('hung')) !== null && (await fresh.get('hung')) !== null);
    await fresh.close();
  });
  it('is simply empty after a flush', async () => {
    await cache.put('flushed', { position: 5, body: 'x' });
    await server.ask((client) => client.flushall());
    expect(await cache.get('flushed')).toBeNull();
    expect(await cache.put('flushed', { position: 4, body: 'y' })).toBe(true);
  });
  it.each([
    ['another type', (client: Redis, key: string) => client.multi().del(key).lpush(key, 'x').exec()],
    ['a body cut short', (client: Redis, key: string) => client.hset(key, 'body', 'go')],
    ['a position that is no number', (client: Redis, key: string) => client.hset(key, 'position', 'zzz')],
    ['a position that was raised', (client: Redis, key: string) => client.hset(key, 'position', '9007199254740991')],
    ['a body that is not UTF-8', (client: Redis, key: string) => client.hset(key, 'body', Buffer.from([0xff, 0xfe]))],
    ['a missing sum', (client: Redis, key: string) => client.hdel(key, 'sum')],
  ])('takes %s for no snapshot, and lets a good one replace it', async (_name, damage: (client: Redis, key: string) => Promise<unknown>) => {
    await cache.put('bad', { position: 5, body: 'good' });
    await server.ask((client) => damage(client, '{pataka:bad}:snapshot'));
    expect(await cache.get('bad')).toBeNull();
    expect(await cache.put('bad', { position: 4, body: 'again' })).toBe(true);
    expect(await cache.get('bad')).toEqual({ position: 4, body: 'again' });
    await server.ask((client) => client.flushall());
  });
});

having(own)(`a Redis cluster of our own${own ? '' : ' (left out: no redis-server is installed)'}`, () => {
  let server: OwnRedis | undefined;
  const opened: RedisSnapshotCache[] = [];
  const cluster = async (): Promise<RedisSnapshotCache> => {
    if (server === undefined) {
      server = await OwnRedis.start('--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1');
      await server.ask((client) => client.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383'));
      await eventually(async () => (await server!.ask((client) => client.call('CLUSTER', 'INFO') as Promise<string>)).includes('cluster_state:ok'));
    }
    const cache = new RedisSnapshotCache({ clusterNodes: [{ host: '127.0.0.1', port: server.port }] });
    opened.push(cache);
    return cache;
  };
  afterAll(async () => {
    await Promise.all(opened.map((cache) => cache.close()));
    await server?.end();
  });

  snapshotCacheContract('a cluster', cluster);

  it('answers null and false when it is away, and works again when it is back', async () => {
    const cache = await cluster();
    expect(await cache.put('a', { position: 1, body: 'x' })).toBe(true);
    await server!.down();
    expect(await within(1_500, cache.get('a'))).toBeNull();
    await server!.up();
    await eventually(() => cache.put('a', { position: 3, body: 'z' }));
    expect(await cache.get('a')).toEqual({ position: 3, body: 'z' });
  });
});
