import { lazy, Suspense, useEffect, useState } from 'react';
import { Link, Outlet, useRouterState } from '@tanstack/react-router';
import { mayDo, useSession } from '../api/session';
import { useLiveUpdates } from '../api/live-updates';
import { useFollowedFlags } from '../flags/flag-store';
import { useT } from '../i18n/intl';
import { IconButton } from '../ui/button';
import { Icon } from '../ui/icons';
import { Account } from './account';
import { navigation } from './navigation';

// What is opened, not seen at first, comes when it is opened: the first page stays small.
const Drawer = lazy(() => import('./drawer').then((module) => ({ default: module.Drawer })));
const Palette = lazy(() => import('./command-palette').then((module) => ({ default: module.CommandPalette })));

export function Brand() {
  return <Link to="/flags" className="brand"><img src="/pataka.svg" alt="" width={24} height={24} />Pataka <small lang="hi">पताका</small></Link>;
}

export function Navigation({ onGone }: { onGone?: () => void }) {
  const t = useT();
  const principal = useSession();
  return (
    <nav aria-label={t('common.nav.label')} onClick={onGone}>
      {navigation.map((group) => (
        <div className="nav-group" key={group.label}>
          <h2>{t(group.label)}</h2>
          {group.places.filter((place) => mayDo(principal, place.needs ?? 'read')).map((place) => (
            <Link key={place.to} to={place.to} activeProps={{ 'aria-current': 'page' }}><Icon name={place.icon} /><span className="truncate">{t(place.label)}</span></Link>
          ))}
        </div>
      ))}
    </nav>
  );
}

/** Ctrl or Cmd with K anywhere; one key more for those who type: `/` goes to the search of the page. */
const usePaletteKey = (open: () => void): void => {
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        open();
      } else if (event.key === '/' && !(event.target instanceof Element && event.target.closest('input, textarea, select, [contenteditable]') !== null)) {
        const search = document.querySelector<HTMLInputElement>('main input[type=search]');
        if (search === null) return;
        event.preventDefault();
        search.focus();
      }
    };
    document.addEventListener('keydown', listen);
    return () => document.removeEventListener('keydown', listen);
  }, [open]);
};

const isMac = /Mac|iPhone|iPad/.test(navigator.platform);

export function Shell() {
  const t = useT();
  const [palette, setPalette] = useState(false);
  const [drawer, setDrawer] = useState(false);
  const path = useRouterState({ select: (state) => state.location.pathname });
  const { offline } = useLiveUpdates();
  useFollowedFlags();
  usePaletteKey(() => setPalette(true));
  useEffect(() => setDrawer(false), [path]);
  return (
    <div className="shell">
      <a href="#content" className="button primary skip" onClick={(event) => { event.preventDefault(); document.getElementById('content')?.focus(); }}>{t('common.skip')}</a>
      <header className="topbar">
        <IconButton label={t('common.nav.open')} icon="menu" onPress={() => setDrawer(true)} />
        <Brand />
        <span className="grow" />
        <IconButton label={t('common.palette.open')} icon="search" onPress={() => setPalette(true)} />
      </header>
      <header className="sidebar">
        <Brand />
        <button type="button" className="palette-button" onClick={() => setPalette(true)}><Icon name="search" size={14} />{t('common.palette.find')}<kbd>{isMac ? '⌘' : 'Ctrl '}K</kbd></button>
        <Navigation />
        <div className="sidebar-foot"><Account /></div>
      </header>
      <main id="content" tabIndex={-1}>
        {offline && <div className="banner" role="status"><Icon name="alert" />{t('common.offline')}</div>}
        <Outlet />
      </main>
      {drawer && <Suspense fallback={null}><Drawer onClose={() => setDrawer(false)} /></Suspense>}
      {palette && <Suspense fallback={null}><Palette onClose={() => setPalette(false)} /></Suspense>}
    </div>
  );
}
