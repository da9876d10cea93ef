import type { QueryClient } from '@tanstack/react-query';
import { createRootRouteWithContext, createRoute, Outlet, redirect } from '@tanstack/react-router';
import { isApiError } from '../api/client';
import { roleOf, sessionQuery } from '../api/session';
import { loadMessages } from '../i18n/catalogues';
import { Toasts } from '../ui/toast';
import { RouteError, RouteMissing } from './route-states';
import { Shell } from './shell';

export interface RouterContext { queryClient: QueryClient }

export const rootRoute = createRootRouteWithContext<RouterContext>()({
  component: () => <><Outlet /><Toasts /></>,
  errorComponent: RouteError, notFoundComponent: RouteMissing,
});

/** Parent of every page that needs somebody signed in. Areas hang their routes below it. */
export const shellRoute = createRoute({
  getParentRoute: () => rootRoute, id: 'shell', component: Shell, errorComponent: RouteError, notFoundComponent: RouteMissing,
  beforeLoad: async ({ context, location }) => {
    const toSignIn = (): never => { throw redirect({ to: '/sign-in', search: { to: location.href }, replace: true }); };
    try {
      const principal = await context.queryClient.ensureQueryData(sessionQuery);
      if (roleOf(principal) === null) toSignIn();
    } catch (error) {
      if (isApiError(error) && error.status === 401) toSignIn();
      throw error;
    }
  },
});

export { loadMessages };
