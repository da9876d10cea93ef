import { lazy, Suspense, useState } from 'react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import type { Flag } from '@pataka/contracts';
import { environmentsQuery } from '../api/catalogue';
import { useMay } from '../api/session';
import { useT } from '../i18n/intl';
import { Button, IconButton } from '../ui/button';
import { CopyButton } from '../ui/copy';
import { Confirm } from '../ui/dialog';
import { Menu } from '../ui/menu';
import { Page } from '../ui/page';
import { explainError, Loaded, Notice, Skeleton } from '../ui/states';
import { toast } from '../ui/toast';
import { EnvironmentEditor } from '../targeting/environment-editor';
import { useWorld } from '../targeting/use-world';
import { shortValue } from '../targeting/value-text';
import { ArchiveDialog } from './archive-dialog';
import { EnvironmentSwitch } from './environment-switch';
import { StaleBadge, StatusBadge } from './flag-badges';
import { flagChanges, flagQuery } from './flag-store';
import { type FlagTab, flagTabs } from './routes';

const HistoryTab = lazy(() => import('./history-tab').then((module) => ({ default: module.HistoryTab })));
const ValuesTab = lazy(() => import('./values-tab').then((module) => ({ default: module.ValuesTab })));
const UsageTab = lazy(() => import('./usage-tab').then((module) => ({ default: module.UsageTab })));
const route = getRouteApi('/shell/flags/$key');

function Actions({ flag }: { flag: Flag }) {
  const t = useT();
  const client = useQueryClient();
  const [asked, setAsked] = useState<'archive' | 'deactivate' | null>(null);
  const [pending, setPending] = useState(false);
  const changes = flagChanges(client);
  const run = async (work: Promise<Flag>, done: string): Promise<void> => {
    setPending(true);
    try {
      await work;
      toast(done);
      setAsked(null);
    } catch (error) {
      const { title, advice } = explainError(error, t);
      toast(`${title}. ${advice}`, 'bad');
    } finally {
      setPending(false);
    }
  };
  if (flag.status === 'ARCHIVED') return null;
  return (
    <>
      {flag.status === 'INACTIVE' && <Button look="primary" icon="play" pending={pending} onPress={() => void run(changes.activate(flag), t('flags.activated', { flag: flag.name ?? flag.key }))}>{t('flags.activate')}</Button>}
      <Menu label={t('common.moreActions', { name: flag.name ?? flag.key })} trigger={<IconButton look="default" label={t('common.moreActions', { name: flag.name ?? flag.key })} icon="more" />} items={[
        ...(flag.status === 'ACTIVE' ? [{ id: 'deactivate', label: t('flags.deactivate'), icon: 'pause' as const, onAction: () => setAsked('deactivate') }] : []),
        { id: 'archive', label: t('flags.archive'), icon: 'archive' as const, danger: true, onAction: () => setAsked('archive') },
      ]} />
      {asked === 'deactivate' && <Confirm open title={t('flags.deactivateTitle', { flag: flag.name ?? flag.key })} confirm={t('flags.deactivate')} danger reason pending={pending} onClose={() => setAsked(null)} onConfirm={(reason) => void run(changes.deactivate(flag, reason), t('flags.deactivated', { flag: flag.name ?? flag.key }))}><p>{t('flags.deactivateWhat', { value: shortValue(flag.defaultValue) })}</p></Confirm>}
      {asked === 'archive' && <ArchiveDialog flag={flag} onClose={() => setAsked(null)} />}
    </>
  );
}

function Targeting({ flag }: { flag: Flag }) {
  const t = useT();
  const { environment: asked } = route.useSearch();
  const environments = useQuery(environmentsQuery).data ?? [];
  const { world, options } = useWorld();
  const environment = environments.find(({ key }) => key === asked)?.key ?? environments[0]?.key;
  if (environment === undefined) return <Skeleton />;
  const on = flag.environments[environment]?.enabled === true;
  return (
    <div className="stack">
      <nav className="environment-tabs" aria-label={t('flags.environments')}>
        {environments.map(({ key, name }) => {
          const isOn = flag.environments[key]?.enabled === true;
          return <Link key={key} from="/flags/$key" to="." search={(now) => ({ ...now, environment: key })} resetScroll={false} className="environment-tab" aria-current={key === environment ? 'true' : undefined}><span className={`state-dot ${isOn ? 'on' : ''}`} aria-hidden="true" />{name}<span className="tiny faint">{t(isOn ? 'common.on' : 'common.off')}</span></Link>;
        })}
      </nav>
      <div className="card row between wrap">
        <EnvironmentSwitch flag={flag} environment={environment} />
        <span className="small soft grow">{flag.status !== 'ACTIVE' ? t('flags.servesInactive', { value: shortValue(flag.defaultValue) }) : on ? t('flags.servesOn', { value: shortValue(flag.defaultValue) }) : t('flags.servesOff', { value: shortValue(flag.defaultValue) })}</span>
        {(flag.prerequisites ?? []).length > 0 && <span className="small row wrap">{t('flags.needs')} {flag.prerequisites!.map((one) => <Link key={one.flag} to="/flags/$key" params={{ key: one.flag }} className="tag">{one.flag} = {shortValue(one.value, 20)}</Link>)}</span>}
      </div>
      <EnvironmentEditor key={`${flag.key} ${environment}`} flag={flag} environment={environment} world={world} options={options} />
    </div>
  );
}

function Tabs({ flag, tab }: { flag: Flag; tab: FlagTab }) {
  const t = useT();
  return (
    <>
      <nav className="tabs" aria-label={t('flags.parts')}>
        {flagTabs.map((name) => <Link key={name} from="/flags/$key" to="." search={(now) => ({ ...now, tab: name })} resetScroll={false} activeOptions={{ includeSearch: true }} aria-current={tab === name ? 'page' : undefined}>{t(`flags.tab.${name}`)}</Link>)}
      </nav>
      <Suspense fallback={<Skeleton />}>
        {tab === 'targeting' ? <Targeting flag={flag} /> : tab === 'values' ? <ValuesTab flag={flag} /> : tab === 'history' ? <HistoryTab flag={flag} /> : <UsageTab flag={flag} />}
      </Suspense>
    </>
  );
}

export function FlagPage() {
  const t = useT();
  const { key } = route.useParams();
  const { tab = 'targeting' } = route.useSearch();
  const query = useQuery({ ...flagQuery(key), refetchInterval: 30_000 });
  const may = useMay('manage');
  const flag = query.data;
  return (
    <Page
      full title={flag?.name ?? key} crumbs={[{ label: t('flags.title'), to: '/flags' }]} badges={flag === undefined ? undefined : <><StatusBadge status={flag.status} /><StaleBadge flag={flag} /></>} actions={may && flag !== undefined ? <Actions flag={flag} /> : undefined}
      description={<span className="stack tight"><span className="row"><code className="key">{key}</code><CopyButton text={key} label={t('flags.copyKey')} /></span>{flag?.description !== undefined && flag.description !== '' && <span className="break">{flag.description}</span>}</span>}
    >
      {flag?.status === 'ARCHIVED' && <Notice look="warn" icon="archive">{t('flags.archivedNotice')}</Notice>}
      {!may && <Notice icon="eye">{t('common.readOnly')}</Notice>}
      <Loaded query={query}>{(loaded) => <Tabs flag={loaded} tab={tab} />}</Loaded>
    </Page>
  );
}
