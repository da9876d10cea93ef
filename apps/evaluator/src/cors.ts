import type { IncomingMessage, ServerResponse } from 'node:http';
import { type HotRoute, hotRoute } from '@pataka/platform';

/**
 * Web applications call these routes from other origins. Nothing here rests on cookies, so any origin may read an answer that its
 * caller holds a key for; credentials are never allowed.
 */
const allowOrigins = (request: IncomingMessage, response: ServerResponse): void => {
  // Services send no origin, and are spared the headers.
  if (request.headers.origin === undefined && request.method !== 'OPTIONS') return;
  response.setHeader('access-control-allow-origin', '*');
  response.setHeader('access-control-expose-headers', 'date, etag, retry-after, x-request-id');
};

const preflight = (_request: unknown, response: ServerResponse): void => {
  response.writeHead(204, {
    'access-control-allow-methods': 'GET, POST',
    'access-control-allow-headers': 'authorization, content-type, if-none-match, last-event-id, x-api-key, x-exposure, x-request-id, traceparent',
    'access-control-max-age': '86400',
  }).end();
};

const preflighted = ['/ofrep/v1/evaluate/flags', '/ofrep/v1/evaluate/flags/{key}', '/ofrep/v1/stream', '/v1/stream', '/v1/events'];

/** The same routes, open to browsers of other origins, and the preflights that these send first. */
export const withCors = (routes: readonly HotRoute[]): HotRoute[] => [
  ...routes.map((route) => ({ ...route, prepare: allowOrigins })),
  ...preflighted.map((path) => hotRoute('OPTIONS', path, preflight, { prepare: allowOrigins })),
];
