import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { topics, type KeyListChunk, type SegmentChange } from '@pataka/contracts';
import { Database, decodeBatch, type ReceivedEvent } from '@pataka/event-sourcing';
import { type Infrastructure, loadPlatformConfig, openInfrastructure, ownDatabase, type OwnDatabase, type Service } from '@pataka/platform';
import { openOperations, openService } from '../app.module';

const ADMIN = `test-admin-${randomBytes(24).toString('hex')}`;
const SERVER = `test-server-${randomBytes(24).toString('hex')}`;

let own: OwnDatabase;
let service: Service;
let infrastructure: Infrastructure;
let origin: string;
let database: Database;

beforeAll(async () => {
  own = await ownDatabase();
  const config = loadPlatformConfig({ DATABASE_URL: own.url, LOG_LEVEL: 'fatal', PATAKA_ADMIN_TOKEN: ADMIN, PATAKA_SERVER_KEY: SERVER });
  infrastructure = await openInfrastructure(config, 'flag-admin');
  service = await openService(config, infrastructure, () => undefined);
  origin = `http://127.0.0.1:${await service.listen(0, '127.0.0.1')}`;
  database = Database.create({ url: own.url, name: 'test', migrations: [] });
}, 60_000);
afterAll(async () => {
  await database?.close();
  await service?.close();
  await own?.dispose();
});

interface Answer { status: number; headers: Headers; text: string; body: Record<string, unknown> }
const ask = async (method: string, path: string, body?: string | object, headers: Record<string, string> = {}): Promise<Answer> => {
  const type = typeof body === 'string' ? 'text/csv' : 'application/json';
  const sent = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
  const response = await fetch(`${origin}${path}`, { method, headers: { authorization: `Bearer ${ADMIN}`, ...(body === undefined ? {} : { 'content-type': type }), ...headers }, ...sent });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: (/json/.test(response.headers.get('content-type') ?? '') ? JSON.parse(text) : {}) as Answer['body'] };
};
const make = async (): Promise<string> => {
  const key = `s_${randomUUID().slice(0, 8)}`;
  expect((await ask('POST', '/api/segments', { key })).status).toBe(201);
  return key;
};
const included = (key: string): string => `/api/segments/${key}/lists/included`;
const put = (key: string, csv: string, version: number | '*', headers: Record<string, string> = {}): Promise<Answer> =>
  ask('PUT', included(key), csv, { 'if-match': version === '*' ? '*' : `"${version}"`, ...headers });
const linesOf = (keys: readonly string[]): string => [...keys].sort().map((key) => `${key}\n`).join('');
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const positions = async (): Promise<number> => Number((await database.query<{ position: string }>('SELECT position FROM flag_admin.event_head'))[0]!.position);
const published = async (): Promise<ReceivedEvent[]> => {
  for (const end = Date.now() + 20_000; Date.now() < end; await sleep(50)) {
    const [row] = await database.query<{ count: string }>('SELECT count(*) FROM flag_admin.outbox');
    if (row?.count === '0') break;
  }
  const events: ReceivedEvent[] = [];
  for await (const batch of infrastructure.log.read(topics.segmentChanges.name, 0, '0')) events.push(...decodeBatch(batch).events);
  return events;
};
const verified = async () => {
  const operations = openOperations({ databaseUrl: own.url, log: infrastructure.log });
  return operations.store!.verify().finally(() => operations.close());
};

