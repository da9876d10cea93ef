import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listenOn } from './server';
import { StaticSite } from './static-site';

const directory = mkdtempSync(join(tmpdir(), 'static-site-'));
const script = `console.log(${JSON.stringify('x'.repeat(5000))})`;
const html = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
let server: Server;
let origin: string;

beforeAll(async () => {
  mkdirSync(join(directory, 'assets'));
  mkdirSync(join(directory, '.vite'));
  writeFileSync(join(directory, 'index.html'), '<!doctype html><title>it</title>');
  writeFileSync(join(directory, 'assets/main-abc.js'), script);
  writeFileSync(join(directory, '.vite/manifest.json'), '{}');
  const site = StaticSite.open(directory)!;
  server = createServer((request, response) => {
    if (!site.serve(request.url!, request, response)) response.writeHead(404).end('not the site');
  });
  origin = `http://127.0.0.1:${await listenOn(server, 0, '127.0.0.1')}`;
});
afterAll(() => {
  server.close();
  rmSync(directory, { recursive: true });
});

const get = (path: string, headers: Record<string, string> = {}): Promise<Response> => fetch(`${origin}${path}`, { headers });

describe('a static site', () => {
  it.each(['/', '/flags', '/flags/driver_scoring.v2', '/measures'])('answers its page at %s, which is asked for each time', async (path) => {
    const answer = await get(path, html);
    expect([answer.status, answer.headers.get('content-type'), answer.headers.get('cache-control')]).toEqual([200, 'text/html; charset=utf-8', 'no-cache']);
  });

  it.each(['/api', '/api/nothing', '/ofrep/v1/x', '/v1/nothing', '/health', '/health/nothing', '/metrics', '/openapi.json', '/services/x', '/docs/x', '/assets/gone.js'])('never shadows %s', async (path) => {
    expect((await get(path, html)).status).toBe(404);
  });

  it('is no page to what does not ask for one', async () => {
    expect((await get('/flags', { accept: 'application/json' })).status).toBe(404);
    expect((await fetch(`${origin}/flags`, { method: 'POST', headers: html })).status).toBe(404);
  });

  it('allows no inline script or style, no other origin and no frame', async () => {
    const { headers } = await get('/', html);
    const policy = headers.get('content-security-policy')!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('keeps hashed files for ever, and packs them for who can unpack', async () => {
    const answer = await get('/assets/main-abc.js', { 'accept-encoding': 'gzip' });
    expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(answer.headers.get('content-encoding')).toBe('gzip');
    expect(await answer.text()).toBe(script);
    const plain = await get('/assets/main-abc.js', { 'accept-encoding': 'identity' });
    expect(plain.headers.get('content-encoding')).toBeNull();
  });

  it('answers 304 to who has it', async () => {
    const etag = (await get('/', html)).headers.get('etag')!;
    expect((await get('/', { ...html, 'if-none-match': etag })).status).toBe(304);
  });

  it('serves no hidden file and nothing outside', async () => {
    expect((await get('/.vite/manifest.json')).status).toBe(404);
    expect((await get('/assets/..%2f..%2fetc/passwd')).status).toBe(404);
  });

  it('is not there before it is built', () => {
    expect(StaticSite.open(join(directory, 'nowhere'))).toBeNull();
  });
});
