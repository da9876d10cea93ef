/** The q-quantile of some numbers, by linear interpolation between neighbours. */
export const quantile = (values: readonly number[], q: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const place = (sorted.length - 1) * q;
  const [below, above] = [sorted[Math.floor(place)] ?? NaN, sorted[Math.ceil(place)] ?? NaN];
  return below + (above - below) * (place - Math.floor(place));
};

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** Three significant digits, with separators: more than that no round repeats. */
export const shown = (value: number): string => (Number.isFinite(value) ? Number(value.toPrecision(3)).toLocaleString('en-US', { maximumSignificantDigits: 3 }) : '-');

/** What a benchmark tells: a table, ratios first, and remarks. */
export interface Report { title: string; columns: string[]; rows: (string | number)[][]; notes?: string[] }

/** The report as text that is a Markdown table too. */
export const formatted = ({ title, columns, rows, notes = [] }: Report): string => {
  const lines = [columns, ...rows.map((row) => row.map((cell) => (typeof cell === 'number' ? shown(cell) : cell)))];
  const widths = columns.map((_, column) => Math.max(3, ...lines.map((line) => line[column]?.length ?? 0)));
  const lineOf = (cells: readonly string[]): string => `| ${widths.map((width, column) => (column === 0 ? (cells[column] ?? '').padEnd(width) : (cells[column] ?? '').padStart(width))).join(' | ')} |`;
  const rule = `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [`\n## ${title}\n`, lineOf(lines[0]!), rule, ...lines.slice(1).map(lineOf), ...notes.map((note) => `\n${note}`)].join('\n');
};
