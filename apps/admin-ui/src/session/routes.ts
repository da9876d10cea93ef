import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { rootRoute, shellRoute } from '../app/shell-route';
import { loadMessages } from '../i18n/catalogues';

const loader = (): Promise<void> => loadMessages('session');

const textsOf = <N extends string>(search: Record<string, unknown>, ...names: N[]): { [Name in N]?: string } =>
  Object.fromEntries(names.flatMap((name) => (typeof search[name] === 'string' ? [[name, search[name]]] : []))) as { [Name in N]?: string };

const signInRoute = createRoute({
  getParentRoute: () => rootRoute, path: '/sign-in', component: lazyRouteComponent(() => import('./sign-in-page'), 'SignInPage'), loader,
  validateSearch: (search: Record<string, unknown>) => textsOf(search, 'to', 'error'),
});

/** The token of an invitation is in the fragment: browsers send that to nobody. */
const joinRoute = createRoute({ getParentRoute: () => rootRoute, path: '/join', component: lazyRouteComponent(() => import('./join-page'), 'JoinPage'), loader });

const profileRoute = createRoute({ getParentRoute: () => shellRoute, path: '/profile', component: lazyRouteComponent(() => import('./profile-page'), 'ProfilePage'), loader });

export const sessionRoutes = [signInRoute, joinRoute] as const;
/** Below the shell: whoever is here is signed in. */
export const memberRoutes = [profileRoute] as const;
