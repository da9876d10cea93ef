import type { MetricPlan } from './evidence-plan';
import { divide, ONE, type Units } from './fixed-point';
import { dayOf, type Day, type Micros } from './instant';

/** One local day's events of one subject and metric: how many, and their sum (largest, last with its place). Values as text, to be JSON. */
export type DayCell = [count: number, value: string] | [count: number, value: string, at: Micros, id: string];
export type Days = Record<string, DayCell>;
/**
 * Of a conversion only the first day matters; of others every day, so that any past look can be told. `c`: what came before the first exposure,
 * where comparisons are adjusted by it; a conversion then has its first day as the one of `y`.
 */
export type MetricState = Day | { y: Days; x?: Days; c?: DayCell };
export interface MetricEvent { id: string; at: Micros; value: Units }

type Combine = (cell: DayCell, event: MetricEvent) => DayCell;
const later = (cell: DayCell, event: MetricEvent): boolean => event.at > cell[2]! || (event.at === cell[2] && event.id > cell[3]!);
const addUp: Combine = ([count, value], event) => [count + 1, (BigInt(value) + event.value).toString()];
const combine: Record<MetricPlan['aggregation'], Combine> = {
  sum: addUp,
  mean: addUp,
  count: ([count]) => [count + 1, '0'],
  max: ([count, value], event) => [count + 1, event.value > BigInt(value) ? event.value.toString() : value],
  last: (cell, event) => (later(cell, event) ? [cell[0] + 1, event.value.toString(), event.at, event.id] : [cell[0] + 1, cell[1], cell[2]!, cell[3]!]),
};

const firstCell = (aggregation: MetricPlan['aggregation'], event: MetricEvent): DayCell => {
  if (aggregation === 'count') return [1, '0'];
  return aggregation === 'last' ? [1, event.value.toString(), event.at, event.id] : [1, event.value.toString()];
};

const cellWith = (cell: DayCell | undefined, aggregation: MetricPlan['aggregation'], event: MetricEvent): DayCell =>
  (cell === undefined ? firstCell(aggregation, event) : combine[aggregation](cell, event));

const FIRST: DayCell = [1, ONE.toString()];

/** A conversion's first day, and whether there was one before the exposure. */
const withConversion = (state: MetricState | undefined, before: boolean, part: 'y' | 'x' | 'c', day: Day): MetricState => {
  if (!before) return typeof state === 'number' && state <= day ? state : day;
  const known = typeof state === 'object' ? state : { y: {} };
  if (part === 'c') return known.c === undefined ? { ...known, c: FIRST } : known;
  const [first] = Object.keys(known.y).map(Number);
  return first !== undefined && first <= day ? known : { ...known, y: { [day]: FIRST } };
};

/** The state with one more event. Commutative: any order of the same events gives the same state. The same object when nothing changed. */
export const withEvent = (state: MetricState | undefined, metric: MetricPlan, part: 'y' | 'x' | 'c', event: MetricEvent): MetricState => {
  const day = dayOf(event.at);
  if (metric.type === 'conversion') return withConversion(state, metric.before === true, part, day);
  const before = typeof state === 'object' ? state : { y: {} };
  const aggregation = part === 'x' ? 'sum' : metric.aggregation;
  if (part === 'c') return { ...before, c: cellWith(before.c, aggregation, event) };
  const days = before[part] ?? {};
  return { ...before, [part]: { ...days, [day]: cellWith(days[day], aggregation, event) } };
};

interface Running { count: bigint; value: Units }
const through = (aggregation: MetricPlan['aggregation'], before: Running | null, cell: DayCell): Running => {
  const [count, value] = [BigInt(cell[0]), BigInt(cell[1])];
  if (before === null) return { count, value };
  if (aggregation === 'max') return { count: before.count + count, value: value > before.value ? value : before.value };
  return { count: before.count + count, value: aggregation === 'last' ? value : before.value + value };
};

const raw: Record<MetricPlan['aggregation'], (running: Running) => Units> = {
  sum: ({ value }) => value,
  max: ({ value }) => value,
  last: ({ value }) => value,
  count: ({ count }) => count * ONE,
  mean: ({ count, value }) => divide(value, count),
};

const valueOf = ({ cap }: MetricPlan, aggregation: MetricPlan['aggregation'], running: Running | null): Units => {
  if (running === null) return 0n;
  const value = raw[aggregation](running);
  if (cap === null) return value;
  const most = BigInt(cap);
  return value > most ? most : value;
};

// Members whose names are whole numbers come in their order: only those of two records have to be sorted.
const daysOf = ({ y, x }: { y: Days; x?: Days }): Day[] => {
  const days = Object.keys(y).map(Number);
  return x === undefined ? days : [...new Set([...days, ...Object.keys(x).map(Number)])].sort((a, b) => a - b);
};

/** A subject's value (y, and x for ratios) as it stood at the end of a local day. */
export interface Point { day: Day; y: Units; x: Units }

/** How a subject's value came about, day by day; the last point is its value. */
export const trajectory = (metric: MetricPlan, state: MetricState | undefined): Point[] => {
  if (state === undefined) return [];
  if (typeof state === 'number') return [{ day: state, y: ONE, x: 0n }];
  // A conversion's day is all there is of it; what came before the exposure is no part of it.
  if (metric.type === 'conversion') return Object.keys(state.y).map((day) => ({ day: Number(day), y: ONE, x: 0n }));
  const x = state.x ?? {};
  let top: Running | null = null;
  let bottom: Running | null = null;
  return daysOf(state).map((day) => {
    const [yCell, xCell] = [state.y[day], x[day]];
    if (yCell !== undefined) top = through(metric.aggregation, top, yCell);
    if (xCell !== undefined) bottom = through('sum', bottom, xCell);
    return { day, y: valueOf(metric, metric.aggregation, top), x: bottom === null ? 0n : (bottom as Running).value };
  });
};

/** A subject's value of before its first exposure; null where it has no history. */
export const valueBefore = (metric: MetricPlan, state: MetricState | undefined): Units | null => {
  if (typeof state !== 'object' || state.c === undefined) return null;
  return metric.type === 'conversion' ? ONE : valueOf(metric, metric.aggregation, through(metric.aggregation, null, state.c));
};
