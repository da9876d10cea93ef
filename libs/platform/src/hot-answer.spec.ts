import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import type { Route } from '@pataka/contracts';
import fc from 'fast-check';
import { AccessDirectory } from './access';
import { hashToken } from './credentials';
import { sendHot } from './hot-answer';
import { hotRoute } from './hot-routes';
import { createService, type Service } from './http';
import { createLogger } from './logging';
import { createMetrics } from './metrics';
import { sendProblem } from './problem';

@Module({})
class EmptyModule {}

const TOKEN = 'server-token-1';
const LIMIT = 4_096;
const access = new AccessDirectory();
access.apply({ kind: 'key', change: 'created', actor: 'test', id: 'key', after: { id: 'key', name: 'key', hash: hashToken(TOKEN), hint: '', createdBy: 'test', createdAt: '2026-01-01T00:00:00Z', version: 1, kind: 'server', environment: 'production' } as never }, 1);
const route = (method: 'GET' | 'POST', path: string): Route => ({ service: 'evaluator', method, path, allow: ['server'], summary: '' });

let service: Service;
let port: number;
let finished = 0;
let cutOff = 0;

/** Gives back what it got: as text, or as bytes where the body asks for it; `empty` answers 304, `late` a while later. */
const echo = hotRoute('POST', '/v1/hot/{key}', async (request, response) => {
  const { body } = request as { body: { bytes?: boolean } | undefined };
  if (request.params['key'] === 'late') await sleep(30);
  if (request.params['key'] === 'empty') return sendHot(request, response, 304, null, ['etag', '"1"']);
  const text = JSON.stringify({ key: request.params['key'], body: body ?? null });
  response.on('finish', () => { finished += 1; });
  sendHot(request, response, 200, body?.bytes === true ? Buffer.from(text) : text, ['etag', '"1"']);
}, {
  collected: true,
  json: { limit: LIMIT, refused: (_request, response, error) => { cutOff += (error as Error).message.includes('before it was whole') ? 1 : 0; sendProblem(response, error); } },
  prepare: (request, response) => { if (request.headers.origin !== undefined) response.setHeader('access-control-allow-origin', '*'); },
});

beforeAll(async () => {
  service = await createService({
    name: 'evaluator', module: EmptyModule, access, routes: [route('POST', '/v1/hot/{key}')], checks: {}, hotRoutes: [echo],
    infrastructure: { logger: createLogger('trial', 'silent'), metrics: createMetrics('trial') },
  });
  port = await service.listen(0, '127.0.0.1');
});
afterAll(() => service.close());

interface Answer { status: number; headers: Record<string, string>; body: string }

/** One connection, and the answers that come on it: each is cut out by its own length, so that a byte too many or too few is seen. */
class Connection {
  readonly socket: Socket;
  #bytes: Buffer = Buffer.alloc(0);
  closed = false;

  constructor() {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('data', (chunk: Buffer) => { this.#bytes = Buffer.concat([this.#bytes, chunk]); });
    this.socket.on('close', () => { this.closed = true; }).on('error', () => undefined);
  }

  async next(): Promise<Answer> {
    for (let waited = 0; waited < 2_000; waited += 5) {
      const answer = this.#cut();
      if (answer !== null) return answer;
      await sleep(5);
    }
    throw new Error(`no whole answer in ${JSON.stringify(this.#bytes.toString())}`);
  }

  get left(): string {
    return this.#bytes.toString();
  }

  #cut(): Answer | null {
    const end = this.#bytes.indexOf('\r\n\r\n');
    if (end === -1) return null;
    const [first = '', ...lines] = this.#bytes.toString('latin1', 0, end).split('\r\n');
    const headers = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]));
    const from = end + 4;
    const to = from + Number(headers['content-length'] ?? 0);
    if (this.#bytes.length < to) return null;
    const body = this.#bytes.toString('utf8', from, to);
    this.#bytes = this.#bytes.subarray(to);
    return { status: Number(first.split(' ')[1]), headers, body };
  }
}

