import { useState } from 'react';
import type { LiveEvent, LiveType } from '@pataka/contracts';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { environmentsQuery } from '../api/catalogue';
import { useFormats } from '../i18n/format';
import { useLocale, useT } from '../i18n/intl';
import { Button } from '../ui/button';
import { SearchField, Segmented, Select } from '../ui/fields';
import { Icon, type IconName } from '../ui/icons';
import { Page } from '../ui/page';
import { EmptyState, Notice } from '../ui/states';
import { Time } from '../ui/time';
import { PastFlags } from './past-flags';
import { useLive } from './use-live';
import './live.css';

const icons: Record<LiveType, IconName> = { flag: 'flag', segment: 'users', experiment: 'flask', exposure: 'eye', conversion: 'target', alert: 'alert' };
const types = Object.keys(icons) as LiveType[];
const route = getRouteApi('/shell/live');

function What({ event }: { event: LiveEvent }) {
  const t = useT();
  const formats = useFormats();
  const hindi = useLocale() === 'hi';
  switch (event.type) {
    case 'flag': return <>{event.flagKey === undefined ? null : <Link to="/flags/$key" params={{ key: event.flagKey }} className="key">{event.flagKey}</Link>} {t.maybe(`live.change.${event.change}`, event.change ?? '')} {event.environment !== undefined && <span className="tag">{event.environment}</span>}</>;
    case 'segment': return <><span className="key">{event.key}</span> {t.maybe(`live.change.${event.change}`, event.change ?? '')}</>;
    case 'experiment': return <>{event.experimentKey !== undefined && <Link to="/experiments/$id" params={{ id: event.experimentKey }} className="key">{event.experimentKey}</Link>} {t.maybe(`live.change.${event.change}`, event.change ?? '')}</>;
    case 'exposure': return <>{t.rich('live.exposure', { who: <strong className="break">{event.unit ?? event.targetingKey}</strong>, variant: <span className="badge accent">{event.variant}</span>, flag: <span className="key">{event.flagKey ?? event.experimentId}</span> })}</>;
    case 'conversion': return <>{t.rich('live.conversion', { who: <strong className="break">{event.unit ?? event.targetingKey}</strong>, metric: <span className="key">{event.metric}</span>, value: formats.number(event.value ?? 1) })}</>;
    case 'alert': return <>{event.message === undefined ? event.change : hindi ? event.message.hi : event.message.en}</>;
  }
}

function Row({ event }: { event: LiveEvent }) {
  const t = useT();
  return (
    <li>
      <details>
        <summary>
          <span className={`live-kind ${event.type}`}><Icon name={icons[event.type]} size={14} /><span className="tiny">{t(`live.type.${event.type}`)}</span></span>
          <span className="grow small"><What event={event} />{event.actor !== undefined && <span className="faint"> {t('common.by', { name: event.actor })}</span>}{event.reason !== undefined && <span className="soft"> · {event.reason}</span>}</span>
          <span className="tiny faint"><Time at={event.at} relative /></span>
        </summary>
        <pre className="tiny">{JSON.stringify(event, null, 1)}</pre>
      </details>
    </li>
  );
}

function Stream() {
  const t = useT();
  const formats = useFormats();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const environments = useQuery(environmentsQuery).data ?? [];
  const [paused, setPaused] = useState(false);
  const query = new URLSearchParams(Object.entries({ types: search.types, environment: search.environment, unit: search.unit, experiment: search.experiment, flag: search.flag }).filter((entry): entry is [string, string] => entry[1] !== undefined)).toString();
  const { events, rate, state, waiting, clear } = useLive(query, paused);
  const change = (part: Record<string, string | undefined>): void => void navigate({ search: (now) => Object.fromEntries(Object.entries({ ...now, ...part }).filter(([, value]) => value !== undefined && value !== '')), replace: true });
  return (
    <>
      <div className="toolbar">
        <Select hideLabel label={t('live.types')} value={search.types ?? ''} onChange={(value) => change({ types: value })} options={[{ value: '', label: t('live.everything') }, ...types.map((value) => ({ value, label: t(`live.types_${value}`) }))]} />
        <Select hideLabel label={t('live.environment')} value={search.environment ?? ''} onChange={(value) => change({ environment: value })} options={[{ value: '', label: t('live.allEnvironments') }, ...environments.map(({ key, name }) => ({ value: key, label: name }))]} />
        <SearchField label={t('live.unit')} value={search.unit ?? ''} onChange={(value) => change({ unit: value })} />
        <Button icon={paused ? 'play' : 'pause'} onPress={() => setPaused(!paused)}>{paused ? t('live.resume', { count: waiting }) : t('live.pause')}</Button>
        <Button look="ghost" onPress={clear}>{t('common.clear')}</Button>
      </div>
      <p className="small soft" role="status">
        <span className={`live-dot ${state}`} aria-hidden="true" /> {t(`live.state.${state}`)}
        {rate !== null && ` · ${t('live.rate', { exposures: formats.number(rate.exposures), conversions: formats.number(rate.conversions) })}`}{rate !== null && rate.oneIn > 1 && ` · ${t('live.sampled', { oneIn: formats.number(rate.oneIn) })}`}
      </p>
      {state === 'lost' && <Notice look="warn">{t('live.lost')}</Notice>}
      {events.length === 0 ? <EmptyState icon="pulse" title={t('live.empty')}>{t('live.emptyLead')}</EmptyState> : <ol className="live-list" aria-label={t('live.title')}>{events.map((event) => <Row key={event.id} event={event} />)}</ol>}
    </>
  );
}

/** What happens, as it happens; and how it was. */
export function LivePage() {
  const t = useT();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <Page title={t('live.title')} description={t('live.lead')} actions={<Segmented label={t('live.view')} value={search.view ?? 'now'} onChange={(view) => void navigate({ search: view === 'then' ? { view } : {}, replace: true })} options={[{ value: 'now', label: t('live.now') }, { value: 'then', label: t('live.then') }]} />}>
      {search.view === 'then' ? <PastFlags /> : <Stream />}
    </Page>
  );
}
