import type { ReactNode } from 'react';
import { Icon } from './icons';

export interface Column<Row> { id: string; header: ReactNode; cell: (row: Row) => ReactNode; numeric?: boolean; hideHeader?: boolean; sort?: (a: Row, b: Row) => number }
export interface Sorting { column: string; descending: boolean }

/** A heading that sorts. */
export function SortButton({ id, children, sorting, onSort }: { id: string; children: ReactNode; sorting: Sorting; onSort: (sorting: Sorting) => void }) {
  const active = sorting.column === id;
  return (
    <button type="button" onClick={() => onSort({ column: id, descending: active ? !sorting.descending : false })}>
      {children}{active && <Icon name={sorting.descending ? 'arrowDown' : 'arrowUp'} size={12} />}
    </button>
  );
}

export const ariaSort = (id: string, sorting: Sorting | undefined): 'ascending' | 'descending' | 'none' => (sorting?.column !== id ? 'none' : sorting.descending ? 'descending' : 'ascending');

/** A table of tens or hundreds of rows; for thousands see flags/flag-table.tsx. Scrolls sideways by itself where it must. */
export function Table<Row>({ label, rows, columns, rowKey, sorting, onSort }: { label: string; rows: readonly Row[]; columns: readonly Column<Row>[]; rowKey: (row: Row) => string; sorting?: Sorting; onSort?: (sorting: Sorting) => void }) {
  const by = columns.find((column) => column.id === sorting?.column)?.sort;
  const sorted = by === undefined || sorting === undefined ? rows : [...rows].sort((a, b) => (sorting.descending ? by(b, a) : by(a, b)));
  return (
    <div className="table-wrap" role="region" aria-label={label} tabIndex={0}>
      <table className="table">
        <thead>
          <tr>{columns.map((column) => (
            <th key={column.id} scope="col" className={column.numeric === true ? 'numeric' : undefined} {...(column.sort === undefined ? {} : { 'aria-sort': ariaSort(column.id, sorting) })}>
              {column.sort !== undefined && sorting !== undefined && onSort !== undefined ? <SortButton id={column.id} sorting={sorting} onSort={onSort}>{column.header}</SortButton>
                : column.hideHeader === true ? <span className="visually-hidden">{column.header}</span> : column.header}
            </th>
          ))}</tr>
        </thead>
        <tbody>{sorted.map((row) => <tr key={rowKey(row)}>{columns.map((column) => <td key={column.id} className={column.numeric === true ? 'numeric' : undefined}>{column.cell(row)}</td>)}</tr>)}</tbody>
      </table>
    </div>
  );
}
