import type { LinkProps } from '@tanstack/react-router';
import type { Permission } from '../api/session';
import type { MessageId } from '../i18n/catalogues';
import type { IconName } from '../ui/icons';

export interface Place { to: NonNullable<LinkProps['to']>; label: MessageId; icon: IconName; needs?: Permission }

/** The places of the application: side bar and command palette are made of this. What a role may not see is not offered. */
export const navigation: readonly { label: MessageId; places: readonly Place[] }[] = [
  { label: 'common.nav.overview', places: [
    { to: '/dashboard', label: 'common.nav.dashboard', icon: 'gauge' },
    { to: '/live', label: 'common.nav.live', icon: 'pulse' },
  ] },
  { label: 'common.nav.release', places: [
    { to: '/flags', label: 'common.nav.flags', icon: 'flag' },
    { to: '/experiments', label: 'common.nav.experiments', icon: 'flask' },
    { to: '/approvals', label: 'common.nav.approvals', icon: 'checks' },
  ] },
  { label: 'common.nav.audience', places: [
    { to: '/segments', label: 'common.nav.segments', icon: 'users' },
    { to: '/regions', label: 'common.nav.regions', icon: 'map' },
    { to: '/calendars', label: 'common.nav.calendars', icon: 'calendar' },
    { to: '/measures', label: 'common.nav.metrics', icon: 'ruler' },
  ] },
  { label: 'common.nav.administration', places: [
    { to: '/environments', label: 'common.nav.environments', icon: 'layers' },
    { to: '/keys', label: 'common.nav.keys', icon: 'key', needs: 'administer' },
    { to: '/members', label: 'common.nav.members', icon: 'shield', needs: 'administer' },
    { to: '/webhooks', label: 'common.nav.webhooks', icon: 'webhook', needs: 'administer' },
    { to: '/audit', label: 'common.nav.audit', icon: 'history' },
    { to: '/operations', label: 'common.nav.operations', icon: 'inbox', needs: 'administer' },
    { to: '/reference', label: 'common.nav.reference', icon: 'book' },
  ] },
];
