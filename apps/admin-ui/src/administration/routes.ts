import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { shellRoute } from '../app/shell-route';
import { loadMessages } from '../i18n/catalogues';

const parent = (): typeof shellRoute => shellRoute;
const administration = (): Promise<void> => loadMessages('administration');
const withTargeting = (): Promise<void> => loadMessages('administration', 'targeting');

export const administrationRoutes = [
  createRoute({ getParentRoute: parent, path: '/segments', loader: administration, component: lazyRouteComponent(() => import('./segments-page'), 'SegmentsPage') }),
  createRoute({ getParentRoute: parent, path: '/segments/$key', loader: withTargeting, component: lazyRouteComponent(() => import('./segment-page'), 'SegmentPage') }),
  createRoute({ getParentRoute: parent, path: '/regions', loader: administration, component: lazyRouteComponent(() => import('./regions-page'), 'RegionsPage') }),
  createRoute({ getParentRoute: parent, path: '/calendars', loader: administration, component: lazyRouteComponent(() => import('./calendars-page'), 'CalendarsPage') }),
  createRoute({ getParentRoute: parent, path: '/calendars/$key', loader: administration, component: lazyRouteComponent(() => import('./calendar-page'), 'CalendarPage') }),
  createRoute({ getParentRoute: parent, path: '/measures', loader: administration, component: lazyRouteComponent(() => import('./metrics-page'), 'MetricsPage') }),
  createRoute({ getParentRoute: parent, path: '/environments', loader: administration, component: lazyRouteComponent(() => import('./environments-page'), 'EnvironmentsPage') }),
  createRoute({ getParentRoute: parent, path: '/keys', loader: administration, component: lazyRouteComponent(() => import('./keys-page'), 'KeysPage') }),
  createRoute({ getParentRoute: parent, path: '/members', loader: administration, component: lazyRouteComponent(() => import('./members-page'), 'MembersPage') }),
  createRoute({ getParentRoute: parent, path: '/webhooks', loader: administration, component: lazyRouteComponent(() => import('./webhooks-page'), 'WebhooksPage') }),
  createRoute({ getParentRoute: parent, path: '/audit', loader: administration, component: lazyRouteComponent(() => import('./audit-page'), 'AuditPage') }),
  createRoute({ getParentRoute: parent, path: '/operations', loader: administration, component: lazyRouteComponent(() => import('./operations-page'), 'OperationsPage') }),
  createRoute({ getParentRoute: parent, path: '/approvals', loader: administration, component: lazyRouteComponent(() => import('./approvals-page'), 'ApprovalsPage') }),
  createRoute({ getParentRoute: parent, path: '/reference', loader: administration, component: lazyRouteComponent(() => import('./reference-page'), 'ReferencePage') }),
] as const;