const head = (key: string, headers: Record<string, string | number>, version = '1.1'): string =>
  `POST /v1/hot/${key} HTTP/${version}\r\nhost: x\r\nauthorization: Bearer ${TOKEN}\r\ncontent-type: application/json\r\n${Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
const post = (key: string, body: string, headers: Record<string, string> = {}, version = '1.1'): string =>
  head(key, { 'content-length': Buffer.byteLength(body), ...headers }, version) + body;
const chunked = (parts: readonly string[]): string => `${parts.filter((part) => part !== '').map((part) => `${Buffer.byteLength(part).toString(16)}\r\n${part}\r\n`).join('')}0\r\n\r\n`;

const once = async (bytes: string): Promise<Answer & { closed: boolean }> => {
  const connection = new Connection();
  connection.socket.write(bytes);
  const answer = await connection.next();
  await sleep(10);
  const { closed } = connection;
  connection.socket.destroy();
  expect(connection.left).toBe('');
  return { ...answer, closed };
};

describe('an answer in one piece', () => {
  it('has every header that node:http gives, and those of the route', async () => {
    const { status, headers, body } = await once(post('a', '{"x":1}', { 'x-request-id': 'job-1', origin: 'https://app.example' }));
    expect([status, body]).toEqual([200, '{"key":"a","body":{"x":1}}']);
    expect(headers).toEqual({
      'x-request-id': 'job-1', 'x-content-type-options': 'nosniff', 'access-control-allow-origin': '*', 'content-type': 'application/json; charset=utf-8',
      'content-length': '26', etag: '"1"', date: expect.stringMatching(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/), connection: 'keep-alive', 'keep-alive': 'timeout=65',
    });
    expect(Math.abs(Date.parse(headers['date']!) - Date.now())).toBeLessThan(2_500);
  });

  it('says the same as an answer that node:http puts together', async () => {
    const whole = await once(post('a', '{"x":1}', { 'x-request-id': 'i' }));
    const other = await once(post('a', '{"x":1}', { 'x-request-id': 'i' }, '1.0'));
    const { date: _date, connection: _connection, 'keep-alive': _alive, ...rest } = whole.headers;
    expect(other.headers).toMatchObject(rest);
    expect(other.body).toBe(whole.body);
  });

  it('counts bytes, not characters', async () => {
    for (const bytes of [true, false]) {
      const { headers, body } = await once(post('a', JSON.stringify({ city: 'मुंबई é 🚚', bytes })));
      expect(JSON.parse(body)).toEqual({ key: 'a', body: { city: 'मुंबई é 🚚', bytes } });
      expect(Number(headers['content-length'])).toBe(Buffer.byteLength(body));
    }
  });

  it('leaves the connection open for the next request, and is finished and counted', async () => {
    const connection = new Connection();
    const before = finished;
    for (let index = 0; index < 20; index += 1) {
      connection.socket.write(post(`k${index}`, '{}'));
      expect(JSON.parse((await connection.next()).body)).toEqual({ key: `k${index}`, body: {} });
    }
    expect([connection.closed, finished - before]).toEqual([false, 20]);
    connection.socket.destroy();
  });

  it('of 304 has no body', async () => {
    const { status, headers } = await once(post('empty', '{}'));
    expect([status, headers['etag'], headers['content-length']]).toEqual([304, '"1"', undefined]);
  });

  it('closes the connection where the caller asks for it', async () => {
    const { headers, closed } = await once(post('a', '{}', { connection: 'close' }));
    expect([headers['connection'], closed]).toEqual(['close', true]);
  });

  it('never lets a request id of the caller add a header', async () => {
    const { headers } = await once(post('a', '{}', { 'x-request-id': 'a b; set-cookie: x=1' }));
    expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('requests sent without waiting', () => {
  it('are answered in their order, late ones too', async () => {
    const connection = new Connection();
    const keys = ['late', 'b', 'late', 'empty', 'c', 'd'];
    connection.socket.write(keys.map((key) => post(key, `{"of":"${key}"}`)).join(''));
    const answers = [];
    for (const _key of keys) answers.push(await connection.next());
    expect(answers.map(({ status, body }) => (status === 304 ? 'empty' : (JSON.parse(body) as { key: string }).key))).toEqual(keys);
    expect(connection.left).toBe('');
    connection.socket.destroy();
  });
});

describe('a body', () => {
  it('is the same whichever way it comes', async () => {
    const letters = fc.string({ unit: 'grapheme', maxLength: 60 }).filter((text) => !text.includes('\u0000'));
    await fc.assert(fc.asyncProperty(letters, fc.array(fc.nat(200), { maxLength: 4 }), fc.boolean(), async (text, cuts, inChunks) => {
      const body = JSON.stringify({ text });
      const places = [0, ...cuts.map((cut) => cut % (body.length + 1)).sort((a, b) => a - b), body.length];
      const parts = places.slice(1).map((to, index) => body.slice(places[index], to)).filter((part) => part.isWellFormed());
      fc.pre(parts.join('') === body);
      const connection = new Connection();
      if (inChunks) connection.socket.write(head('a', { 'transfer-encoding': 'chunked' }) + chunked(parts));
      else {
        connection.socket.write(head('a', { 'content-length': Buffer.byteLength(body) }));
        for (const part of parts) {
          await sleep(2);
          connection.socket.write(part);
        }
      }
      const answer = await connection.next();
      connection.socket.destroy();
      expect(JSON.parse(answer.body)).toEqual({ key: 'a', body: { text } });
    }), { numRuns: 25 });
  });

  it('may be missing', async () => {
    expect((await once(post('a', ''))).body).toBe('{"key":"a","body":null}');
  });

  it.each([
    ['announced too large', head('a', { 'content-length': LIMIT + 1 })],
    ['that grows too large', head('a', { 'transfer-encoding': 'chunked' }) + chunked([`"${'x'.repeat(3_000)}`, `${'x'.repeat(3_000)}"`])],
  ])('%s is refused, and nothing after it is taken for a request', async (_what, bytes) => {
    const { status, headers, closed } = await once(bytes);
    expect([status, headers['connection'], closed]).toEqual([413, 'close', true]);
  });

  it.each([
    ['a NUL', '{"a":"\\u0000"}'], ['a lone surrogate', '{"a":"\\ud800"}'], ['a name that reaches a prototype', '{"a":{"__proto__":1}}'], ['the same, escaped', '{"\\u005f_proto__":1}'],
    ['a constructor', '{"constructor":1}'], ['lost digits', '{"a":[9007199254740993]}'], ['a number beyond all', '{"a":1e999}'], ['65 levels', '['.repeat(65) + ']'.repeat(65)],
  ])('with %s is refused', async (_what, body) => {
    expect((await once(post('a', body))).status).toBe(400);
  });

  it.each([['64 levels', '['.repeat(64) + ']'.repeat(64)], ['texts that only look so', '{"a":"constructor","b":"\\\\u0000","c":[0.1,-9007199254740991,1e-300]}']])('with %s is taken', async (_what, body) => {
    expect((await once(post('a', body))).status).toBe(200);
  });

  it('is asked for where the caller waits for that', async () => {
    const connection = new Connection();
    connection.socket.write(head('a', { 'content-length': 2, expect: '100-continue' }));
    expect((await connection.next()).status).toBe(100);
    connection.socket.write('{}');
    expect((await connection.next()).body).toBe('{"key":"a","body":{}}');
    connection.socket.destroy();
  });

  it('that is cut off ends the request, and no other', async () => {
    const [gone, stays] = [new Connection(), new Connection()];
    gone.socket.write(`${head('a', { 'content-length': 10 })}{"a"`);
    await sleep(20);
    gone.socket.destroy();
    stays.socket.write(post('b', '{}'));
    expect((await stays.next()).status).toBe(200);
    await sleep(20);
    expect(cutOff).toBe(1);
    stays.socket.destroy();
  });

  it('that ended well does not count as cut off when its caller goes before the answer', async () => {
    const before = cutOff;
    const gone = new Connection();
    gone.socket.write(post('late', '{}'));
    await sleep(5);
    gone.socket.destroy();
    await sleep(60);
    expect(cutOff).toBe(before);
  });
});

describe('while it drains', () => {
  it('answers what is under way and closes that connection', async () => {
    const connection = new Connection();
    connection.socket.write(`${head('a', { 'content-length': 2 })}{`);
    await sleep(20);
    const closing = service.close();
    await sleep(20);
    connection.socket.write('}');
    expect((await connection.next()).body).toBe('{"key":"a","body":{}}');
    await closing;
    await sleep(10);
    expect(connection.closed).toBe(true);
  });
});
