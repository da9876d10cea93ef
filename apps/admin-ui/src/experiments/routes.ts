import type { ExperimentStatus } from '@pataka/contracts';
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { shellRoute } from '../app/shell-route';
import { loadMessages } from '../i18n/catalogues';

export interface ExperimentsSearch { search?: string; status?: ExperimentStatus; view?: 'board' }
export const experimentTabs = ['results', 'rollout', 'setup', 'history'] as const;
export type ExperimentTab = (typeof experimentTabs)[number];

const statuses = ['DRAFT', 'ACTIVE', 'PAUSED', 'COMPLETED', 'ARCHIVED'] as const;
const searchOf = ({ search, status, view }: Record<string, unknown>): ExperimentsSearch => {
  const known = statuses.find((one) => one === status);
  return { ...(typeof search === 'string' && search !== '' ? { search } : {}), ...(known === undefined ? {} : { status: known }), ...(view === 'board' ? { view: 'board' } : {}) };
};
const tabOf = ({ tab }: Record<string, unknown>): { tab?: ExperimentTab } => {
  const known = experimentTabs.find((name) => name === tab);
  return known === undefined ? {} : { tab: known };
};
const parent = (): typeof shellRoute => shellRoute;

export const experimentRoutes = [
  createRoute({ getParentRoute: parent, path: '/experiments', validateSearch: searchOf, component: lazyRouteComponent(() => import('./experiments-page'), 'ExperimentsPage'), loader: () => loadMessages('experiments') }),
  createRoute({ getParentRoute: parent, path: '/experiments/new', component: lazyRouteComponent(() => import('./wizard-page'), 'WizardPage'), loader: () => loadMessages('experiments', 'targeting') }),
  createRoute({ getParentRoute: parent, path: '/experiments/$id', validateSearch: tabOf, component: lazyRouteComponent(() => import('./experiment-page'), 'ExperimentPage'), loader: () => loadMessages('experiments', 'targeting') }),
] as const;
