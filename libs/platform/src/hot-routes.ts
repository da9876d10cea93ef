import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { DomainError, type Principal, type Route } from '@pataka/contracts';
import { collectJson } from './body';
import { type CollectedHeaders, NO_HEADERS } from './hot-answer';
import type { AccessGuard } from './guard';
import type { RouteFigures } from './metrics';
import type { RequestState } from './request';

/** Parts of a path by name, percent-decoded. */
export type PathParams = Readonly<Record<string, string>>;

/** What a hot route is handed: access is already checked. */
export interface HotRequest {
  readonly raw: IncomingMessage;
  readonly method: string;
  readonly path: string;
  /** What follows `?`, as it came; '' without. */
  readonly query: string;
  readonly params: PathParams;
  readonly headers: IncomingHttpHeaders;
  readonly id: string;
  readonly correlationId: string;
  /** null only on routes that anyone may call. */
  readonly principal: Principal | null;
  /** The parsed body, on a route that says it takes JSON. */
  readonly body: unknown;
  /** Headers of every answer, names and values in turn, on a route that collects them; else they are on the answer already. */
  readonly always: readonly string[];
}

/** A route that is answered on the node:http server itself, before Fastify and Nest, which would cost a multiple of the work. */
export interface HotRoute {
  method: string;
  /** Parameters where the path (raw, without query) is this route's, else null. */
  match(path: string): PathParams | null;
  /** Answers, now or later; what it throws or rejects with becomes a problem answer. */
  handle(request: HotRequest, response: ServerResponse): void | Promise<void>;
  /** Called before access is checked, so that refusals carry what it sets too: CORS headers. */
  prepare?(request: IncomingMessage, response: ServerResponse): void;
  /** The route takes JSON of so many bytes at most: it is read before `handle`, without a promise. `refused` answers for a body that is none, or throws. */
  json?: { limit: number; refused(request: HotRequest, response: ServerResponse, error: unknown): void };
  /** true: the answer goes on for ever, and its duration is no figure. */
  streams?: boolean;
  /** true: the route answers with `sendHot`, which writes all headers at once, at half the cost of setting them one by one. */
  collected?: boolean;
}

const decode = (part: string): string => (part.includes('%') ? decodeURIComponent(part) : part);

/** A hot route by its template (`/ofrep/v1/evaluate/flags/{key}`); a parameter is one segment that is not empty. */
export const hotRoute = (method: string, template: string, handle: HotRoute['handle'], more: Pick<HotRoute, 'prepare' | 'json' | 'streams' | 'collected'> = {}): HotRoute => {
  const names = [...template.matchAll(/\{([^}]+)\}/g)].map((found) => found[1]!);
  if (names.length === 0) {
    const none: PathParams = {};
    return { method, handle, ...more, match: (path) => (path === template ? none : null) };
  }
  const match = names.length === 1 && template.endsWith('}') ? lastPart(template, names[0]!) : parts(template, names);
  return { method, handle, match, ...more };
};

/** One parameter at the end, as the hottest path has it, needs no pattern. */
const lastPart = (template: string, name: string): HotRoute['match'] => {
  const prefix = template.slice(0, template.indexOf('{'));
  return (path) => path.startsWith(prefix) && path.length > prefix.length && !path.includes('/', prefix.length) ? { [name]: decode(path.slice(prefix.length)) } : null;
};

const parts = (template: string, names: readonly string[]): HotRoute['match'] => {
  const escaped = template.replace(/[.*+?^$()|[\]\\]/g, '\\$&');
  const pattern = new RegExp(`^${escaped.replace(/\{[^}]+\}/g, '([^/]+)')}$`);
  return (path) => {
    const found = pattern.exec(path);
    return found === null ? null : Object.fromEntries(names.map((name, index) => [name, decode(found[index + 1]!)]));
  };
};

/** A hot route with its entry in the table of routes, and what it has answered. */
export interface HotEntry { route: HotRoute; listed: Route; figures: RouteFigures | null }
/** A hot route that takes a request, with what it found in the path. */
export interface HotHit { entry: HotEntry; params: PathParams }
/** What has begun with a request: its path, what is noted of it, and where its headers are collected. */
export interface Begun { path: string; state: RequestState; headers: CollectedHeaders | null; failed: (error: unknown) => void }

/** The hot routes of one service; each is tied to its entry in the table of routes at start, so that none is outside the access guard. */
export class HotRoutes {
  private readonly byMethod = new Map<string, HotEntry[]>();

  constructor(routes: readonly HotRoute[], private readonly guard: AccessGuard) {
    for (const route of routes) {
      this.byMethod.set(route.method, [...(this.byMethod.get(route.method) ?? []), { route, listed: this.listedOf(route, routes), figures: null }]);
    }
  }

  find(method: string, path: string): HotHit | null {
    const entries = this.byMethod.get(method);
    if (entries === undefined) return null;
    for (const entry of entries) {
      const params = entry.route.match(path);
      if (params !== null) return { entry, params };
    }
    return null;
  }

  /** Methods that a path is served with here. */
  methodsOf(path: string): string[] {
    return [...this.byMethod].filter(([, entries]) => entries.some(({ route }) => route.match(path) !== null)).map(([method]) => method);
  }

  /** Answers, now or later; all that goes wrong is told to `failed`. */
  run({ entry, params }: HotHit, request: IncomingMessage, response: ServerResponse, begun: Begun): void {
    const { state, headers, path, failed } = begun;
    const { route, listed } = entry;
    state.route = listed.path;
    try {
      route.prepare?.(request, headers === null ? response : (headers as unknown as ServerResponse));
      // A preflight carries no credential, and tells no more than the table of routes does.
      if (route.method !== 'OPTIONS') state.principal = this.guard.enter(listed, request.headers);
      const url = request.url ?? '';
      const hot = {
        raw: request, method: route.method, path, query: url.length > path.length ? url.slice(path.length + 1) : '', params, headers: request.headers,
        id: state.id, correlationId: state.correlationId, principal: state.principal, body: undefined as unknown, always: headers?.list ?? NO_HEADERS,
      };
      if (route.json === undefined) return settle(route.handle(hot, response), failed);
      const { limit, refused } = route.json;
      collectJson(request, limit, (error, body) => {
        try {
          if (error !== null) return refused(hot, response, error);
          hot.body = body;
          settle(route.handle(hot, response), failed);
        } catch (thrown) {
          failed(thrown);
        }
      });
    } catch (error) {
      failed(error);
    }
  }

  private listedOf(route: HotRoute, all: readonly HotRoute[]): Route {
    for (const entry of this.guard.entries()) {
      const sample = entry.path.replace(/\{[^}]*\}/g, 'x');
      const served = entry.method === route.method || (route.method === 'OPTIONS' && all.some((other) => other.method === entry.method && other.match(sample) !== null));
      if (served && route.match(sample) !== null) return entry;
    }
    throw new DomainError('internal', `A hot ${route.method} route is not in the table of routes`);
  }
}

const settle = (answered: void | Promise<void>, failed: (error: unknown) => void): void => void answered?.catch(failed);
