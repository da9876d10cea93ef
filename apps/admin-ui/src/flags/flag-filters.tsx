import { useMemo, useRef } from 'react';
import type { Environment, Flag } from '@pataka/contracts';
import { useT } from '../i18n/intl';
import { Button } from '../ui/button';
import { SearchField, Select } from '../ui/fields';
import { tagsOf } from './flag-list';
import { type ListSearch, shownStatuses, shownTypes } from './list-search';

const MOST_TAGS = 100;
type Change = (change: { [N in keyof ListSearch]?: ListSearch[N] | undefined }) => void;

const stateOf = ({ on, off }: ListSearch): string => (on !== undefined ? `on:${on}` : off !== undefined ? `off:${off}` : '');
const searchOfState = (state: string): { on: string | undefined; off: string | undefined } => ({
  on: state.startsWith('on:') ? state.slice(3) : undefined, off: state.startsWith('off:') ? state.slice(4) : undefined,
});

/** Search and filters of the list, as its address has them. */
export function FlagFilters({ flags, environments, search, onChange }: { flags: readonly Flag[]; environments: readonly Environment[]; search: ListSearch; onChange: Change }) {
  const t = useT();
  const tags = useMemo(() => tagsOf(flags).slice(0, MOST_TAGS), [flags]);
  const input = useRef<HTMLInputElement>(null);
  const filtered = Object.keys(search).some((name) => name !== 'sort' && name !== 'desc');
  const all = { value: '' as const, label: t('common.all') };
  return (
    <div className="toolbar flag-filters">
      <SearchField inputRef={input} label={t('flags.search')} value={search.q ?? ''} onChange={(q) => onChange({ q: q === '' ? undefined : q })} />
      <Select small hideLabel label={t('flags.filter.status')} value={search.status ?? ''} onChange={(status) => onChange({ status: status === '' ? undefined : status })} options={[{ ...all, label: t('flags.filter.anyStatus') }, ...shownStatuses.map((value) => ({ value, label: t(`flags.status.${value}`) }))]} />
      <Select small hideLabel label={t('flags.filter.type')} value={search.type ?? ''} onChange={(type) => onChange({ type: type === '' ? undefined : type })} options={[{ ...all, label: t('flags.filter.anyType') }, ...shownTypes.map((value) => ({ value, label: t(`flags.type.${value}`) }))]} />
      <Select small hideLabel label={t('flags.filter.tag')} value={search.tag ?? ''} onChange={(tag) => onChange({ tag: tag === '' ? undefined : tag })} options={[{ value: '', label: t('flags.filter.anyTag') }, ...tags.map(({ tag, count }) => ({ value: tag, label: `${tag} (${count})` }))]} />
      <Select small hideLabel label={t('flags.filter.environment')} value={stateOf(search)} onChange={(state) => onChange(searchOfState(state))} options={[{ value: '', label: t('flags.filter.anyState') }, ...environments.flatMap(({ key, name }) => [{ value: `on:${key}`, label: t('flags.filter.onIn', { environment: name }) }, { value: `off:${key}`, label: t('flags.filter.offIn', { environment: name }) }])]} />
      <Button small className={search.stale === true ? 'pressed' : ''} aria-pressed={search.stale === true} icon="clock" onPress={() => onChange({ stale: search.stale === true ? undefined : true })}>{t('flags.filter.stale')}</Button>
      {filtered && <Button small look="ghost" icon="close" onPress={() => onChange({ q: undefined, tag: undefined, type: undefined, status: undefined, on: undefined, off: undefined, stale: undefined, owner: undefined })}>{t('common.clearFilters')}</Button>}
    </div>
  );
}
