type Cell = string | number | bigint | boolean | null;

const quoted = (text: string): string => (/["\\]/.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : `"${text}"`);
const cellText = (cell: Cell): string => {
  if (cell === null) return 'NULL';
  return typeof cell === 'string' ? quoted(cell) : String(cell);
};

/** One PostgreSQL array literal a column; several times faster than letting the driver escape each element. */
export const columnsOf = <Row>(rows: readonly Row[], ...columns: ((row: Row) => Cell)[]): string[] =>
  columns.map((column) => {
    let literal = '{';
    for (const [index, row] of rows.entries()) literal += index === 0 ? cellText(column(row)) : `,${cellText(column(row))}`;
    return `${literal}}`;
  });

export const arrayOf = (cells: readonly Cell[]): string => `{${cells.map(cellText).join(',')}}`;
