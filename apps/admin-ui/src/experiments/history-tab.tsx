import { useQuery } from '@tanstack/react-query';
import { useT } from '../i18n/intl';
import { Loaded } from '../ui/states';
import { Table } from '../ui/table';
import { Time } from '../ui/time';
import { experimentHistoryQuery, type ListedExperiment } from './queries';

/** Everything that happened to the experiment, by whom and why, newest first. */
export function HistoryTab({ experiment }: { experiment: ListedExperiment }) {
  const t = useT();
  const query = useQuery(experimentHistoryQuery(experiment.id));
  return (
    <Loaded query={query}>{(events) => (
      <Table
        label={t('experiments.tab.history')} rows={[...events].reverse()} rowKey={(row) => row.id}
        columns={[
          { id: 'at', header: t('experiments.column.when'), cell: (row) => <Time at={row.at} /> }, { id: 'what', header: t('experiments.column.what'), cell: (row) => t.maybe(`experiments.event.${row.type.replace('experiment.', '')}`, row.type) },
          { id: 'who', header: t('experiments.column.who'), cell: (row) => row.actor }, { id: 'why', header: t('common.reason'), cell: (row) => <span className="soft">{row.reason ?? ''}</span> },
          { id: 'data', header: t('experiments.column.details'), cell: (row) => <details><summary className="small">{t('experiments.show')}</summary><pre className="tiny">{JSON.stringify(row.data, null, 1)}</pre></details> },
        ]}
      />
    )}</Loaded>
  );
}
