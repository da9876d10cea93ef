import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { DynamicModule, Type } from '@nestjs/common';
import type { CustomTransportStrategy } from '@nestjs/microservices';
import { openapiDocument, routes as allRoutes, type Route, type ServiceName } from '@pataka/contracts';
import type { FastifyInstance } from 'fastify';
import type { AccessDirectory } from './access';
import { createFastify, ServedRoutes } from './fastify-app';
import { AccessGuard } from './guard';
import { healthOf, type HealthChecks } from './health';
import { CollectedHeaders } from './hot-answer';
import { HotRoutes, type HotEntry, type HotHit, type HotRoute } from './hot-routes';
import type { Infrastructure } from './infrastructure';
import { HttpMetrics } from './metrics';
import { createNestApp } from './nest-app';
import { sendProblem } from './problem';
import { begin, handOver, pathOf, type RequestState } from './request';
import { closeServer, createHttpServer, listenOn } from './server';
import type { StaticSite } from './static-site';

/** What makes a service. */
export interface ServiceOptions {
  name: ServiceName;
  module: DynamicModule | Type;
  infrastructure: Pick<Infrastructure, 'logger' | 'metrics'> & Partial<Pick<Infrastructure, 'telemetry'>>;
  access: AccessDirectory;
  hotRoutes?: readonly HotRoute[];
  checks: HealthChecks;
  /** Consumers: started once everything else is up. */
  transport?: CustomTransportStrategy;
  /** The application that people see at the service's own address, where it has one. */
  site?: StaticSite | null;
  /** The service's OpenAPI document; default: contracts', made from the table of routes. */
  openapi?: () => object;
  /** Default: the table of contracts. */
  routes?: readonly Route[];
  onReady?: () => void | Promise<void>;
  /** Closing has begun: end streams now, nobody else will. */
  onDrain?: () => void;
  /** The last requests are answered and the consumers stopped: release what is left. */
  onClose?: () => void | Promise<void>;
}

/** A service that answers requests, with or without a port of its own. */
export interface Service {
  readonly name: ServiceName;
  /** Answers one request: hot routes first, then Nest's controllers. */
  handle(request: IncomingMessage, response: ServerResponse): void;
  /** Opens a port of its own (0: any free one); resolves with it. */
  listen(port: number, host?: string): Promise<number>;
  openapi(): object;
  /** Not ready any more, finishes what is under way, stops consuming, releases. */
  close(): Promise<void>;
}

const DRAIN_MS = 10_000;

class HttpService implements Service {
  readonly name: ServiceName;
  private readonly metrics: HttpMetrics;
  private server: Server | undefined;
  private closing: Promise<void> | undefined;
  private active = 0;
  private idle: (() => void) | undefined;

  constructor(
    private readonly options: ServiceOptions,
    private readonly instance: FastifyInstance,
    private readonly hot: HotRoutes,
    private readonly stop: () => Promise<void>,
  ) {
    this.name = options.name;
    this.metrics = new HttpMetrics(options.infrastructure.metrics);
  }

  readonly handle = (request: IncomingMessage, response: ServerResponse): void => {
    const found = this.find(request);
    const { hit } = found;
    const headers = hit?.entry.route.collected === true ? new CollectedHeaders() : null;
    const state = begin(request, headers ?? response);
    if (this.traces(request, hit)) state.span = this.options.infrastructure.telemetry!.begin(request);
    this.active += 1;
    if (this.closing !== undefined) {
      (headers ?? response).setHeader('connection', 'close');
      response.shouldKeepAlive = false;
    }
    response.on('close', () => this.finished(request, response, state, hit?.entry ?? null));
    if ('refusal' in found) return this.fail(request, response, state, found.refusal);
    const { path } = found;
    if (hit === null) return this.route(request, response, state, path);
    // The hottest routes have all they need in their HotRequest; others may ask for more.
    if (headers === null) handOver(request, state);
    this.hot.run(hit, request, response, {
      path, state, headers,
      failed: (error) => {
        headers?.applyTo(response);
        this.fail(request, response, state, error);
      },
    });
  };

  async listen(port: number, host?: string): Promise<number> {
    this.server = createHttpServer(this.handle);
    return listenOn(this.server, port, host);
  }

  openapi(): object {
    return this.options.openapi?.() ?? openapiDocument(this.name);
  }

  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  draining(): boolean {
    return this.closing !== undefined;
  }

  /** Evaluations and events are too many to trace each: they are traced where their caller is. */
  private traces(request: IncomingMessage, hit: HotHit | null): boolean {
    return this.options.infrastructure.telemetry !== undefined && (hit === null || request.headers['traceparent'] !== undefined);
  }

