import { useState } from 'react';
import { useQuery } from '@tanstack/react-query';
import type { DeadLetter, ServiceName } from '@pataka/contracts';
import { at, get, type Page as ListPage, request } from '../api/client';
import { keys } from '../api/keys';
import { useMay } from '../api/session';
import { useFormats } from '../i18n/format';
import { useT } from '../i18n/intl';
import { Button } from '../ui/button';
import { Confirm, Dialog } from '../ui/dialog';
import { Select } from '../ui/fields';
import { Page } from '../ui/page';
import { EmptyState, ErrorNotice, Loaded, Notice } from '../ui/states';
import { Table } from '../ui/table';
import { Time } from '../ui/time';
import { useChange } from './mutations';
import './administration.css';

type Letter = Omit<DeadLetter, 'headers' | 'value' | 'encoding'> & { replayed?: { times: number; replayedAt: string; replayedBy: string } | null } & Partial<Pick<DeadLetter, 'headers' | 'value' | 'encoding'>>;
interface Rebuild { state: 'running' | 'done' | 'failed' | 'stopped'; done: number; total: number; note: string; events: number | null; startedBy: string; startedAt: string; endedAt: string | null; error: string | null }
interface Projection { name: string; rebuildable: boolean; lag: number; rebuild: Rebuild | null }
type Projecting = Exclude<ServiceName, 'evaluator'>;
const services: readonly Projecting[] = ['flag-admin', 'experiment-orchestrator', 'analytics'];
const looks = { running: 'info', done: 'good', failed: 'bad', stopped: 'warn' } as const;

function Progress({ rebuild }: { rebuild: Rebuild }) {
  const t = useT();
  const formats = useFormats();
  const share = rebuild.total === 0 ? 0 : rebuild.done / rebuild.total;
  return (
    <div className="stack tight">
      <span className="row wrap"><span className={`badge ${looks[rebuild.state]}`}>{t(`administration.operations.rebuild.${rebuild.state}`)}</span><span className="tiny faint"><Time at={rebuild.endedAt ?? rebuild.startedAt} relative /> {t('common.by', { name: rebuild.startedBy })}</span></span>
      {rebuild.state === 'running' && <><progress className="progress" aria-label={t('administration.operations.progress')} max={1} value={share} /><span className="tiny soft">{formats.number(rebuild.done)} / {formats.number(rebuild.total)} {rebuild.note}</span></>}
      {rebuild.error !== null && <span className="small fault">{rebuild.error}</span>}
    </div>
  );
}

function Projections({ service }: { service: Projecting }) {
  const t = useT();
  const formats = useFormats();
  const queryKey = [...keys.projections, service];
  const query = useQuery({ queryKey, queryFn: ({ signal }) => get<ListPage<Projection>>(at`/api/projections/${service}`, undefined, signal), refetchInterval: ({ state }) => (state.data?.items.some(({ rebuild }) => rebuild?.state === 'running') === true ? 1_000 : 10_000) });
  const [asked, setAsked] = useState<string | null>(null);
  const replay = useChange((name: string) => request('POST', at`/api/projections/${service}/${name}/replay`), { renew: queryKey, done: t('administration.operations.started'), onDone: () => setAsked(null) });
  return (
    <section className="stack tight">
      <h3>{service}</h3>
      <Loaded query={query} lines={2}>{({ items }) => (
        <Table label={service} rows={items} rowKey={({ name }) => name} columns={[
          { id: 'name', header: t('administration.operations.projection'), cell: ({ name }) => <code>{name}</code> },
          { id: 'lag', header: t('administration.operations.lag'), numeric: true, cell: ({ lag }) => <span className={lag > 1000 ? 'badge warn' : ''}>{formats.number(lag)}</span> },
          { id: 'rebuild', header: t('administration.operations.last'), cell: ({ rebuild }) => (rebuild === null ? <span className="faint">{t('common.never')}</span> : <Progress rebuild={rebuild} />) },
          { id: 'actions', header: t('common.actions'), hideHeader: true, cell: ({ name, rebuildable, rebuild }) => rebuildable && <Button small icon="replay" aria-label={t('administration.operations.rebuildOne', { name })} isDisabled={rebuild?.state === 'running'} onPress={() => setAsked(name)}>{t('administration.operations.rebuildIt')}</Button> },
        ]} />
      )}</Loaded>
      {asked !== null && <Confirm open title={t('administration.operations.rebuildOne', { name: asked })} confirm={t('administration.operations.rebuildIt')} pending={replay.isPending} error={replay.error} onClose={() => setAsked(null)} onConfirm={() => replay.mutate(asked)}><p>{t('administration.operations.rebuildWhat')}</p></Confirm>}
    </section>
  );
}

