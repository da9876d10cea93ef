import { createServer } from 'node:http';
import { type ServiceName, serviceNames } from '@pataka/contracts';
import { createHttpServer, listenOn } from '@pataka/platform';
import { Gateway, type Upstream } from './gateway';

const running = createServer((request, response) => response.end(request.url === '/metrics' ? '# HELP up Is it up\n# TYPE up gauge\nup 1\n' : '{"status":"pass"}'));
let origin: string;
let front: ReturnType<typeof createHttpServer>;

beforeAll(async () => {
  const port = await listenOn(running, 0, '127.0.0.1');
  const there: Upstream = { handle: (request, response) => running.emit('request', request, response), url: () => `http://127.0.0.1:${port}` };
  const away: Upstream = { handle: (_request, response) => void response.writeHead(503).end(), url: () => null };
  const upstreams = Object.fromEntries(serviceNames.map((name) => [name, name === 'analytics' ? away : there])) as unknown as Record<ServiceName, Upstream>;
  front = createHttpServer(new Gateway(upstreams).handle);
  origin = `http://127.0.0.1:${await listenOn(front, 0, '127.0.0.1')}`;
});
afterAll(() => {
  front.close();
  running.close();
});

describe('the gateway, with one service away', () => {
  it('still tells the metrics of the others, each family once', async () => {
    const response = await fetch(`${origin}/metrics`);
    expect(response.status).toBe(200);
    expect((await response.text()).match(/# TYPE up gauge/g)).toHaveLength(1);
  });

  it('is not ready, and says which is away', async () => {
    const response = await fetch(`${origin}/health/ready`);
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ status: 'fail', services: { analytics: { status: 'fail' }, evaluator: { status: 'pass' } } });
  });

  it('answers unknown paths with a problem', async () => {
    const response = await fetch(`${origin}/nowhere`);
    expect([response.status, response.headers.get('content-type')]).toEqual([404, 'application/problem+json']);
  });
});
