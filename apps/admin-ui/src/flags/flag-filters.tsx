import { memo, startTransition, useEffect, useMemo, useRef, useState } from 'react';
import type { Environment, Flag } from '@pataka/contracts';
import { useT } from '../i18n/intl';
import { Button } from '../ui/button';
import { SearchField, Select } from '../ui/fields';
import { tagsOf } from './flag-list';
import { type ListSearch, shownStatuses, shownTypes } from './list-search';

const MOST_TAGS = 100;
const PAUSE_MS = 300;
type Change = (change: { [N in keyof ListSearch]?: ListSearch[N] | undefined }) => void;

const stateOf = ({ on, off }: ListSearch): string => (on !== undefined ? `on:${on}` : off !== undefined ? `off:${off}` : '');
const searchOfState = (state: string): { on: string | undefined; off: string | undefined } => ({
  on: state.startsWith('on:') ? state.slice(3) : undefined, off: state.startsWith('off:') ? state.slice(4) : undefined,
});

/**
 * Letters show at once; the list follows when there is time (`onType`), and the address when typing pauses (`onPause`), since a change of
 * address goes through every link of the page.
 */
export function FlagSearch({ value, onType, onPause }: { value: string; onType: (text: string) => void; onPause: (text: string) => void }) {
  const t = useT();
  const [text, setText] = useState(value);
  const waiting = useRef<{ timer: ReturnType<typeof setTimeout>; text: string } | null>(null);
  const pause = (): void => {
    if (waiting.current === null) return;
    const { timer, text: typed } = waiting.current;
    clearTimeout(timer);
    waiting.current = null;
    onPause(typed);
  };
  const type = (typed: string): void => {
    setText(typed);
    startTransition(() => onType(typed));
    if (waiting.current !== null) clearTimeout(waiting.current.timer);
    waiting.current = { timer: setTimeout(pause, PAUSE_MS), text: typed };
  };
  // Whoever goes back or follows a link gets the search of that address; not while something newer is being typed.
  useEffect(() => {
    if (waiting.current !== null) return;
    setText(value);
    onType(value);
  }, [value, onType]);
  useEffect(() => () => clearTimeout(waiting.current?.timer), []);
  return <SearchField label={t('flags.search')} value={text} onChange={type} onBlur={pause} />;
}

interface FiltersProps { flags: readonly Flag[]; environments: readonly Environment[]; search: ListSearch; onChange: Change; onClear: () => void }

/** The filters of the list, as its address has them. */
export const FlagFilters = memo(function FlagFilters({ flags, environments, search, onChange, onClear }: FiltersProps) {
  const t = useT();
  const tags = useMemo(() => tagsOf(flags).slice(0, MOST_TAGS), [flags]);
  const filtered = Object.keys(search).some((name) => name !== 'sort' && name !== 'desc');
  const all = { value: '' as const, label: t('common.all') };
  return (
    <>
      <Select small hideLabel label={t('flags.filter.status')} value={search.status ?? ''} onChange={(status) => onChange({ status: status === '' ? undefined : status })} options={[{ ...all, label: t('flags.filter.anyStatus') }, ...shownStatuses.map((value) => ({ value, label: t(`flags.status.${value}`) }))]} />
      <Select small hideLabel label={t('flags.filter.type')} value={search.type ?? ''} onChange={(type) => onChange({ type: type === '' ? undefined : type })} options={[{ ...all, label: t('flags.filter.anyType') }, ...shownTypes.map((value) => ({ value, label: t(`flags.type.${value}`) }))]} />
      <Select small hideLabel label={t('flags.filter.tag')} value={search.tag ?? ''} onChange={(tag) => onChange({ tag: tag === '' ? undefined : tag })} options={[{ value: '', label: t('flags.filter.anyTag') }, ...tags.map(({ tag, count }) => ({ value: tag, label: `${tag} (${count})` }))]} />
      <Select small hideLabel label={t('flags.filter.environment')} value={stateOf(search)} onChange={(state) => onChange(searchOfState(state))} options={[{ value: '', label: t('flags.filter.anyState') }, ...environments.flatMap(({ key, name }) => [{ value: `on:${key}`, label: t('flags.filter.onIn', { environment: name }) }, { value: `off:${key}`, label: t('flags.filter.offIn', { environment: name }) }])]} />
      <Button small className={search.stale === true ? 'pressed' : ''} aria-pressed={search.stale === true} icon="clock" onPress={() => onChange({ stale: search.stale === true ? undefined : true })}>{t('flags.filter.stale')}</Button>
      {filtered && <Button small look="ghost" icon="close" onPress={onClear}>{t('common.clearFilters')}</Button>}
    </>
  );
});
