import { useMemo, useState } from 'react';
import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { get, type Page as ListPage } from '../api/client';
import { keys } from '../api/keys';
import type { AuditEvent } from '../api/live-updates';
import { useMay } from '../api/session';
import { folded } from '../flags/flag-list';
import { useFormats } from '../i18n/format';
import { useT } from '../i18n/intl';
import { Button } from '../ui/button';
import { SearchField, Select } from '../ui/fields';
import { Page } from '../ui/page';
import { EmptyState, ErrorNotice, Loaded, Notice } from '../ui/states';
import { Time } from '../ui/time';
import './administration.css';

interface Verification { ok: boolean; events: number; faults: string[]; checkedAt: string }
const kinds = ['flag', 'segment', 'region', 'calendar', 'environment', 'key', 'member', 'session', 'webhook'] as const;

function Verify() {
  const t = useT();
  const formats = useFormats();
  const verify = useMutation({ mutationFn: () => get<Verification>('/api/audit/verify') });
  return (
    <section className="card stack tight">
      <div className="row between wrap"><div><h2>{t('administration.audit.proof')}</h2><p className="small soft">{t('administration.audit.proofHint')}</p></div><Button icon="shield" pending={verify.isPending} onPress={() => verify.mutate()}>{t('administration.audit.verify')}</Button></div>
      {verify.data !== undefined && (verify.data.ok ? <Notice look="good">{t('administration.audit.ok', { count: formats.number(verify.data.events) })} <Time at={verify.data.checkedAt} /></Notice>
        : <Notice look="bad">{t('administration.audit.broken', { count: verify.data.faults.length })}<ul>{verify.data.faults.slice(0, 20).map((fault) => <li key={fault} className="break">{fault}</li>)}</ul></Notice>)}
      {verify.isError && <ErrorNotice error={verify.error} />}
    </section>
  );
}

function Event({ event }: { event: AuditEvent }) {
  const t = useT();
  const [kind = '', ...rest] = event.stream.split(':');
  const key = rest.join(':');
  const name = <code className="key">{key}</code>;
  return (
    <li className="card stack tight">
      <div className="row between wrap">
        <span className="row wrap"><span className="badge">{t.maybe(`administration.audit.kind.${kind}`, kind)}</span>{kind === 'flag' ? <Link to="/flags/$key" params={{ key }} search={{ tab: 'history' }}>{name}</Link> : kind === 'segment' ? <Link to="/segments/$key" params={{ key }}>{name}</Link> : name}<strong>{t.maybe(`administration.audit.type.${event.type}`, event.type)}</strong></span>
        <Time at={event.at} />
      </div>
      <div className="small soft row wrap"><span>{t('common.by', { name: event.actor })}</span>{event.reason !== undefined && <q className="break">{event.reason}</q>}<span className="faint">#{event.position}</span></div>
      <details><summary className="small">{t('administration.audit.data')}</summary><pre className="snippet tiny" tabIndex={0}>{JSON.stringify(event.data, null, 2)}</pre><span className="tiny faint break">{event.id} · {event.correlationId}</span></details>
    </li>
  );
}

/** Everything that has happened, newest first, and the proof that nothing was changed afterwards. */
export function AuditPage() {
  const t = useT();
  const admin = useMay('administer');
  const [text, setText] = useState('');
  const [kind, setKind] = useState('');
  const query = useInfiniteQuery({
    queryKey: keys.audit, initialPageParam: undefined as string | undefined, getNextPageParam: (page: ListPage<AuditEvent>) => page.nextCursor ?? undefined,
    queryFn: ({ pageParam, signal }) => get<ListPage<AuditEvent>>('/api/audit', { order: 'desc', limit: 100, cursor: pageParam }, signal),
  });
  const events = useMemo(() => (query.data?.pages ?? []).flatMap(({ items }) => items), [query.data]);
  const shown = events.filter((event) => (kind === '' || event.stream.startsWith(`${kind}:`)) && folded(`${event.stream} ${event.type} ${event.actor} ${event.reason ?? ''}`).includes(folded(text)));
  return (
    <Page title={t('common.nav.audit')} description={t('administration.audit.lead')}>
      {admin && <Verify />}
      <div className="toolbar"><SearchField label={t('administration.audit.search')} value={text} onChange={setText} /><Select small hideLabel label={t('administration.audit.kind')} value={kind} onChange={setKind} options={[{ value: '', label: t('common.all') }, ...kinds.map((value) => ({ value, label: t(`administration.audit.kind.${value}`) }))]} /></div>
      <Loaded query={query}>{() => <>
        {shown.length === 0 && <EmptyState icon="history" title={t('administration.audit.none')}>{t('administration.audit.noneHint')}</EmptyState>}
        <ol className="log">{shown.map((event) => <Event key={event.id} event={event} />)}</ol>
        {query.hasNextPage && <div><Button pending={query.isFetchingNextPage} onPress={() => void query.fetchNextPage()}>{t('administration.audit.older')}</Button></div>}
      </>}</Loaded>
    </Page>
  );
}
