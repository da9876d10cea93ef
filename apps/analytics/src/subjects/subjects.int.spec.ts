import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Exposure, topics } from '@pataka/contracts';
import { encodeEvent, uuidv7 } from '@pataka/event-sourcing';
import { type EmbeddedPostgres, hashToken, type Infrastructure, loadPlatformConfig, openInfrastructure, type Service, startEmbeddedPostgres } from '@pataka/platform';
import { openService } from '../app.module';

const TOKEN = `test-${randomUUID()}`;
const receipt = { flagVersion: 3, position: 12, ruleId: 'r', bucket: 4711, probability: 0.5, engine: '1.0.0' };

const exposure = (day: number, more: Partial<Exposure> = {}): Exposure => ({
  targetingKey: 'driver-1', unit: 'fleet-9', experimentId: 'exp_1', flagKey: 'routing', variant: 'ai', environment: 'production', phase: 1,
  occurredAt: `2026-03-0${day}T08:00:00.000Z`, attributes: { region: 'pune' }, receipt, ...more,
});
const recorded = [exposure(1), exposure(2, { experimentId: 'exp_2', flagKey: 'pricing' }), exposure(3, { environment: 'staging' }), exposure(4, { variant: 'control' }), exposure(5, { targetingKey: 'driver-2' })];

let embedded: EmbeddedPostgres;
let directory: string;
let infrastructure: Infrastructure;
let service: Service;
let origin: string;

interface Page { items: (Exposure & { id: string })[]; nextCursor: string | null; errors?: { pointer: string }[] }
const ask = async (key: string, query = ''): Promise<{ status: number; body: Page }> => {
  const answer = await fetch(`${origin}/api/subjects/${key}/exposures${query}`, { headers: { authorization: `Bearer ${TOKEN}` } });
  return { status: answer.status, body: (await answer.json()) as Page };
};
const daysOf = ({ body }: { body: Page }): number[] => body.items.map(({ occurredAt }) => Number(occurredAt.slice(8, 10)));

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'subjects-'));
  await chmod(directory, 0o755);
  embedded = await startEmbeddedPostgres({ dataDir: join(directory, 'postgres') });
  const config = loadPlatformConfig({ DATABASE_URL: embedded.url, LOG_LEVEL: 'fatal' });
  infrastructure = await openInfrastructure(config, 'analytics');
  service = await openService(config, infrastructure);
  origin = `http://127.0.0.1:${await service.listen(0, '127.0.0.1')}`;
  const { log } = infrastructure;
  await log.ensureTopics(Object.values(topics));
  const after = { id: TOKEN, name: 'test', kind: 'management', role: 'viewer', hash: hashToken(TOKEN), hint: '', createdBy: 'test', createdAt: '2026-03-01T00:00:00Z', version: 1 };
  await log.publish([
    encodeEvent({ id: uuidv7(), type: 'pataka.key.created.v1', source: '/pataka/flag-admin', time: '2026-03-01T00:00:00Z', topic: topics.accessChanges.name, key: TOKEN, position: 1, data: { kind: 'key', change: 'created', actor: 'test', id: TOKEN, after } }),
    ...recorded.map((data) => encodeEvent({ id: uuidv7(), type: 'pataka.exposure.v1', source: '/test', time: data.occurredAt, topic: topics.exposures.name, key: 'fleet-9', data })),
  ]);
  for (const end = Date.now() + 50_000; Date.now() < end; await sleep(50)) {
    const page = await ask('fleet-9');
    if (page.status === 200 && page.body.items.length === recorded.length) return;
  }
  throw new Error('the exposures did not arrive');
});
afterAll(async () => {
  await service.close();
  await embedded.stop();
  await rm(directory, { recursive: true, force: true });
});

describe('exposures recorded of a subject', () => {
  it('come with receipt and attributes, by what was bucketed and by who asked', async () => {
    const { body } = await ask('driver-1', '?flag=pricing');
    expect(body).toMatchObject({ items: [{ id: expect.any(String), ...recorded[1] }], nextCursor: null });
    expect(daysOf(await ask('driver-1'))).toEqual([1, 2, 3, 4]);
    expect(daysOf(await ask('fleet-9'))).toEqual([1, 2, 3, 4, 5]);
    expect(daysOf(await ask('nobody'))).toEqual([]);
  });

  it.each<[string, number[]]>([
    ['?experiment=exp_1', [1, 3, 4, 5]], ['?environment=staging', [3]], ['?variant=control', [4]], ['?from=2026-03-02T08:00:00Z&until=2026-03-04T13:30:00%2B05:30', [2, 3, 4]],
    ['?flag=routing&environment=production&until=2026-03-04T12:00:00Z&order=desc&limit=1', [4]],
  ])('are filtered by %s', async (query, days) => {
    expect(daysOf(await ask('fleet-9', query))).toEqual(days);
  });

  it.each(['asc', 'desc'])('are paged, %s', async (order) => {
    const days: number[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: { body: Page } = await ask('fleet-9', `?order=${order}&limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
      days.push(...daysOf(page));
      cursor = page.body.nextCursor;
    }
    expect(days).toEqual(order === 'asc' ? [1, 2, 3, 4, 5] : [5, 4, 3, 2, 1]);
  });

  it.each([['?from=now', '/from'], ['?order=up', '/order'], ['?cursor=eHg', '/cursor'], ['?limit=0', '/limit']])('are refused for %s', async (query, pointer) => {
    const { status, body } = await ask('fleet-9', query);
    expect([status, body.errors?.map((one) => one.pointer)]).toEqual([400, [pointer]]);
  });
});
