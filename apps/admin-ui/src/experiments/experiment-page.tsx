import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useT } from '../i18n/intl';
import { Page } from '../ui/page';
import { ErrorState, Notice, Skeleton } from '../ui/states';
import { ExperimentActions } from './experiment-actions';
import { StatusBadge } from './experiment-badges';
import { HistoryTab } from './history-tab';
import { experimentQuery, variantName } from './queries';
import { ResultsTab } from './results-tab';
import { RolloutTab } from './rollout-tab';
import { experimentTabs, type ExperimentTab } from './routes';
import { SetupTab } from './setup-tab';
import './experiments.css';

const route = getRouteApi('/shell/experiments/$id');
const bodies = { results: ResultsTab, rollout: RolloutTab, setup: SetupTab, history: HistoryTab } as const;

function Tabs({ id, current }: { id: string; current: ExperimentTab }) {
  const t = useT();
  return (
    <nav className="tabs" aria-label={t('experiments.tabs')}>
      {experimentTabs.map((tab) => <Link key={tab} to="/experiments/$id" params={{ id }} search={tab === 'results' ? {} : { tab }} replace activeOptions={{ exact: true, includeSearch: true }} {...(tab === current ? { 'aria-current': 'page' as const } : {})}>{t(`experiments.tab.${tab}`)}</Link>)}
    </nav>
  );
}

export function ExperimentPage() {
  const t = useT();
  const { id } = route.useParams();
  const { tab = 'results' } = route.useSearch();
  const query = useQuery(experimentQuery(id));
  const crumbs = [{ label: t('experiments.title'), to: '/experiments' as const }];
  if (query.data === undefined) return <Page title={id} crumbs={crumbs}>{query.error === null ? <Skeleton lines={8} /> : <ErrorState error={query.error} onRetry={() => void query.refetch()} />}</Page>;
  const experiment = query.data.data;
  const Body = bodies[tab];
  return (
    <Page
      title={experiment.name ?? experiment.key} crumbs={crumbs} description={experiment.hypothesis}
      badges={<><StatusBadge status={experiment.status} outcome={experiment.outcome} /><span className="badge outline">{t(`experiments.type.${experiment.type}`)}</span><span className="badge outline">{experiment.environment}</span></>}
      actions={<ExperimentActions experiment={experiment} />}
    >
      {experiment.refusal !== undefined && <Notice look="bad">{t('experiments.refused', { reason: experiment.refusal })}</Notice>}
      {experiment.winnerVariantId !== undefined && experiment.status === 'COMPLETED' && <Notice look="good">{t('experiments.completedWith', { variant: variantName(experiment, experiment.winnerVariantId), flag: experiment.flagKey })}</Notice>}
      <Tabs id={experiment.key} current={tab} />
      <Body experiment={experiment} />
    </Page>
  );
}
