import type { IncomingHttpHeaders } from 'node:http';
import { DomainError, type Caller, type Principal, type Route, type ServiceName } from '@pataka/contracts';
import type { AccessDirectory } from './access';
import { tokenOf } from './credentials';
import type { Logger } from './logging';
import { cookieOf, refuseForeign } from './session-cookies';

/** What the names of parameters are does not matter, only where they stand: `/api/flags/:key` and `/api/flags/{flag}` are one route. */
const shapeOf = (template: string): string => template.replace(/\{[^}]*\}|:[A-Za-z0-9_]+/g, '{}');

/** HEAD is GET without the body. */
const lookupMethod = (method: string): string => (method === 'HEAD' ? 'GET' : method);

// Paths never come here, so there are as many as the service has routes.
const shapes = new Map<string, string>();
const knownShapeOf = (template: string): string => {
  let shape = shapes.get(template);
  if (shape === undefined) shapes.set(template, (shape = shapeOf(template)));
  return shape;
};

const grants = (allow: readonly Caller[], principal: Principal): boolean =>
  allow.includes(principal.kind === 'management' ? principal.role : principal.kind);

/** Denies every request but those that the table of routes allows their caller. */
export class AccessGuard {
  private readonly table: ReadonlyMap<string, Route>;

  constructor(service: ServiceName, routes: readonly Route[], private readonly access: AccessDirectory, private readonly log: Logger) {
    this.table = new Map(routes.filter((route) => route.service === service).map((route) => [`${route.method} ${shapeOf(route.path)}`, route]));
  }

  /** The table's entry of a route, by its template in Fastify's notation or the table's. */
  routeOf(method: string, template: string): Route | undefined {
    return this.table.get(`${lookupMethod(method)} ${knownShapeOf(template)}`);
  }

  /** Every entry, for those that want to match against the table themselves. */
  entries(): Iterable<Route> {
    return this.table.values();
  }

  /**
   * Who calls; null only where anyone may.
   * @throws DomainError `forbidden`, `unauthenticated`, or `unavailable` while access rights have not arrived yet.
   */
  authorize(method: string, template: string, headers: IncomingHttpHeaders): Principal | null {
    const route = this.routeOf(method, template);
    if (route === undefined) {
      this.log.error({ method, route: template }, 'a route that the table of routes does not have was called, and denied');
      throw new DomainError('forbidden', 'Nobody may call this');
    }
    return this.enter(route, headers);
  }

  /** The same for an entry of the table that is already found: hot routes look theirs up once, at start. */
  enter(route: Route, headers: IncomingHttpHeaders): Principal | null {
    const token = tokenOf(headers);
    if (route.allow.includes('anyone')) return token === null ? null : this.access.authenticate(token);
    const session = token === null ? cookieOf(headers, 'session') : null;
    if (token === null && session === null) throw new DomainError('unauthenticated', 'Send Authorization: Bearer <token>, or X-API-Key, or sign in');
    if (!this.access.filled()) throw new DomainError('unavailable', 'Access rights have not arrived yet: try again shortly', [], { retryAfterSeconds: 1 });
    return this.admit(route, token === null ? this.bySession(route, session ?? '', headers) : this.access.authenticate(token));
  }

  /** What another site's page has made a browser send is refused before anybody looks whose cookies they are. */
  private bySession(route: Route, session: string, headers: IncomingHttpHeaders): Principal | null {
    refuseForeign(route.method, headers);
    return this.access.authenticateSession(session);
  }

  private admit(route: Route, principal: Principal | null): Principal {
    if (principal === null) throw new DomainError('unauthenticated', 'This credential is unknown, revoked or expired');
    if (!grants(route.allow, principal)) throw new DomainError('forbidden', `Only ${route.allow.join(', ')} may do that`);
    return principal;
  }
}
