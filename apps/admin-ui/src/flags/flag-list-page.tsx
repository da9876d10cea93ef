import { useDeferredValue, useMemo } from 'react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { environmentsQuery } from '../api/catalogue';
import { useMay } from '../api/session';
import { useFormats } from '../i18n/format';
import { useT } from '../i18n/intl';
import { Button, buttonClass } from '../ui/button';
import { Icon } from '../ui/icons';
import { Page } from '../ui/page';
import { EmptyState, ErrorState, Skeleton } from '../ui/states';
import type { Sorting } from '../ui/table';
import { FlagFilters } from './flag-filters';
import { listed } from './flag-list';
import { useFlags } from './flag-store';
import { FlagTable } from './flag-table';
import type { ListSearch, SortColumn } from './list-search';
import './flag-list.css';

const route = getRouteApi('/shell/flags');

function NewFlagLink() {
  const t = useT();
  return <Link to="/flags/new" className={buttonClass('primary')}><Icon name="plus" />{t('flags.new')}</Link>;
}

function NoFlags() {
  const t = useT();
  const may = useMay('manage');
  return (
    <EmptyState icon="flag" title={t('flags.empty.title')} action={may ? <NewFlagLink /> : undefined}>
      <ol className="steps"><li>{t('flags.empty.make')}</li><li>{t('flags.empty.target')}</li><li>{t('flags.empty.serve')}</li></ol>
    </EmptyState>
  );
}

export function FlagListPage() {
  const t = useT();
  const formats = useFormats();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const may = useMay('manage');
  const { flags, error, isFetching, isPending, refetch } = useFlags();
  const environments = useQuery(environmentsQuery).data ?? [];
  // Typing stays fluent: the list follows when there is time.
  const followed = useDeferredValue(search);
  const shown = useMemo(() => listed(flags, followed, Date.now()), [flags, followed]);
  const change = (part: { [N in keyof ListSearch]?: ListSearch[N] | undefined }): void =>
    void navigate({ search: (now) => Object.fromEntries(Object.entries({ ...now, ...part }).filter(([, value]) => value !== undefined)) as ListSearch, replace: true, resetScroll: false });
  const sorting: Sorting = { column: search.sort ?? 'name', descending: search.desc === true };
  const sort = ({ column, descending }: Sorting): void => change({ sort: column as SortColumn, desc: descending ? true : undefined });
  return (
    <Page
      full title={t('flags.title')} actions={may && flags.length > 0 ? <NewFlagLink /> : undefined}
      description={<span role="status">{t('flags.count', { shown: shown.length, shownText: formats.number(shown.length), all: formats.number(flags.length) })}{isFetching && !isPending ? ` ${t('common.loadingMore')}` : ''}</span>}
    >
      {isPending ? <Skeleton lines={10} /> : error !== null && flags.length === 0 ? <ErrorState error={error} onRetry={() => void refetch()} /> : flags.length === 0 ? <NoFlags /> : <>
        <FlagFilters flags={flags} environments={environments} search={search} onChange={change} />
        {shown.length === 0
          ? <EmptyState icon="search" title={t('flags.nothing.title')} action={<Button onPress={() => void navigate({ search: {} })}>{t('common.clearFilters')}</Button>}>{t('flags.nothing.advice')}</EmptyState>
          : <FlagTable flags={shown} environments={environments} sorting={sorting} onSort={sort} />}
      </>}
    </Page>
  );
}
