import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { topics, type AccessChange, type LiveEvent, type LiveRate } from '@pataka/contracts';
import { type Database, encodeEvent, PostgresEventLog, uuidv7, type NewRecord } from '@pataka/event-sourcing';
import { AccessDirectory, createLogger, createMetrics, createService, hashToken, type Service } from '@pataka/platform';
import { describeWithDatabase, openTestDatabase } from '../evidence/evidence-testing';
import { LiveFeed } from './live-feed';

@Module({})
class NoModule {}

const TOKEN = 'a-viewer-of-the-live-feed';
const keyChange = (version: number, more: object = {}): AccessChange => ({
  kind: 'key', change: 'updated', actor: 'x', id: 'k', after: { id: 'k', name: 'k', kind: 'management', role: 'viewer', hash: hashToken(TOKEN), hint: '', createdBy: 'x', createdAt: '2026-01-01T00:00:00Z', version, ...more },
});
const recordOf = (topic: string, type: string, data: object, key = 'k'): NewRecord => encodeEvent({ id: uuidv7(), type, source: '/test', time: '2026-06-01T10:00:00.000Z', topic, key, data });
const exposureOf = (targetingKey: string, more: object = {}): NewRecord => recordOf(topics.exposures.name, 'pataka.exposure.v1', {
  targetingKey, experimentId: 'exp_1', flagKey: 'routing', variant: 'ai', environment: 'production', occurredAt: '2026-06-01T10:00:00.000Z', ...more,
}, targetingKey);

describeWithDatabase('the live feed', () => {
  let database: Database;
  let log: PostgresEventLog;
  let access: AccessDirectory;
  let feed: LiveFeed;
  let service: Service;
  let origin: string;
  const name = `live_${randomUUID().replaceAll('-', '')}`;

  beforeAll(async () => {
    database = openTestDatabase();
    await database.query(`CREATE DATABASE ${name}`);
    const url = new URL(process.env['TEST_DATABASE_URL'] ?? '');
    url.pathname = `/${name}`;
    log = PostgresEventLog.create({ url: url.href });
    await log.ensureTopics(Object.values(topics));
    access = new AccessDirectory();
    access.apply(keyChange(1), 1);
    feed = new LiveFeed({ log, access, now: Date.now, onError: (error) => { throw error; } });
    service = await createService({
      name: 'analytics', module: NoModule, access, checks: {}, hotRoutes: feed.routes(), infrastructure: { logger: createLogger('test', 'error'), metrics: createMetrics('analytics') }, onDrain: () => void feed.close(),
    });
    origin = `http://127.0.0.1:${await service.listen(0, '127.0.0.1')}`;
  });
  afterAll(async () => {
    await service?.close();
    await log?.close();
    await database?.close();
  });

  const listen = async (query = '') => {
    const abort = new AbortController();
    const response = await fetch(`${origin}/api/live?${query}`, { headers: { authorization: `Bearer ${TOKEN}` }, signal: abort.signal });
    const seen: { event: string; data: LiveEvent & LiveRate }[] = [];
    let ended = false;
    const read = async (): Promise<void> => {
      let text = '';
      for await (const chunk of response.body ?? []) {
        text += Buffer.from(chunk as Uint8Array).toString();
        const blocks = text.split('\n\n');
        text = blocks.pop() ?? '';
        for (const block of blocks) {
          const event = /^event: (.*)$/m.exec(block)?.[1];
          if (event !== undefined) seen.push({ event, data: JSON.parse(/^data: (.*)$/m.exec(block)?.[1] ?? '{}') as LiveEvent & LiveRate });
        }
      }
    };
    void read().catch(() => undefined).finally(() => { ended = true; });
    return { status: response.status, seen, ended: () => ended, stop: () => abort.abort(), live: () => seen.filter(({ event }) => event === 'live').map(({ data }) => data) };
  };
  const until = async (holds: () => boolean): Promise<void> => {
    for (const end = Date.now() + 10_000; !holds(); await sleep(20)) if (Date.now() > end) throw new Error('it has not happened');
  };

  it('reads nothing while nobody listens, and begins at the end of the log', async () => {
    expect(feed.reading).toBe(false);
    await log.publish([exposureOf('before')]);
    const client = await listen();
    await log.publish([
      exposureOf('driver-7'), recordOf(topics.flagChanges.name, 'pataka.flag.activated.v1', { change: { type: 'flag.activated', data: {} }, actor: 'asha', reason: 'pilot', flag: { key: 'routing' } }),
      recordOf(topics.conversions.name, 'pataka.conversion.v1', { targetingKey: 'driver-7', metric: 'retained', occurredAt: '2026-06-01T10:00:00.000Z', environment: 'production' }),
    ]);
    await until(() => client.live().length >= 3);
    expect(client.live()).toEqual(expect.arrayContaining([
      expect.objectContaining({ type: 'exposure', targetingKey: 'driver-7', variant: 'ai', experimentId: 'exp_1', at: '2026-06-01T10:00:00.000Z' }),
      expect.objectContaining({ type: 'flag', change: 'flag.activated', actor: 'asha', reason: 'pilot', flagKey: 'routing' }),
      expect.objectContaining({ type: 'conversion', metric: 'retained', value: 1 }),
    ]));
    expect(client.live().some(({ targetingKey }) => targetingKey === 'before')).toBe(false);
    expect([feed.reading, feed.size]).toEqual([true, 1]);
    client.stop();
    await until(() => feed.size === 0);
  });

  it('shows what fits a filter alone, and passes over what it cannot read', async () => {
    const client = await listen('types=exposure,flag&experiment=exp_2&environment=staging');
    await log.publish([
      exposureOf('a'), exposureOf('b', { experimentId: 'exp_2' }), exposureOf('c', { experimentId: 'exp_2', environment: 'staging' }),
      recordOf(topics.flagChanges.name, 'x', { nonsense: true }), { topic: topics.exposures.name, key: 'x', headers: {}, value: 'no json' },
    ]);
    await until(() => client.live().length > 0);
    await sleep(100);
    expect(client.live().map(({ targetingKey }) => targetingKey)).toEqual(['c']);
    client.stop();
    expect((await listen('types=everything')).status).toBe(400);
  });

  it('shows a sample of what is too much to read, and says how much that is of all', async () => {
    const client = await listen('types=exposure');
    await log.publish(Array.from({ length: 3000 }, (_, index) => exposureOf(`crowd-${index}`)));
    await until(() => client.seen.filter(({ event }) => event === 'rate').reduce((sum, { data }) => sum + data.exposures, 0) >= 2000);
    const rates = client.seen.filter(({ event }) => event === 'rate').map(({ data }) => data);
    expect(Math.max(...rates.map(({ shown }) => shown))).toBeLessThanOrEqual(40);
    expect(Math.max(...rates.map(({ oneIn }) => oneIn))).toBeGreaterThan(10);
    expect(client.live().length).toBeLessThan(400);
    client.stop();
  });

  it('ends with the credential that it was opened with', async () => {
    const client = await listen();
    access.apply(keyChange(2, { revokedAt: '2026-01-02T00:00:00Z' }), 2);
    await until(client.ended);
    expect((await listen()).status).toBe(401);
  });
});
