import type { IncomingMessage, ServerResponse } from 'node:http';
import { DomainError, openapiOfAll, type ServiceName, serviceNames } from '@pataka/contracts';
import { sendJson, sendProblem, type StaticSite } from '@pataka/platform';
import { serveReference } from './api-reference';
import { mergeMetrics } from './merge-metrics';
import { serviceOf } from './service-of';

/** A service behind the gateway: in this process, or another one's port. */
export interface Upstream {
  handle(request: IncomingMessage, response: ServerResponse): void;
  /** Base URL on loopback, for what the gateway itself asks; null while the service is not up. */
  url(): string | null;
}

type Upstreams = Record<ServiceName, Upstream>;
type Answer = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;
interface ServiceHealth { status: string; checks?: object; detail?: string }

const ASK_TIMEOUT_MS = 2_000;

const ask = async (upstream: Upstream, path: string): Promise<Response> => {
  const url = upstream.url();
  if (url === null) throw new Error('not running');
  return fetch(`${url}${path}`, { signal: AbortSignal.timeout(ASK_TIMEOUT_MS) });
};

const healthOf = async (upstream: Upstream): Promise<ServiceHealth> => {
  try {
    return (await (await ask(upstream, '/health/ready')).json()) as ServiceHealth;
  } catch (error) {
    return { status: 'fail', detail: `does not answer: ${(error as Error).message}` };
  }
};

/** Those of the others are worth having while one is away. */
const metricsOf = async (upstream: Upstream): Promise<string> => {
  try {
    return await (await ask(upstream, '/metrics')).text();
  } catch {
    return '';
  }
};

/** One origin for four services: a path decides, by the table of routes. What belongs to all of them is answered here. */
export class Gateway {
  readonly #own: Record<string, Answer> = {
    '/health/live': (_request, response) => sendJson(response, 200, '{"status":"pass"}'),
    '/health/ready': (_request, response) => this.#ready(response),
    '/metrics': (_request, response) => this.#metrics(response),
    '/openapi.json': (_request, response) => sendJson(response, 200, JSON.stringify(openapiOfAll())),
  };

  /** `site` is what people see; null where it has not been built. */
  constructor(private readonly upstreams: Upstreams, private readonly site: StaticSite | null = null) {}

  readonly handle = (request: IncomingMessage, response: ServerResponse): void => {
    const target = request.url ?? '/';
    const queryAt = target.indexOf('?');
    const path = queryAt === -1 ? target : target.slice(0, queryAt);
    const service = serviceOf(path);
    if (service !== null) return this.upstreams[service].handle(request, response);
    this.#answerOwn(path, request, response).catch((error: unknown) => void sendProblem(response, error));
  };

  async #answerOwn(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const direct = /^\/services\/([a-z-]+)(\/(?:health\/live|health\/ready|metrics|openapi\.json))$/.exec(path);
    const named = serviceNames.find((name) => name === direct?.[1]);
    if (named !== undefined) {
      request.url = direct![2]!;
      return this.upstreams[named].handle(request, response);
    }
    const reads = request.method === 'GET' || request.method === 'HEAD';
    const answer = this.#own[path];
    if (answer !== undefined) {
      if (!reads) throw new DomainError('method-not-allowed', 'This path takes GET', [], { allow: ['GET', 'HEAD'] });
      return answer(request, response);
    }
    if (reads && (await serveReference(path, response))) return;
    if (this.site?.serve(path, request, response) === true) return;
    throw new DomainError('not-found', 'There is nothing at this path: see /openapi.json for what there is');
  }

  async #ready(response: ServerResponse): Promise<void> {
    const services = await this.#health();
    const all = Object.values(services).map(({ status }) => status);
    const status = all.includes('fail') ? 'fail' : all.includes('warn') ? 'warn' : 'pass';
    sendJson(response, status === 'fail' ? 503 : 200, JSON.stringify({ status, services }), { 'cache-control': 'no-store' });
  }

  async #metrics(response: ServerResponse): Promise<void> {
    const texts = await Promise.all(serviceNames.map((name) => metricsOf(this.upstreams[name])));
    sendJson(response, 200, mergeMetrics(texts), { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
  }

  async #health(): Promise<Record<string, ServiceHealth>> {
    return Object.fromEntries(await Promise.all(serviceNames.map(async (name) => [name, await healthOf(this.upstreams[name])] as const)));
  }
}
