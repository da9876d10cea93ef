import { type ReactNode, useId } from 'react';
import { useWidth } from '../ui/use-width';
import './charts.css';

/** A line over time. `band`: lower and upper limit at each point. Points without a value are gaps. */
export interface Series { id: string; label: string; points: readonly { x: number; y: number | null; band?: readonly [number, number] | null }[]; dashed?: boolean }
interface Mark { y: number; label: string }

interface ChartProps {
  title: string; series: readonly Series[]; formatY: (value: number) => string; formatX: (value: number) => string; marks?: readonly Mark[]; range?: readonly [number, number]; height?: number;
  /** The same numbers in words, for whoever sees no chart. */
  summary: string; children?: ReactNode;
}

const USUAL_WIDTH = 640;
/** Room that a date on the axis takes. */
const DATE_WIDTH = 84;
const LEFT = 52;
const RIGHT = 8;
const TOP = 8;
const BOTTOM = 24;

const niceSteps = (low: number, high: number, count = 4): number[] => {
  const rough = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? rough;
  const first = Math.ceil(low / step) * step;
  return Array.from({ length: Math.min(12, Math.floor((high - first) / step + 1e-9) + 1) }, (_, index) => first + index * step);
};

const extentOf = (series: readonly Series[], marks: readonly Mark[], range: ChartProps['range']): [number, number] => {
  if (range !== undefined) return [range[0], range[1]];
  const values = [...series.flatMap(({ points }) => points.flatMap(({ y, band }) => [...(y === null ? [] : [y]), ...(band ?? [])])), ...marks.map(({ y }) => y)];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const pad = (high - low) * 0.08 || Math.abs(high) * 0.1 || 1;
  return values.length === 0 ? [0, 1] : [low - pad, high + pad];
};

const pathOf = (points: readonly { x: number; y: number | null }[]): string => {
  let open = false;
  return points.map(({ x, y }) => {
    if (y === null) { open = false; return ''; }
    const command = `${open ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`;
    open = true;
    return command;
  }).join('');
};

/** Lines with bands over time; its numbers are in a table below it, too. */
export function LineChart({ title, series, formatY, formatX, marks = [], range, height = 200, summary, children }: ChartProps) {
  const id = useId();
  const [figure, width] = useWidth<HTMLElement>(USUAL_WIDTH);
  const xs = [...new Set(series.flatMap(({ points }) => points.map(({ x }) => x)))].sort((a, b) => a - b);
  const [left, right] = [xs[0] ?? 0, xs.at(-1) ?? 1];
  const [low, high] = extentOf(series, marks, range);
  const toX = (x: number): number => LEFT + (right === left ? 0.5 : (x - left) / (right - left)) * (width - LEFT - RIGHT);
  const toY = (y: number): number => TOP + (1 - (Math.min(high, Math.max(low, y)) - low) / (high - low)) * (height - TOP - BOTTOM);
  const placed = series.map((one) => ({ ...one, path: pathOf(one.points.map(({ x, y }) => ({ x: toX(x), y: y === null ? null : toY(y) }))), bandPoints: one.points.filter(({ band }) => band !== null && band !== undefined) }));
  const most = Math.max(2, Math.min(5, Math.floor((width - LEFT - RIGHT) / DATE_WIDTH)));
  const labels = xs.length <= most ? xs : Array.from({ length: most }, (_, index) => xs[Math.round((index / (most - 1)) * (xs.length - 1))]!);
  return (
    <figure className="chart" ref={figure}>
      <figcaption id={`${id}-title`} className="small strong">{title}</figcaption>
      <svg viewBox={`0 0 ${width} ${height}`} role="img" aria-labelledby={`${id}-title ${id}-summary`}>
        {niceSteps(low, high).map((y) => <g key={y}><line className="chart-grid" x1={LEFT} x2={width - RIGHT} y1={toY(y)} y2={toY(y)} /><text className="chart-label" x={LEFT - 6} y={toY(y) + 4} textAnchor="end">{formatY(y)}</text></g>)}
        {marks.map((mark) => <g key={mark.label}><line className="chart-mark" x1={LEFT} x2={width - RIGHT} y1={toY(mark.y)} y2={toY(mark.y)} /><text className="chart-label strong" x={width - RIGHT} y={toY(mark.y) - 4} textAnchor="end">{mark.label}</text></g>)}
        {placed.map((one, index) => one.bandPoints.length > 1 && <path key={`${one.id} band`} className={`chart-band chart-${(index % 6) + 1}`} d={`${pathOf(one.bandPoints.map(({ x, band }) => ({ x: toX(x), y: toY(band![1]) })))}L${[...one.bandPoints].reverse().map(({ x, band }) => `${toX(x).toFixed(1)} ${toY(band![0]).toFixed(1)}`).join('L')}Z`} />)}
        {placed.map((one, index) => <path key={one.id} className={`chart-line chart-${(index % 6) + 1}${one.dashed === true ? ' dashed' : ''}`} d={one.path} />)}
        {xs.length === 1 && placed.map((one, index) => one.bandPoints.map(({ x, band }) => <line key={`${one.id} ${x} band`} className={`chart-line chart-${(index % 6) + 1}`} opacity={0.4} x1={toX(x)} x2={toX(x)} y1={toY(band![0])} y2={toY(band![1])} />))}
        {xs.length === 1 && placed.map((one, index) => one.points.map(({ x, y }) => y !== null && <circle key={`${one.id} ${x}`} className={`chart-dot chart-${(index % 6) + 1}`} cx={toX(x)} cy={toY(y)} r={3} />))}
        {labels.map((x, index) => <text key={x} className="chart-label" x={toX(x)} y={height - 6} textAnchor={index === 0 && labels.length > 1 ? 'start' : index === labels.length - 1 && labels.length > 1 ? 'end' : 'middle'}>{formatX(x)}</text>)}
      </svg>
      <p id={`${id}-summary`} className="visually-hidden">{summary}</p>
      <ul className="legend">{series.map((one, index) => <li key={one.id}><span className={`swatch chart-${(index % 6) + 1}${one.dashed === true ? ' dashed' : ''}`} aria-hidden="true" />{one.label}</li>)}</ul>
      {children}
    </figure>
  );
}
