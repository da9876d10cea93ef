import { useDeferredValue, useState } from 'react';
import type { ExperimentStatus } from '@pataka/contracts';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useMay } from '../api/session';
import { useFormats } from '../i18n/format';
import { useT } from '../i18n/intl';
import { buttonClass } from '../ui/button';
import { SearchField, Segmented, Select } from '../ui/fields';
import { Icon } from '../ui/icons';
import { Page } from '../ui/page';
import { EmptyState, Loaded } from '../ui/states';
import { type Sorting, Table } from '../ui/table';
import { Time } from '../ui/time';
import { StatusBadge, VerdictBadge } from './experiment-badges';
import { experimentsQuery, type ListedExperiment, variantName } from './queries';
import './experiments.css';

export const statuses = ['DRAFT', 'ACTIVE', 'PAUSED', 'COMPLETED', 'ARCHIVED'] as const satisfies readonly ExperimentStatus[];
const route = getRouteApi('/shell/experiments');

const subjectsOf = ({ results }: ListedExperiment): number => results?.variants.reduce((sum, { sampleSize }) => sum + sampleSize, 0) ?? 0;
const fits = ({ name, key, hypothesis }: ListedExperiment, text: string): boolean => [name, key, hypothesis].some((part) => part?.toLocaleLowerCase().includes(text.trim().toLocaleLowerCase()) === true);

function NameLink({ experiment }: { experiment: ListedExperiment }) {
  return (
    <span className="experiment-name">
      <Link to="/experiments/$id" params={{ id: experiment.key }} className="strong">{experiment.name ?? experiment.key}</Link>
      <span className="key tiny faint">{experiment.key}</span>
    </span>
  );
}

/** How it stands; once it has been decided, for what. */
function Standing({ experiment }: { experiment: ListedExperiment }) {
  const t = useT();
  const { status, winnerVariantId, results } = experiment;
  if (status === 'COMPLETED' && winnerVariantId !== undefined) return <span className="small">{t('experiments.winnerIs', { variant: variantName(experiment, winnerVariantId) })}</span>;
  return results === undefined ? <>–</> : <VerdictBadge decision={results.verdict.decision} />;
}

function ListView({ experiments }: { experiments: readonly ListedExperiment[] }) {
  const t = useT();
  const formats = useFormats();
  const [sorting, setSorting] = useState<Sorting>({ column: 'started', descending: true });
  return (
    <Table
      label={t('experiments.title')} rows={experiments} rowKey={(row) => row.id} sorting={sorting} onSort={setSorting}
      columns={[
        { id: 'name', header: t('common.name'), cell: (row) => <NameLink experiment={row} />, sort: (a, b) => (a.name ?? a.key).localeCompare(b.name ?? b.key) },
        { id: 'status', header: t('experiments.column.status'), cell: (row) => <StatusBadge status={row.status} outcome={row.outcome} />, sort: (a, b) => statuses.indexOf(a.status) - statuses.indexOf(b.status) },
        { id: 'type', header: t('experiments.column.type'), cell: (row) => t(`experiments.type.${row.type}`) },
        { id: 'rollout', header: t('experiments.column.rollout'), numeric: true, cell: (row) => (row.startedAt === undefined ? '–' : formats.percent(row.rollout.percentage / 100, 0)) },
        { id: 'subjects', header: t('experiments.column.subjects'), numeric: true, cell: (row) => formats.number(subjectsOf(row)), sort: (a, b) => subjectsOf(a) - subjectsOf(b) },
        { id: 'verdict', header: t('experiments.column.verdict'), cell: (row) => <Standing experiment={row} /> },
        { id: 'started', header: t('experiments.column.started'), cell: (row) => <Time at={row.startedAt} relative />, sort: (a, b) => (a.startedAt ?? a.createdAt).localeCompare(b.startedAt ?? b.createdAt) },
      ]}
    />
  );
}

function BoardView({ experiments }: { experiments: readonly ListedExperiment[] }) {
  const t = useT();
  const formats = useFormats();
  return (
    <div className="board" role="region" aria-label={t('experiments.board')} tabIndex={0}>
      {statuses.map((status) => {
        const here = experiments.filter((experiment) => experiment.status === status);
        return (
          <section key={status} className="board-column" aria-label={t(`experiments.status.${status}`)}>
            <h2 className="row between">{t(`experiments.status.${status}`)}<span className="badge">{formats.number(here.length)}</span></h2>
            {here.map((experiment) => (
              <article key={experiment.id} className="card stack tight">
                <NameLink experiment={experiment} />
                <div className="row wrap tiny soft"><span>{t(`experiments.type.${experiment.type}`)}</span>{experiment.startedAt !== undefined && <span>{formats.percent(experiment.rollout.percentage / 100, 0)}</span>}{subjectsOf(experiment) > 0 && <span>{t('experiments.subjects', { count: subjectsOf(experiment), text: formats.number(subjectsOf(experiment)) })}</span>}</div>
                {experiment.results !== undefined && <div><Standing experiment={experiment} /></div>}
              </article>
            ))}
            {here.length === 0 && <p className="tiny faint">{t('common.none')}</p>}
          </section>
        );
      })}
    </div>
  );
}

export function ExperimentsPage() {
  const t = useT();
  const may = useMay('manage');
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const query = useQuery(experimentsQuery);
  const text = useDeferredValue(search.search ?? '');
  const change = (part: Record<string, string | undefined>): void => void navigate({ search: (now) => Object.fromEntries(Object.entries({ ...now, ...part }).filter(([, value]) => value !== undefined && value !== '')), replace: true });
  const make = may ? <Link to="/experiments/new" className={buttonClass('primary')}><Icon name="plus" />{t('experiments.new')}</Link> : undefined;
  return (
    <Page full title={t('experiments.title')} actions={make}>
      <Loaded query={query}>{(all) => (all.length === 0 ? <EmptyState icon="flask" title={t('experiments.empty')} action={make}>{t('experiments.emptyLead')}</EmptyState> : <>
        <div className="toolbar">
          <SearchField label={t('experiments.search')} value={search.search ?? ''} onChange={(value) => change({ search: value })} />
          <Select hideLabel label={t('experiments.column.status')} value={search.status ?? ''} onChange={(status) => change({ status })} options={[{ value: '', label: t('experiments.allStatuses') }, ...statuses.map((value) => ({ value, label: t(`experiments.status.${value}`) }))]} />
          <Segmented label={t('experiments.view')} value={search.view ?? 'list'} onChange={(view) => change({ view: view === 'list' ? undefined : view })} options={[{ value: 'list', label: t('experiments.list') }, { value: 'board', label: t('experiments.board') }]} />
        </div>
        {(() => {
          const shown = all.filter((experiment) => fits(experiment, text) && (search.status === undefined || experiment.status === search.status));
          if (shown.length === 0) return <EmptyState icon="search" title={t('experiments.nothing')} />;
          return search.view === 'board' ? <BoardView experiments={shown} /> : <ListView experiments={shown} />;
        })()}
      </>)}</Loaded>
    </Page>
  );
}
