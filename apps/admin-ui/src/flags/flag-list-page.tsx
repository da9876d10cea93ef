import { useCallback, useDeferredValue, useMemo, useState } from 'react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import type { Environment } from '@pataka/contracts';
import { environmentsQuery } from '../api/catalogue';
import { useMay } from '../api/session';
import { useFormats } from '../i18n/format';
import { useT } from '../i18n/intl';
import { Button, buttonClass } from '../ui/button';
import { Icon } from '../ui/icons';
import { Page } from '../ui/page';
import { EmptyState, ErrorState, Skeleton } from '../ui/states';
import type { Sorting } from '../ui/table';
import { BulkBar } from './bulk-bar';
import { FlagFilters, FlagSearch } from './flag-filters';
import { listed } from './flag-list';
import { useFlags } from './flag-store';
import { FlagTable } from './flag-table';
import type { ListSearch, SortColumn } from './list-search';
import { useSelection } from './selection';
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

type Change = (part: { [N in keyof ListSearch]?: ListSearch[N] | undefined }) => void;
const given = (search: object): ListSearch => Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as ListSearch;
const noEnvironments: readonly Environment[] = [];

/** The search as the address has it, but for what is being typed just now; `change` and `clear` go through the address. */
const useListSearch = () => {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const [typed, setTyped] = useState(search.q ?? '');
  const [round, setRound] = useState(0);
  const change = useCallback<Change>((part) => void navigate({ search: (now) => given({ ...now, ...part }), replace: true, resetScroll: false }), [navigate]);
  const clear = useCallback(() => {
    setTyped('');
    setRound((now) => now + 1);
    void navigate({ search: ({ sort, desc }) => given({ sort, desc }), replace: true, resetScroll: false });
  }, [navigate]);
  const shown = useMemo(() => given({ ...search, q: typed === '' ? undefined : typed }), [search, typed]);
  return { search, shown, round, change, clear, setTyped };
};

export function FlagListPage() {
  const t = useT();
  const formats = useFormats();
  const { search, shown: asked, round, change, clear, setTyped } = useListSearch();
  const may = useMay('manage');
  const { flags, error, isFetching, isPending, refetch } = useFlags();
  const environments = useQuery(environmentsQuery).data ?? noEnvironments;
  // The list follows when there is time.
  const followed = useDeferredValue(asked);
  const shown = useMemo(() => listed(flags, followed, Date.now()), [flags, followed]);
  const { keys: chosenKeys, chosen, select, selectAll, clear: chooseNone } = useSelection(shown);
  const sorting = useMemo((): Sorting => ({ column: search.sort ?? 'name', descending: search.desc === true }), [search]);
  const sort = useCallback(({ column, descending }: Sorting): void => change({ sort: column as SortColumn, desc: descending ? true : undefined }), [change]);
  return (
    <Page
      full title={t('flags.title')} actions={may && flags.length > 0 ? <NewFlagLink /> : undefined}
      description={<span role="status">{t('flags.count', { shown: shown.length, shownText: formats.number(shown.length), all: formats.number(flags.length) })}{isFetching && !isPending ? ` ${t('common.loadingMore')}` : ''}</span>}
    >
      {isPending ? <Skeleton lines={10} /> : error !== null && flags.length === 0 ? <ErrorState error={error} onRetry={() => void refetch()} /> : flags.length === 0 ? <NoFlags /> : <>
        <div className="toolbar flag-filters">
          <FlagSearch key={round} value={search.q ?? ''} onType={setTyped} onPause={(q) => change({ q: q === '' ? undefined : q })} />
          <FlagFilters flags={flags} environments={environments} search={search} onChange={change} onClear={clear} />
        </div>
        {shown.length === 0
          ? <EmptyState icon="search" title={t('flags.nothing.title')} action={<Button onPress={clear}>{t('common.clearFilters')}</Button>}>{t('flags.nothing.advice')}</EmptyState>
          : <FlagTable flags={shown} environments={environments} sorting={sorting} onSort={sort} chosen={chosenKeys} onSelect={select} />}
        {may && <BulkBar chosen={chosen} shown={shown.length} environments={environments} onAll={selectAll} onClear={chooseNone} />}
      </>}
    </Page>
  );
}
