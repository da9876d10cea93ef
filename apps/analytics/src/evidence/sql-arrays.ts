export type Cell = string | number | bigint | boolean | null;

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

const copyEscapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** A text or null as a cell of COPY's text format. Numbers and UUIDs need no such care. */
export const copyText = (text: string | null): string => {
  if (text === null) return '\\N';
  return /[\\\n\r\t]/.test(text) ? text.replace(/[\\\n\r\t]/g, (character) => copyEscapes[character]!) : text;
};

/** Rows in the text format of COPY. */
export const copyRows = <Row>(rows: readonly Row[], ...columns: ((row: Row) => Cell)[]): string => {
  let text = '';
  for (const row of rows) {
    let separator = '';
    for (const column of columns) {
      const cell = column(row);
      text += separator + (typeof cell === 'string' || cell === null ? copyText(cell) : String(cell));
      separator = '\t';
    }
    text += '\n';
  }
  return text;
};
