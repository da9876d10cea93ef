import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { DomainError, type Principal } from '@pataka/contracts';
import type { RequestSpan } from './telemetry';

/** What we know of a request besides what it says itself. */
export interface RequestState {
  /** X-Request-Id: the caller's, if it is sane, else a UUID. */
  readonly id: string;
  /** What ties together all that this request causes: its own id if it brought one, else its trace's. */
  readonly correlationId: string;
  /** performance.now() at its arrival. */
  readonly startedAt: number;
  /** Route template for metrics and logs; `unmatched` until one matches. */
  route: string;
  principal: Principal | null;
  /** Hex SHA-256 of the body's bytes, where an Idempotency-Key asks for it. */
  bodyHash: string;
  /** The span of this request, where it is traced. */
  span: RequestSpan | null;
}

// Beside the request rather than on it: hot routes, Fastify and Nest wrap it differently but share the object underneath.
const states = new WeakMap<IncomingMessage, RequestState>();

const SANE_ID = /^[\w.:-]{1,128}$/;
const TRACEPARENT = /^[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}/;

const TRACEPARENT_LENGTH = 55;

const header = (request: IncomingMessage, name: string): string => {
  const value = request.headers[name];
  return typeof value === 'string' ? value : '';
};

/** What takes the headers that every answer has. */
type Headed = Pick<ServerResponse, 'setHeader'> | { setHeader(name: string, value: string): void };

/** Notes the arrival of a request, and gives its answer the headers that every answer has. */
export const begin = (request: IncomingMessage, response: Headed): RequestState => {
  const given = header(request, 'x-request-id');
  const own = given !== '' && SANE_ID.test(given) ? given : undefined;
  const id = own ?? randomUUID();
  const parent = own === undefined ? header(request, 'traceparent') : '';
  const trace = parent === '' ? undefined : TRACEPARENT.exec(parent)?.[1];
  const state: RequestState = { id, correlationId: trace ?? id, startedAt: performance.now(), route: 'unmatched', principal: null, bodyHash: '', span: null };
  response.setHeader('x-request-id', id);
  response.setHeader('x-content-type-options', 'nosniff');
  return state;
};

/** The trace context that whatever a request causes carries on: of our own span, else the caller's as it came. */
export const traceparentOf = (request: IncomingMessage, { span }: RequestState): string | undefined => {
  if (span !== null) return span.traceparent;
  const given = header(request, 'traceparent');
  return TRACEPARENT.test(given) ? given.slice(0, TRACEPARENT_LENGTH) : undefined;
};

/** Makes a request's state known to Fastify and Nest. */
export const handOver = (request: IncomingMessage, state: RequestState): void => void states.set(request, state);

/** What `begin` noted, of a request that was handed over. */
export const stateOf = (request: IncomingMessage): RequestState => {
  const state = states.get(request);
  if (state === undefined) throw new Error('The request did not come in through Service.handle');
  return state;
};

const decodes = (text: string): boolean => {
  try {
    // PostgreSQL takes no NUL in a text: it would come back as an error of ours.
    return !decodeURIComponent(text).includes('\u0000');
  } catch {
    return false;
  }
};

/** The path without its query. @throws DomainError `validation` for a target that is no path or does not decode to UTF-8. */
export const pathOf = (target: string): string => {
  const queryAt = target.indexOf('?');
  if (target.charCodeAt(0) !== 0x2f || /[^\x21-\x7e]/.test(target)) throw new DomainError('validation', 'The request target is not a path');
  if (target.includes('%') && !decodes(target)) throw new DomainError('validation', 'The request target is not validly percent-encoded');
  return queryAt === -1 ? target : target.slice(0, queryAt);
};
