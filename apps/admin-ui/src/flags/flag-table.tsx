import { type KeyboardEvent, memo, useLayoutEffect, useRef, useState } from 'react';
import { Link } from '@tanstack/react-router';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import type { Environment, Flag } from '@pataka/contracts';
import { useFormats } from '../i18n/format';
import { useT } from '../i18n/intl';
import { ariaSort, SortButton, type Sorting } from '../ui/table';
import { Time } from '../ui/time';
import { EnvironmentSwitch } from './environment-switch';
import { StaleBadge, StatusBadge } from './flag-badges';
import type { SortColumn } from './list-search';

const ROW_PX = 56;
const CARD_PX = 114;
const MOST_TAGS = 3;
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

interface RowProps { flag: Flag; index: number; top: number; environments: readonly Environment[] }

const Row = memo(function Row({ flag, index, top, environments }: RowProps) {
  const formats = useFormats();
  const t = useT();
  return (
    <div role="row" aria-rowindex={index + 2} className="flag-row" data-index={index} style={{ transform: `translateY(${top}px)` }}>
      <div role="cell" className="flag-name">
        <Link to="/flags/$key" params={{ key: flag.key }} className="truncate strong" preload={false}>{flag.name ?? flag.key}</Link>
        <span className="row flag-meta">
          <span className="key tiny faint truncate">{flag.key}</span>
          {(flag.tags ?? []).slice(0, MOST_TAGS).map((tag) => <span key={tag} className="tag truncate">{tag}</span>)}
        </span>
      </div>
      {environments.map((environment) => (
        <div role="cell" key={environment.key} className="flag-environment"><span className="tiny faint flag-environment-name" aria-hidden="true">{environment.name}</span><EnvironmentSwitch flag={flag} environment={environment.key} words={false} /></div>
      ))}
      <div role="cell" className="flag-state"><StatusBadge status={flag.status} /><StaleBadge flag={flag} /></div>
      <div role="cell" className="flag-type small soft">{t(`flags.type.${flag.type}`)}</div>
      <div role="cell" className="flag-last small soft">{flag.lastEvaluated === null || flag.lastEvaluated === undefined ? <span className="faint">{t('common.never')}</span> : <Time at={flag.lastEvaluated} relative />}</div>
      <div role="cell" className="flag-count small soft">{formats.number(flag.evaluationCount ?? 0)}</div>
    </div>
  );
});

function Heading({ id, label, sorting, onSort, className }: { id: SortColumn; label: string; sorting: Sorting; onSort: (sorting: Sorting) => void; className: string }) {
  return <div role="columnheader" className={className} aria-sort={ariaSort(id, sorting)}><SortButton id={id} sorting={sorting} onSort={onSort}>{label}</SortButton></div>;
}

function Headings({ environments, sorting, onSort }: { environments: readonly Environment[]; sorting: Sorting; onSort: (sorting: Sorting) => void }) {
  const t = useT();
  return (
    <div role="rowgroup" className="flag-head">
      <div role="row" aria-rowindex={1} className="flag-row">
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

/** Up and down go from row to row, however many there are. */
const useRowKeys = (scrollTo: (index: number) => void, count: number) => (event: KeyboardEvent<HTMLElement>): void => {
  const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
  const row = event.target instanceof HTMLAnchorElement ? event.target.closest<HTMLElement>('[data-index]') : null;
  if (step === 0 || row === null) return;
  const next = Math.min(count - 1, Math.max(0, Number(row.dataset['index']) + step));
  const list = event.currentTarget;
  event.preventDefault();
  scrollTo(next);
  requestAnimationFrame(() => list.querySelector<HTMLElement>(`[data-index="${next}"] a`)?.focus({ preventScroll: true }));
};

/** Thousands of flags; only those in sight are in the document. */
export function FlagTable({ flags, environments, sorting, onSort }: { flags: readonly Flag[]; environments: readonly Environment[]; sorting: Sorting; onSort: (sorting: Sorting) => void }) {
  const t = useT();
  const shown = environments.slice(0, MOST_ENVIRONMENTS);
  const body = useRef<HTMLDivElement>(null);
  const [offset, setOffset] = useState(0);
  const isNarrow = useNarrow();
  useLayoutEffect(() => setOffset(body.current === null ? 0 : body.current.getBoundingClientRect().top + window.scrollY), [isNarrow]);
  const size = isNarrow ? CARD_PX : ROW_PX;
  const rows = useWindowVirtualizer({ count: flags.length, estimateSize: () => size, overscan: 8, scrollMargin: offset, getItemKey: (index) => flags[index]!.key });
  useLayoutEffect(() => rows.measure(), [rows, size]);
  const onKeyDown = useRowKeys((index) => rows.scrollToIndex(index), flags.length);
  return (
    <div role="table" aria-label={t('flags.title')} aria-rowcount={flags.length + 1} className="flag-table" style={{ '--environments': shown.length } as object} onKeyDown={onKeyDown}>
      <Headings environments={shown} sorting={sorting} onSort={onSort} />
      <div role="rowgroup" ref={body} className="flag-body" style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map((item) => <Row key={item.key} flag={flags[item.index]!} index={item.index} top={item.start - offset} environments={shown} />)}
      </div>
    </div>
  );
}
