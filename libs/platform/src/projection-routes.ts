import type { ServiceName } from '@pataka/contracts';
import type { Rebuilds } from '@pataka/event-sourcing';
import { hotRoute, type HotRoute } from './hot-routes';
import { sendJson } from './problem';

/** `GET /api/projections/<service>` and `POST …/{name}/replay`: how far a service's projections are, and a rebuild with its progress. */
export const projectionRoutes = (service: ServiceName, rebuilds: Rebuilds): HotRoute[] => {
  const path = `/api/projections/${service}`;
  const noStore = { 'cache-control': 'no-store' };
  return [
    hotRoute('GET', path, async (_request, response) => sendJson(response, 200, JSON.stringify({ items: await rebuilds.list(), nextCursor: null }), noStore)),
    hotRoute('POST', `${path}/{name}/replay`, async ({ params, principal, raw }, response) => {
      raw.resume();
      sendJson(response, 202, JSON.stringify(await rebuilds.start(params['name'] ?? '', principal?.subject ?? '')), noStore);
    }),
  ];
};
