import { createServer, request as httpRequest, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createHttpServer, listenOn, MAX_BODY_BYTES } from '@pataka/platform';
import { ProxyUpstream } from './proxy';

const problem = '{"code":"too-large"}';
/** Answers before it has read anything, and cuts the connection: what is still on its way is refused by a reset. */
const early: RequestListener = (_request, response) => void response.writeHead(413, { connection: 'close', 'content-length': problem.length }).end(problem);
const echo: RequestListener = (request, response) => {
  let size = 0;
  request.on('data', (chunk: Buffer) => { size += chunk.length; }).on('end', () => response.end(JSON.stringify({ size, headers: request.headers })));
};
const halfAnswer: RequestListener = (_request, response) => {
  response.writeHead(200, { 'content-length': 100 }).write('half');
  setTimeout(() => response.destroy(), 20);
};
const behaviours: Record<string, RequestListener> = { '/early': early, '/echo': echo, '/half': halfAnswer };

let upstream: Server;
let front: Server;
let proxy: ProxyUpstream;
let origin: string;

beforeAll(async () => {
  upstream = createServer((request, response) => behaviours[request.url ?? '']?.(request, response));
  const port = await listenOn(upstream, 0, '127.0.0.1');
  proxy = new ProxyUpstream(() => ({ host: '127.0.0.1', port }));
  front = createHttpServer(proxy.handle);
  origin = `http://127.0.0.1:${await listenOn(front, 0, '127.0.0.1')}`;
});
afterAll(() => {
  proxy.close();
  for (const server of [front, upstream]) server.close().closeAllConnections();
});

/** Uploads in pieces, whatever comes back meanwhile, as a simple client does; answers the status and body once all is sent. */
const upload = (path: string, pieces: number, headers: Record<string, string> = {}, piece = Buffer.alloc(100_000, 'x')): Promise<{ status: number; text: string }> => new Promise((resolve, reject) => {
  const request = httpRequest(`${origin}${path}`, { method: 'POST', headers }, (response) => {
    let text = '';
    response.on('data', (chunk: Buffer) => { text += chunk.toString(); }).on('end', () => resolve({ status: response.statusCode ?? 0, text })).on('error', reject);
  }).on('error', reject);
  void (async () => {
    for (let sent = 0; sent < pieces; sent += 1) {
      request.write(piece);
      await sleep(2);
    }
    request.end();
  })();
});

describe('the proxy', () => {
  it('hands on an early answer as what it is while the body is still being sent', async () => {
    for (let round = 0; round < 20; round += 1) expect(await upload('/early', 9, { 'content-length': '900000' })).toEqual({ status: 413, text: problem });
    for (let round = 0; round < 5; round += 1) expect(await upload('/early', 9)).toEqual({ status: 413, text: problem });
  });

  it.each([['announced', { 'content-length': '3000000' }], ['of unknown length', {}]])('refuses a body beyond the limit, %s, and lets the caller finish sending it', async (_what, headers: Record<string, string>) => {
    expect(await upload('/echo', 30, headers)).toMatchObject({ status: 413, text: expect.stringContaining('too-large') as string });
  });

  it('passes a body of the largest size on whole, with its length and without what concerned one connection only', async () => {
    const { text } = await upload('/echo', 1, { expect: '100-continue' }, Buffer.alloc(MAX_BODY_BYTES, 'x'));
    const { size, headers } = JSON.parse(text) as { size: number; headers: Record<string, string> };
    expect([size, headers['content-length'], headers['expect'], headers['transfer-encoding'], headers['x-forwarded-for']]).toEqual([MAX_BODY_BYTES, String(MAX_BODY_BYTES), undefined, undefined, '127.0.0.1']);
    expect(JSON.parse(await (await fetch(`${origin}/echo`)).text())).toMatchObject({ size: 0 });
  });

  it('breaks an answer off that its service breaks off', async () => {
    await expect(fetch(`${origin}/half`).then((response) => response.text())).rejects.toThrow();
  });

  it('says that a service is away, and serves it again once it is back', async () => {
    let port: number | null = null;
    const one = new ProxyUpstream(() => (port === null ? null : { host: '127.0.0.1', port }));
    const gate = createHttpServer(one.handle);
    const at = `http://127.0.0.1:${await listenOn(gate, 0, '127.0.0.1')}/echo`;
    const ask = (): Promise<Response> => fetch(at, { method: 'POST', body: '{}' });
    expect([(await ask()).status, one.url()]).toEqual([503, null]);
    port = 1;
    const refused = await ask();
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    port = (upstream.address() as AddressInfo).port;
    expect((await ask()).status).toBe(200);
    one.close();
    gate.close().closeAllConnections();
  });

  it('lets go of a service when its caller has gone', async () => {
    const cut = new Promise<void>((resolve) => { behaviours['/slow'] = (_request, response) => void response.writeHead(200).on('close', () => resolve()).write('.'); });
    const request = httpRequest(`${origin}/slow`, (response) => response.once('data', () => (request.socket as Socket).destroy())).on('error', () => undefined);
    request.end();
    await cut;
  });
});
