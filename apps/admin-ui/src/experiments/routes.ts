import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { shellRoute } from '../app/shell-route';
import { loadMessages } from '../i18n/catalogues';

const experimentRoute = createRoute({
  getParentRoute: () => shellRoute, path: '/experiments', component: lazyRouteComponent(() => import('./experiments-page'), 'ExperimentsPage'), loader: () => loadMessages('experiments'),
});

export const experimentRoutes = [experimentRoute] as const;
