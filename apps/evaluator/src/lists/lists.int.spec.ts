import { createHash, randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AccessKey, type JsonObject, type KeyListRef, topics } from '@pataka/contracts';
import { Database, encodeEvent, uuidv7 } from '@pataka/event-sourcing';
import { type EmbeddedPostgres, hashToken, type Infrastructure, loadPlatformConfig, openInfrastructure, type Service, startEmbeddedPostgres } from '@pataka/platform';
import { openService } from '../app.module';

const SERVER = `server-${randomUUID()}`;
const CLIENT = `client-${randomUUID()}`;
const AT = '2026-03-01T00:00:00Z';
const NOTHING = { added: '', removed: '' };

let embedded: EmbeddedPostgres;
let directory: string;
let database: Database;
let infrastructure: Infrastructure;
let service: Service;
let origin: string;
let position = 0;

const publish = (topic: string, type: string, key: string, data: object): Promise<void> =>
  infrastructure.log.publish([encodeEvent({ id: uuidv7(), type: `pataka.${type}`, source: '/pataka/flag-admin', time: AT, topic, key, subject: key, position: (position += 1), data })]);
const publishKey = (id: string, token: string, kind: 'server' | 'client'): Promise<void> => {
  const after: AccessKey = { id, name: id, kind, environment: 'production', hash: hashToken(token), hint: '', createdBy: 'test', createdAt: AT, version: 1 };
  return publish(topics.accessChanges.name, 'key.created.v1', id, { kind: 'key', change: 'created', actor: 'test', id, after });
};
const publishFlag = (segment: string): Promise<void> => publish(topics.flagChanges.name, 'flag.created.v1', `in_${segment}`, {
  change: { type: 'flag.created', data: {} }, actor: 'test',
  flag: { key: `in_${segment}`, type: 'BOOLEAN', status: 'ACTIVE', defaultValue: false, version: 1, environments: { production: { enabled: true, rules: [{ id: 'listed', conditions: [{ operator: 'in_segment', value: [segment] }], value: true }] } } },
});

const textOf = (keys: readonly string[]): string => [...keys].sort().map((key) => `${key}\n`).join('');
const refOf = (keys: readonly string[]): KeyListRef => ({ hash: createHash('sha256').update(textOf(keys)).digest('hex'), size: keys.length });
const publishChunk = (key: string, upload: string, index: number, change: Partial<typeof NOTHING>): Promise<void> =>
  publish(topics.segmentChanges.name, 'segment-list.chunk-added.v1', key, { kind: 'segment-list', change: 'chunk-added', actor: 'test', key, list: 'included', upload, index, ...NOTHING, ...change });
const publishSegment = (key: string, more: object, upload?: string): Promise<void> =>
  publish(topics.segmentChanges.name, 'segment.updated.v1', key, { kind: 'segment', change: 'updated', actor: 'test', key, after: { key, ...more }, ...(upload === undefined ? {} : { upload }) });