function LetterDialog({ letter, onClose }: { letter: Letter; onClose: () => void }) {
  const t = useT();
  const query = useQuery({ queryKey: [...keys.deadLetters, letter.id], queryFn: ({ signal }) => get<Letter>(at`/api/dead-letters/${letter.id}`, undefined, signal) });
  const replay = useChange(() => request('POST', at`/api/dead-letters/${letter.id}/replay`), { renew: keys.deadLetters, done: t('administration.operations.replayed'), onDone: onClose });
  return (
    <Dialog wide title={t('administration.operations.letter')} open onClose={onClose} footer={<><Button onPress={onClose}>{t('common.close')}</Button><Button look="primary" icon="replay" pending={replay.isPending} onPress={() => replay.mutate(undefined)}>{t('administration.operations.replay')}</Button></>}>
      <Notice look="bad">{letter.reason}</Notice>
      <dl className="facts"><dt>{t('administration.operations.topic')}</dt><dd><code>{letter.topic}</code> {letter.partition}:{letter.offset}:{letter.index}</dd><dt>{t('administration.operations.consumer')}</dt><dd><code>{letter.consumer}</code></dd><dt>{t('common.key')}</dt><dd>{letter.key ?? '–'}</dd><dt>{t('administration.operations.failed')}</dt><dd><Time at={letter.failedAt} /></dd></dl>
      <Loaded query={query} lines={3}>{(whole) => (whole.value === undefined ? <Notice>{t('administration.operations.gone')}</Notice> : <pre className="snippet tiny" tabIndex={0} aria-label={t('administration.operations.value')}>{whole.value}</pre>)}</Loaded>
      <p className="small soft">{t('administration.operations.replayWhat')}</p>
      {replay.isError && <ErrorNotice error={replay.error} />}
    </Dialog>
  );
}

function DeadLetters() {
  const t = useT();
  const [state, setState] = useState<'waiting' | 'replayed' | ''>('waiting');
  const [opened, setOpened] = useState<Letter | null>(null);
  const query = useQuery({ queryKey: [...keys.deadLetters, 'list', state], queryFn: ({ signal }) => get<ListPage<Letter>>('/api/dead-letters', { limit: 100, state }, signal), refetchInterval: 10_000 });
  return (
    <section className="stack tight">
      <div className="row between wrap"><h2>{t('administration.operations.letters')}</h2><Select small hideLabel label={t('administration.state')} value={state} onChange={setState} options={[{ value: 'waiting', label: t('administration.operations.waiting') }, { value: 'replayed', label: t('administration.operations.replayedState') }, { value: '', label: t('common.all') }]} /></div>
      <p className="small soft">{t('administration.operations.lettersHint')}</p>
      <Loaded query={query} lines={3}>{({ items }) => (items.length === 0 ? <div className="card"><EmptyState icon="check" title={t('administration.operations.noLetters')} /></div> : (
        <Table label={t('administration.operations.letters')} rows={items} rowKey={({ id }) => id} columns={[
          { id: 'at', header: t('administration.operations.failed'), cell: ({ failedAt }) => <Time at={failedAt} relative /> },
          { id: 'topic', header: t('administration.operations.topic'), cell: ({ topic, key }) => <div><code>{topic}</code><div className="tiny faint break">{key ?? ''}</div></div> },
          { id: 'reason', header: t('administration.operations.reason'), cell: ({ reason, consumer }) => <div className="break">{reason}<div className="tiny faint">{consumer}</div></div> },
          { id: 'actions', header: t('common.actions'), hideHeader: true, cell: (letter) => <Button small icon="eye" onPress={() => setOpened(letter)}>{t('administration.operations.open')}</Button> },
        ]} />
      ))}</Loaded>
      {opened !== null && <LetterDialog letter={opened} onClose={() => setOpened(null)} />}
    </section>
  );
}

/** How far each reader of the log is, rebuilding one with its progress, and what could not be taken. */
export function OperationsPage() {
  const t = useT();
  const may = useMay('administer');
  if (!may) return <Page title={t('common.nav.operations')}><Notice icon="lock">{t('administration.adminOnly')}</Notice></Page>;
  return (
    <Page title={t('common.nav.operations')} description={t('administration.operations.lead')}>
      <DeadLetters />
      <h2>{t('administration.operations.projections')}</h2>
      {services.map((service) => <Projections key={service} service={service} />)}
    </Page>
  );
}
