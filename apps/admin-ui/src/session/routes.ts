import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { rootRoute } from '../app/shell-route';
import { loadMessages } from '../i18n/catalogues';

const signInRoute = createRoute({
  getParentRoute: () => rootRoute, path: '/sign-in', component: lazyRouteComponent(() => import('./sign-in-page'), 'SignInPage'),
  loader: () => loadMessages('session'),
  validateSearch: (search: Record<string, unknown>): { to?: string } => (typeof search['to'] === 'string' ? { to: search['to'] } : {}),
});

export const sessionRoutes = [signInRoute] as const;
