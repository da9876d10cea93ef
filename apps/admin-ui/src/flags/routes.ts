import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { shellRoute } from '../app/shell-route';
import { loadMessages } from '../i18n/catalogues';
import { listSearchOf } from './list-search';

const parent = (): typeof shellRoute => shellRoute;

/** Parts of a flag's page. */
export const flagTabs = ['targeting', 'values', 'history', 'usage'] as const;
export type FlagTab = (typeof flagTabs)[number];
const tabOf = (search: Record<string, unknown>): { tab?: FlagTab; environment?: string } => {
  const tab = flagTabs.find((name) => name === search['tab']);
  return { ...(tab === undefined ? {} : { tab }), ...(typeof search['environment'] === 'string' ? { environment: search['environment'] } : {}) };
};

export const flagRoutes = [
  createRoute({ getParentRoute: parent, path: '/flags', loader: () => loadMessages('flags'), validateSearch: listSearchOf, component: lazyRouteComponent(() => import('./flag-list-page'), 'FlagListPage') }),
  createRoute({ getParentRoute: parent, path: '/flags/new', loader: () => loadMessages('flags', 'targeting'), component: lazyRouteComponent(() => import('./new-flag-page'), 'NewFlagPage') }),
  createRoute({ getParentRoute: parent, path: '/flags/$key', loader: () => loadMessages('flags', 'targeting'), validateSearch: tabOf, component: lazyRouteComponent(() => import('./flag-page'), 'FlagPage') }),
] as const;
