import { createRouter } from '@tanstack/react-router';
import { queryClient } from '../api/query-client';
import { administrationRoutes } from '../administration/routes';
import { dashboardRoutes } from '../dashboard/routes';
import { experimentRoutes } from '../experiments/routes';
import { flagRoutes } from '../flags/routes';
import { liveRoutes } from '../live/routes';
import { memberRoutes, sessionRoutes } from '../session/routes';
import { Skeleton } from '../ui/states';
import { homeRoute } from './home-route';
import { rootRoute, shellRoute } from './shell-route';

// Each area names its routes in <area>/routes.ts, with components loaded when they are first shown.
const routeTree = rootRoute.addChildren([
  ...sessionRoutes,
  shellRoute.addChildren([homeRoute, ...flagRoutes, ...administrationRoutes, ...experimentRoutes, ...dashboardRoutes, ...liveRoutes, ...memberRoutes]),
]);

export const router = createRouter({
  routeTree, context: { queryClient }, defaultPreload: 'intent', defaultPreloadStaleTime: 0, scrollRestoration: true,
  defaultPendingComponent: () => <div className="page"><Skeleton /></div>, defaultPendingMs: 300,
});

declare module '@tanstack/react-router' {
  interface Register { router: typeof router }
}
