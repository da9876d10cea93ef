import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { shellRoute } from '../app/shell-route';
import { loadMessages } from '../i18n/catalogues';

export interface LiveSearch { view?: 'then'; types?: string; environment?: string; unit?: string; experiment?: string; flag?: string }
const filters = ['types', 'environment', 'unit', 'experiment', 'flag'] as const;
const searchOf = (search: Record<string, unknown>): LiveSearch => ({
  ...(search['view'] === 'then' ? { view: 'then' } : {}), ...Object.fromEntries(filters.flatMap((name) => (typeof search[name] === 'string' && search[name] !== '' ? [[name, search[name]]] : []))),
});

const liveRoute = createRoute({
  getParentRoute: () => shellRoute, path: '/live', validateSearch: searchOf, component: lazyRouteComponent(() => import('./live-page'), 'LivePage'), loader: () => loadMessages('live', 'flags'),
});

export const liveRoutes = [liveRoute] as const;