  private find(request: IncomingMessage): { hit: HotHit | null; path: string } | { hit: null; refusal: unknown } {
    try {
      const path = pathOf(request.url ?? '');
      return { path, hit: this.hot.find(request.method ?? '', path) };
    } catch (refusal) {
      return { hit: null, refusal };
    }
  }

  private route(request: IncomingMessage, response: ServerResponse, state: RequestState, path: string): void {
    if (this.options.site?.serve(path, request, response) === true) return;
    handOver(request, state);
    if (path === '/api' || path.startsWith('/api/')) response.setHeader('cache-control', 'no-store');
    try {
      this.instance.routing(request, response);
    } catch (error) {
      this.fail(request, response, state, error);
    }
  }

  private fail(request: IncomingMessage, response: ServerResponse, state: RequestState, error: unknown): void {
    const answer = sendProblem(response, error, state.id);
    if (answer.unexpected) this.options.infrastructure.logger.error({ err: error, requestId: state.id, method: request.method, route: state.route }, 'a request failed');
  }

  private finished(request: IncomingMessage, response: ServerResponse, state: RequestState, entry: HotEntry | null): void {
    const milliseconds = performance.now() - state.startedAt;
    const streams = entry?.route.streams === true;
    // 499: the caller left before the answer was out (as nginx counts it).
    const status = response.writableFinished || streams ? response.statusCode : 499;
    const figures = entry === null ? this.metrics.of(request.method ?? '', state.route) : (entry.figures ??= this.metrics.of(entry.route.method, state.route));
    figures.observe(status, streams ? null : milliseconds / 1000);
    this.tell(request, state, status, milliseconds);
    this.active -= 1;
    if (this.active === 0) this.idle?.();
  }

  private tell(request: IncomingMessage, { id, route, principal, span }: RequestState, status: number, milliseconds: number): void {
    span?.end({ route, status, requestId: id });
    const { logger } = this.options.infrastructure;
    const level = status === 401 || status === 403 ? 'warn' : 'debug';
    // Nobody reads debug lines most of the time: then not even their members are put together.
    if (!logger.isLevelEnabled(level)) return;
    logger[level]({ requestId: id, method: request.method, route, status, milliseconds: Math.round(milliseconds), actor: principal?.subject }, 'request');
  }

  private async end(): Promise<void> {
    this.options.onDrain?.();
    if (this.server !== undefined) await closeServer(this.server, DRAIN_MS);
    await this.whenIdle();
    await this.stop();
    await this.options.onClose?.();
  }

  /** Behind a gateway there is no server of ours to close: wait for our own requests, for a while. */
  private whenIdle(): Promise<void> {
    if (this.active === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const limit = setTimeout(resolve, DRAIN_MS);
      this.idle = () => {
        clearTimeout(limit);
        resolve();
      };
    });
  }
}

/** Routes that every service has. */
const addCommonRoutes = (instance: FastifyInstance, options: ServiceOptions, service: () => HttpService): void => {
  const noStore = { 'cache-control': 'no-store' };
  instance.get('/health/live', (_request, reply) => reply.headers(noStore).send({ status: 'pass' }));
  instance.get('/health/ready', (_request, reply) => {
    const draining: HealthChecks = service().draining() ? { shutdown: () => ({ status: 'fail', detail: 'shutting down' }) } : {};
    const health = healthOf({ ...options.checks, ...draining });
    return reply.code(health.status === 'fail' ? 503 : 200).headers(noStore).send(health);
  });
  instance.get('/metrics', async (_request, reply) => {
    const { metrics } = options.infrastructure;
    return reply.headers({ ...noStore, 'content-type': metrics.contentType }).send(await metrics.metrics());
  });
  instance.get('/openapi.json', (_request, reply) => reply.send(service().openapi()));
};

/**
 * Builds a service: the module's controllers behind the access guard, its hot routes before them, health, metrics and description beside them.
 * It answers through `handle` from then on; `listen` is for a service that runs by itself.
 */
export const createService = async (options: ServiceOptions): Promise<Service> => {
  const { logger } = options.infrastructure;
  const guard = new AccessGuard(options.name, options.routes ?? allRoutes, options.access, logger);
  const hot = new HotRoutes(options.hotRoutes ?? [], guard);
  const served = new ServedRoutes();
  const instance = createFastify(guard, served, (path) => hot.methodsOf(path));
  const holder: { service?: HttpService } = {};
  addCommonRoutes(instance, options, () => holder.service!);
  const app = await createNestApp({ module: options.module, instance, logger, transport: options.transport });
  const service = new HttpService(options, instance, hot, () => app.close());
  holder.service = service;
  if (options.transport !== undefined) await app.startAllMicroservices();
  await options.onReady?.();
  return service;
};
