import { type KeyboardEvent, memo, type MouseEvent, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { useRouter } from '@tanstack/react-router';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import type { Environment, Flag } from '@pataka/contracts';
import { useMay } from '../api/session';
import { loadMessages } from '../i18n/catalogues';
import { useT } from '../i18n/intl';
import { ariaSort, SortButton, type Sorting } from '../ui/table';
import { useSwitching } from './environment-switch';
import { FlagRow } from './flag-row';
import type { SortColumn } from './list-search';
import type { Select } from './selection';

const ROW_PX = 56;
const CARD_PX = 114;
const MOST_ENVIRONMENTS = 4;
const narrow = window.matchMedia('(max-width: 48rem)');

const useNarrow = (): boolean => {
  const [is, set] = useState(narrow.matches);
  useLayoutEffect(() => {
    const listen = (): void => set(narrow.matches);
    narrow.addEventListener('change', listen);
    return () => narrow.removeEventListener('change', listen);
  }, []);
  return is;
};

function Heading({ id, label, sorting, onSort, className }: { id: SortColumn; label: string; sorting: Sorting; onSort: (sorting: Sorting) => void; className: string }) {
  return <div role="columnheader" className={className} aria-sort={ariaSort(id, sorting)}><SortButton id={id} sorting={sorting} onSort={onSort}>{label}</SortButton></div>;
}

function Headings({ environments, may, sorting, onSort }: { environments: readonly Environment[]; may: boolean; sorting: Sorting; onSort: (sorting: Sorting) => void }) {
  const t = useT();
  return (
    <div role="rowgroup" className="flag-head">
      <div role="row" aria-rowindex={1} className="flag-row">
        {may && <div role="columnheader" className="flag-choose"><span className="visually-hidden">{t('flags.bulk.column')}</span></div>}
        <Heading id="name" label={t('flags.column.flag')} className="flag-name" {...{ sorting, onSort }} />
        {environments.map(({ key, name }) => <div role="columnheader" key={key} className="flag-environment truncate">{name}</div>)}
        <Heading id="status" label={t('flags.column.status')} className="flag-state" {...{ sorting, onSort }} />
        <Heading id="type" label={t('flags.column.type')} className="flag-type" {...{ sorting, onSort }} />
        <Heading id="lastEvaluated" label={t('flags.column.lastEvaluated')} className="flag-last" {...{ sorting, onSort }} />
        <Heading id="evaluations" label={t('flags.column.evaluations')} className="flag-count" {...{ sorting, onSort }} />
      </div>
    </div>
  );
}

/** Up and down go from row to row, however many there are; `x` chooses the row, and shift with an arrow the next one too. */
const useRowKeys = (scrollTo: (index: number) => void, { flags, chosen, onSelect }: Pick<TableProps, 'flags' | 'chosen' | 'onSelect'>, may: boolean) => (event: KeyboardEvent<HTMLElement>): void => {
  const row = event.target instanceof HTMLAnchorElement ? event.target.closest<HTMLElement>('[data-index]') : null;
  const flag = row === null ? undefined : flags[Number(row.dataset['index'])];
  if (row === null || flag === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === 'x' && may) onSelect(flag.key, !chosen.has(flag.key), false);
  const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
  if (step === 0) return;
  const next = Math.min(flags.length - 1, Math.max(0, Number(row.dataset['index']) + step));
  const list = event.currentTarget;
  event.preventDefault();
  if (event.shiftKey && may) {
    onSelect(flag.key, true, false);
    onSelect(flags[next]!.key, true, true);
  }
  scrollTo(next);
  requestAnimationFrame(() => list.querySelector<HTMLElement>(`[data-index="${next}"] a`)?.focus({ preventScroll: true }));
};

/** Goes where a row's link leads; a new tab, a download or a menu are the browser's business. What the page of a flag needs comes once the list is pointed at. */
const useRowLinks = () => {
  const router = useRouter();
  const preloaded = useRef(false);
  const onClick = (event: MouseEvent<HTMLElement>): void => {
    const key = event.target instanceof Element ? event.target.closest<HTMLElement>('a[data-key]')?.dataset['key'] : undefined;
    if (key === undefined || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    void router.navigate({ to: '/flags/$key', params: { key } });
  };
  const preload = (): void => {
    if (preloaded.current) return;
    preloaded.current = true;
    void router.loadRouteChunk(router.routesByPath['/flags/$key']);
    void loadMessages('targeting');
  };
  return { onClick, onPointerOver: preload, onFocus: preload };
};

// Where the rows began the last time: coming back, they are drawn once.
let lastOffset = 0;

interface TableProps { flags: readonly Flag[]; environments: readonly Environment[]; sorting: Sorting; onSort: (sorting: Sorting) => void; chosen: ReadonlySet<string>; onSelect: Select }

/** Thousands of flags; only those in sight are in the document. */
export const FlagTable = memo(function FlagTable({ flags, environments, sorting, onSort, chosen, onSelect }: TableProps) {
  const t = useT();
  const may = useMay('manage');
  const shown = useMemo(() => environments.slice(0, MOST_ENVIRONMENTS), [environments]);
  const body = useRef<HTMLDivElement>(null);
  const [offset, setOffset] = useState(lastOffset);
  const isNarrow = useNarrow();
  useLayoutEffect(() => setOffset(lastOffset = body.current === null ? 0 : body.current.getBoundingClientRect().top + window.scrollY), [isNarrow]);
  const size = isNarrow ? CARD_PX : ROW_PX;
  // Rows in the next frame are soon enough, and leave the wheel free: there are some beyond the edge already.
  const rows = useWindowVirtualizer({ count: flags.length, estimateSize: () => size, overscan: 8, scrollMargin: offset, getItemKey: (index) => flags[index]!.key, useFlushSync: false });
  useLayoutEffect(() => rows.measure(), [rows, size]);
  const onKeyDown = useRowKeys((index) => rows.scrollToIndex(index), { flags, chosen, onSelect }, may);
  const links = useRowLinks();
  const { ask, dialog } = useSwitching();
  return (
    <div role="table" aria-label={t('flags.title')} aria-rowcount={flags.length + 1} className={may ? 'flag-table choosing' : 'flag-table'} style={{ '--environments': shown.length } as object} onKeyDown={onKeyDown}>
      <Headings environments={shown} may={may} sorting={sorting} onSort={onSort} />
      <div role="rowgroup" ref={body} className="flag-body" style={{ height: rows.getTotalSize() }} {...links}>
        {rows.getVirtualItems().map((item) => <FlagRow key={item.key} flag={flags[item.index]!} index={item.index} top={item.start - offset} environments={shown} may={may} chosen={chosen.has(flags[item.index]!.key)} onSwitch={ask} onSelect={onSelect} />)}
      </div>
      {dialog}
    </div>
  );
});
