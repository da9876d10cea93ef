import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { shellRoute } from '../app/shell-route';
import { loadMessages } from '../i18n/catalogues';

const liveRoute = createRoute({
  getParentRoute: () => shellRoute, path: '/live', component: lazyRouteComponent(() => import('./live-page'), 'LivePage'), loader: () => loadMessages('live'),
});

export const liveRoutes = [liveRoute] as const;