const open = async (): Promise<void> => {
  const config = loadPlatformConfig({ DATABASE_URL: embedded.url, LOG_LEVEL: 'fatal' });
  infrastructure = await openInfrastructure(config, 'evaluator');
  service = await openService(config, infrastructure);
  origin = `http://127.0.0.1:${await service.listen(0, '127.0.0.1')}`;
};
const restart = async (meanwhile: () => Promise<unknown> = () => Promise.resolve()): Promise<void> => {
  await service.close();
  await meanwhile();
  await open();
};
const ask = async (path: string, headers: Record<string, string> = {}, body?: object) => {
  const sent = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const response = await fetch(`${origin}${path}`, { headers: { authorization: `Bearer ${SERVER}`, 'content-type': 'application/json', ...headers }, ...sent });
  return { status: response.status, headers: response.headers, text: await response.text() };
};
const answer = async (segment: string, targetingKey: string): Promise<unknown> => {
  const { text } = await ask(`/ofrep/v1/evaluate/flags/in_${segment}`, {}, { context: { targetingKey } });
  const { value, errorCode } = JSON.parse(text) as JsonObject;
  return errorCode ?? value;
};
const reached = async (): Promise<number> => {
  const { checks } = JSON.parse((await ask('/health/ready')).text) as { checks: Record<string, { position?: number }> };
  return checks['rules']?.position ?? 0;
};
const until = async (look: () => Promise<boolean>): Promise<void> => {
  for (const end = Date.now() + 30_000; Date.now() < end; await sleep(20)) if (await look()) return;
  throw new Error('waited in vain');
};
const caughtUp = (): Promise<void> => until(async () => (await reached()) === position);
const archived = (hash: string): Promise<void> => until(async () => (await database.query('SELECT 1 FROM evaluator.key_lists WHERE hash = $1', [hash])).length === 1);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lists-'));
  await chmod(directory, 0o755);
  embedded = await startEmbeddedPostgres({ dataDir: join(directory, 'postgres') });
  database = Database.create({ url: embedded.url, name: 'test', migrations: [] });
  await open();
  await infrastructure.log.ensureTopics(Object.values(topics));
  await publish(topics.accessChanges.name, 'environment.created.v1', 'production', { kind: 'environment', change: 'created', actor: 'test', id: 'production', after: { key: 'production', name: 'Production', createdBy: 'test', createdAt: AT, version: 1 } });
  await publishKey('key_server', SERVER, 'server');
  await publishKey('key_client', CLIENT, 'client');
  for (const segment of ['pilots', 'crew', 'many']) await publishFlag(segment);
  await caughtUp();
}, 60_000);
afterAll(async () => {
  await service?.close();
  await database?.close();
  await embedded?.stop();
  await rm(directory, { recursive: true, force: true });
});