describe('the lists of a segment', () => {
  it('are uploaded, read, changed and removed', async () => {
    const key = await make();
    const uploaded = await put(key, 'name,key\nAsha,u2\nRavi,u1\nAsha,u2\nMeena,"u,3"\n', 1, { 'x-reason': 'pilot fleet' });
    expect([uploaded.status, uploaded.headers.get('etag'), uploaded.body['includedList']]).toEqual([200, '"2"', { hash: sha256('u,3\nu1\nu2\n'), size: 3 }]);
    const read = await ask('GET', included(key));
    expect([read.status, read.headers.get('etag'), read.text]).toEqual([200, '"2"', 'key\n"u,3"\nu1\nu2\n']);
    const patched = await ask('PATCH', included(key), { add: ['u4', 'u1'], remove: ['u,3', 'nobody'] }, { 'if-match': '"2"' });
    expect([patched.status, patched.headers.get('etag'), patched.body['includedList']]).toEqual([200, '"3"', { hash: sha256('u1\nu2\nu4\n'), size: 3 }]);
    expect((await ask('GET', included(key))).text).toBe('key\nu1\nu2\nu4\n');
    const history = (await ask('GET', `/api/segments/${key}/history`)).body['items'] as object[];
    expect(history).toMatchObject([{ type: 'segment.created' }, { type: 'segment.updated', actor: 'bootstrap-admin', reason: 'pilot fleet' }, { type: 'segment.updated' }]);
    const removed = await ask('DELETE', included(key), undefined, { 'if-match': '"3"' });
    expect([removed.status, removed.body['includedList']]).toEqual([200, undefined]);
    expect((await ask('GET', included(key))).status).toBe(404);
    expect((await ask('GET', `/api/segments/${key}/lists/others`)).status).toBe(404);
  });

  it('travel as chunks before the event that names them', async () => {
    const key = await make();
    const keys = Array.from({ length: 25_000 }, (_, index) => `driver-${index}`);
    await put(key, keys.join('\n'), 1);
    await ask('PATCH', included(key), { add: ['zz'], remove: ['driver-7'] }, { 'if-match': '"2"' });
    const events = (await published()).filter((event) => event.subject === key);
    expect(events.map((event) => event.type)).toEqual([
      'pataka.segment.created.v1', ...Array<string>(3).fill('pataka.segment-list.chunk-added.v1'), 'pataka.segment.updated.v1', 'pataka.segment-list.chunk-added.v1', 'pataka.segment.updated.v1',
    ]);
    const chunks = events.map((event) => event.data as unknown as KeyListChunk);
    expect(chunks.slice(1, 4).map(({ added }) => added).join('')).toBe(linesOf(keys));
    expect(chunks[5]).toMatchObject({ list: 'included', index: 0, added: 'zz\n', removed: 'driver-7\n' });
    const final = events[6]!.data as unknown as SegmentChange;
    expect(final).toMatchObject({ upload: chunks[5]!.upload, after: { includedList: { size: 25_000 } } });
    const places = events.map((event) => event.position!);
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });

  it('are left alone by a file with a bad line, which is named', async () => {
    const key = await make();
    await put(key, 'u1\n', 1);
    const before = await positions();
    const refused = await put(key, 'u1\nu\t2\nu3\n\u0001\n', 2);
    expect([refused.status, refused.body['code'], refused.body['errors']]).toEqual([400, 'validation', [
      { pointer: '/lines/2', detail: 'line 2 has a key with a control character' }, { pointer: '/lines/4', detail: 'line 4 has a key with a control character' },
    ]]);
    expect(await positions()).toBe(before);
    expect((await ask('GET', included(key))).text).toBe('key\nu1\n');
    const amended = await ask('PATCH', included(key), { add: ['a', ' b', 'c'], remove: ['c'], more: 1 }, { 'if-match': '"2"' });
    expect((amended.body['errors'] as { pointer: string }[]).map(({ pointer }) => pointer).sort()).toEqual(['/add/1', '/more', '/remove/0']);
  });

  it('need If-Match, and refuse what is stale, of another type, or by who may not', async () => {
    const key = await make();
    expect((await ask('PUT', included(key), 'u1\n')).status).toBe(428);
    expect((await ask('PATCH', included(key), {})).status).toBe(428);
    expect((await put(key, 'u1\n', 7)).status).toBe(412);
    expect((await put('nobody', 'u1\n', 1)).status).toBe(404);
    for (const type of ['application/json', 'text/csv; charset=latin1', 'text/html']) expect((await put(key, 'u1\n', 1, { 'content-type': type })).status).toBe(415);
    expect((await put(key, 'u1\n', 1, { authorization: `Bearer ${SERVER}` })).status).toBe(403);
    expect((await put(key, 'u1\n', '*', { 'content-type': 'text/plain; charset="UTF-8"' })).status).toBe(200);
  });

  it('answer a repeated request as before, and no other one under its key', async () => {
    const key = await make();
    const headers = { 'idempotency-key': randomUUID() };
    const first = await put(key, 'u1\n', 1, headers);
    const again = await put(key, 'u1\n', 1, headers);
    expect([again.status, again.headers.get('idempotency-replayed'), again.body]).toEqual([200, 'true', first.body]);
    expect((await put(key, 'u2\n', 1, headers)).body['code']).toBe('idempotency-key-reused');
    expect((await ask('GET', `/api/segments/${key}`)).headers.get('etag')).toBe('"2"');
  });

  it('that are the same are no event', async () => {
    const key = await make();
    await put(key, 'u1\nu2\n', 1);
    const before = await positions();
    expect((await put(key, 'key\r\nu2\r\nu1\r\nu2', 2)).headers.get('etag')).toBe('"2"');
    expect(await positions()).toBe(before);
  });

  it('are taken up where an upload broke off', async () => {
    const key = await make();
    const keys = Array.from({ length: 30_000 }, (_, index) => `u${index}`);
    // The last event finds the database unwilling, as if the process had died before it.
    await database.query(`CREATE FUNCTION flag_admin.refuse_for_now() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF NEW.type = 'segment.updated' AND NEW.stream_id = 'segment:${key}' THEN RAISE EXCEPTION 'not now'; END IF; RETURN NEW; END $$`);
    await database.query('CREATE TRIGGER refuse_for_now BEFORE INSERT ON flag_admin.events FOR EACH ROW EXECUTE FUNCTION flag_admin.refuse_for_now()');
    expect((await put(key, keys.join('\n'), 1)).status).toBe(500);
    expect((await ask('GET', `/api/segments/${key}`)).body).not.toHaveProperty('includedList');
    expect((await ask('GET', included(key))).status).toBe(404);
    await database.query('DROP TRIGGER refuse_for_now ON flag_admin.events');
    const before = await positions();
    expect((await put(key, keys.join('\n'), 1)).body['includedList']).toEqual({ hash: sha256(linesOf(keys)), size: 30_000 });
    expect(await positions()).toBe(before + 1);
  });

  it('can be folded again from the events, should they be lost or spoilt', async () => {
    const key = await make();
    await put(key, 'u1\nu2\nu3\n', 1);
    await ask('PATCH', included(key), { add: ['u4'], remove: ['u1'] }, { 'if-match': '"2"' });
    await database.query('DELETE FROM flag_admin.key_lists');
    expect((await ask('GET', included(key))).text).toBe('key\nu2\nu3\nu4\n');
    await database.query(`UPDATE flag_admin.key_lists SET body = '\\x00'`);
    expect((await ask('GET', included(key))).text).toBe('key\nu2\nu3\nu4\n');
  });

  it('are told in the audit by how many keys came and went', async () => {
    const key = await make();
    const after = await positions();
    await put(key, 'u1\nu2\n', 1);
    const { items } = (await ask('GET', `/api/audit?limit=200&cursor=${Buffer.from(String(after)).toString('base64url')}`)).body as { items?: { type: string }[] };
    expect(items).toMatchObject([{ type: 'segment-list.chunk-added', data: { key, list: 'included', added: 2, removed: 0 } }, { type: 'segment.updated' }]);
  });

  it('leave a trail that proves itself', async () => {
    expect((await verified()).faults).toEqual([]);
  });

  it('may have a million keys, while other commands come in between', async () => {
    const key = await make();
    const other = await make();
    const csv = Array.from({ length: 1_000_000 }, (_, index) => `driver-${String((index * 7_919) % 1_000_000).padStart(9, '0')}`).join('\n');
    const startedAt = performance.now();
    let done = false;
    const upload = put(key, csv, 1).finally(() => { done = true; });
    let slowest = 0;
    for (let version = 1; !done; await sleep(20)) {
      const askedAt = performance.now();
      // 503 says that the machine has too much to do: then it is asked again.
      if ((await ask('PUT', `/api/segments/${other}`, { name: `n${version}` }, { 'if-match': `"${version}"` })).status === 200) version += 1;
      slowest = Math.max(slowest, performance.now() - askedAt);
    }
    expect((await upload).body['includedList']).toMatchObject({ size: 1_000_000 });
    const uploadMs = performance.now() - startedAt;
    const patchedAt = performance.now();
    expect((await ask('PATCH', included(key), { add: ['one-more'], remove: ['driver-000000007'] }, { 'if-match': '"2"' })).body['includedList']).toMatchObject({ size: 1_000_000 });
    const patchMs = performance.now() - patchedAt;
    const events = await published();
    const parts = events.filter((event) => event.subject === key && event.type.includes('chunk'));
    const between = events.filter((event) => event.subject === other && event.position! > parts[0]!.position! && event.position! < parts.at(-1)!.position!);
    expect(between.length).toBeGreaterThan(0);
    const chunks = parts.map((event) => event.record.value!.length);
    expect(Math.max(...chunks)).toBeLessThan(900_000);
    process.stdout.write(`a million keys: uploaded in ${Math.round(uploadMs)} ms, ${chunks.length} events of ${Math.round(chunks.reduce((a, b) => a + b) / 1e6)} MB in all, ` +
      `a patch in ${Math.round(patchMs)} ms, another command took ${Math.round(slowest)} ms at most\n`);
  }, 120_000);
});
