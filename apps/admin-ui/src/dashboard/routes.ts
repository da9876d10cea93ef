import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { shellRoute } from '../app/shell-route';
import { loadMessages } from '../i18n/catalogues';

const dashboardRoute = createRoute({
  getParentRoute: () => shellRoute, path: '/dashboard', component: lazyRouteComponent(() => import('./dashboard-page'), 'DashboardPage'), loader: () => loadMessages('dashboard', 'experiments'),
});

export const dashboardRoutes = [dashboardRoute] as const;