describe('the lists that segments name', () => {
  it('come into force at once, with the event that names them and not before', async () => {
    await publishSegment('pilots', { included: ['u0'] });
    await publishChunk('pilots', 'first', 0, { added: 'u1\nu2\n' });
    await publishChunk('pilots', 'first', 0, { added: 'u1\nu2\n' });
    await publishChunk('pilots', 'first', 1, { added: 'u3\n' });
    await caughtUp();
    expect(await Promise.all(['u0', 'u1', 'u3'].map((key) => answer('pilots', key)))).toEqual([true, false, false]);
    await publishSegment('pilots', { included: ['u0'], includedList: refOf(['u1', 'u2', 'u3']) }, 'first');
    await caughtUp();
    expect(await Promise.all(['u0', 'u1', 'u3', 'u4'].map((key) => answer('pilots', key)))).toEqual([true, true, true, false]);
    await publishChunk('pilots', 'second', 0, { added: 'u4\n', removed: 'u1\n' });
    await publishSegment('pilots', { includedList: refOf(['u2', 'u3', 'u4']) }, 'second');
    await caughtUp();
    expect(await Promise.all(['u0', 'u1', 'u3', 'u4'].map((key) => answer('pilots', key)))).toEqual([false, false, true, true]);
  });

  it('are fetched by hash, for ever the same, compressed where that is taken, with a server key', async () => {
    const { hash } = refOf(['u2', 'u3', 'u4']);
    const got = await ask(`/v1/lists/${hash}`);
    expect([got.status, got.text, got.headers.get('etag'), got.headers.get('content-encoding'), got.headers.get('cache-control')]).toEqual([200, 'u2\nu3\nu4\n', `"${hash}"`, 'gzip', 'private, max-age=31536000, immutable']);
    expect((await ask(`/v1/lists/${hash}`, { 'accept-encoding': 'identity' })).headers.get('content-encoding')).toBeNull();
    expect((await ask(`/v1/lists/${hash}`, { 'if-none-match': `"${hash}"` })).status).toBe(304);
    expect((await ask(`/v1/lists/${'0'.repeat(64)}`)).status).toBe(404);
    expect((await ask('/v1/lists/none')).status).toBe(404);
    expect((await ask(`/v1/lists/${hash}`, { authorization: `Bearer ${CLIENT}` })).status).toBe(403);
    expect((JSON.parse((await ask('/v1/ruleset')).text) as { segments: object[] }).segments).toMatchObject([{ key: 'pilots', includedList: { hash, size: 3 } }]);
  });

  it('are there after a restart, and are no part of the snapshot', async () => {
    await archived(refOf(['u2', 'u3', 'u4']).hash);
    await restart();
    expect(await answer('pilots', 'u4')).toBe(true);
    const [row] = await database.query<{ body: string }>(`SELECT body FROM evaluator.snapshots WHERE name = 'ruleset:production'`);
    expect(row!.body).toContain(refOf(['u2', 'u3', 'u4']).hash);
    expect(row!.body).not.toContain('u4');
  });

  it('are read from the log again where the database has lost them', async () => {
    await restart(() => database.query('DELETE FROM evaluator.key_lists'));
    await until(async () => (await answer('pilots', 'u4')) === true);
    expect(await answer('pilots', 'u1')).toBe(false);
    await restart(() => database.query(`UPDATE evaluator.key_lists SET body = '\\x00'`));
    await until(async () => (await answer('pilots', 'u4')) === true);
  });

  it('are whole even where the process began amid an upload', async () => {
    await publishSegment('crew', {});
    await publishChunk('crew', 'third', 0, { added: 'c1\n' });
    await caughtUp();
    await restart();
    expect(await reached()).toBe(position);
    await publishChunk('crew', 'third', 1, { added: 'c2\n' });
    await publishSegment('crew', { includedList: refOf(['c1', 'c2']) }, 'third');
    await caughtUp();
    expect(await Promise.all(['c1', 'c2', 'c3'].map((key) => answer('crew', key)))).toEqual([true, true, false]);
  });

  it('that nothing can bring fail the flags that need them, and hold up no others', async () => {
    await publishSegment('crew', { includedList: refOf(['x']) }, 'never-sent');
    await publishSegment('pilots', { included: ['u9'] });
    await caughtUp();
    expect([await answer('crew', 'c1'), await answer('pilots', 'u9')]).toEqual(['GENERAL', true]);
    await publishSegment('crew', { included: ['c9'] });
    await caughtUp();
    expect(await answer('crew', 'c9')).toBe(true);
  });

  it('are those of then where the past is explained', async () => {
    const at = position;
    const explained = async (when: number): Promise<unknown> => {
      const { text } = await ask('/v1/explain', {}, { flagKey: 'in_crew', context: { targetingKey: 'k1' }, position: when });
      return (JSON.parse(text) as { explanation: { evaluation: { value?: unknown } } }).explanation.evaluation.value;
    };
    await publishChunk('crew', 'fourth', 0, { added: 'k1\nk2\n' });
    await publishSegment('crew', { includedList: refOf(['k1', 'k2']) }, 'fourth');
    await publishChunk('crew', 'fifth', 0, { removed: 'k1\n' });
    await publishSegment('crew', { includedList: refOf(['k2']) }, 'fifth');
    await caughtUp();
    await database.query('DELETE FROM evaluator.key_lists');
    expect([await explained(at), await explained(at + 2), await explained(at + 4)]).toEqual([false, true, false]);
  });

  it('may have a million keys', async () => {
    const keys = Array.from({ length: 1_000_000 }, (_, index) => `driver-${String(index).padStart(9, '0')}`);
    await publishSegment('many', {});
    await caughtUp();
    const before = process.memoryUsage();
    for (let index = 0; index < 100; index += 1) await publishChunk('many', 'million', index, { added: textOf(keys.slice(index * 10_000, (index + 1) * 10_000)) });
    await caughtUp();
    const named = refOf(keys);
    const startedAt = performance.now();
    await publishSegment('many', { includedList: named }, 'million');
    await caughtUp();
    const switchMs = performance.now() - startedAt;
    expect(await Promise.all(['driver-000000000', 'driver-000999999', 'driver-001000000'].map((key) => answer('many', key)))).toEqual([true, true, false]);
    const after = process.memoryUsage();
    const fetchedAt = performance.now();
    const { text } = await ask(`/v1/lists/${named.hash}`);
    process.stdout.write(`a million keys: in force ${Math.round(switchMs)} ms after their last event, ${((after.arrayBuffers - before.arrayBuffers) / 1e6).toFixed(0)} MB of buffers, fetched in ${Math.round(performance.now() - fetchedAt)} ms\n`);
    expect(text).toHaveLength(17_000_000);
  }, 60_000);
});
