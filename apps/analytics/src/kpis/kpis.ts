import type { KpiReport, KpiSeries, KpiValue } from '@pataka/contracts';
import { toNumber } from '../evidence/fixed-point';
import { dayText, type Day } from '../evidence/instant';
import { kpiDefinitions, type KpiDefinition } from './kpi-definitions';

/** Sums of one day's conversions of one name. */
export interface KpiDay { metric: string; day: Day; events: number; sum: bigint }
export interface KpiRequest { from: Day; until: Day; by: 'day' | 'month' }

const MILLIONTHS = 6;

const valueOf = ({ figure }: KpiDefinition, days: readonly KpiDay[]): KpiValue => {
  const events = days.reduce((total, day) => total + day.events, 0);
  const sum = toNumber(days.reduce((total, day) => total + day.sum, 0n), MILLIONTHS);
  return { value: events === 0 ? null : figure === 'sum' ? sum : sum / events, sum, events };
};

const seriesOf = (definition: KpiDefinition, days: readonly KpiDay[], by: KpiRequest['by']): KpiSeries => {
  const own = days.filter(({ metric }) => metric === definition.metric);
  const groups = new Map<string, KpiDay[]>();
  for (const day of own) {
    const name = by === 'day' ? dayText(day.day) : dayText(day.day).slice(0, 7);
    groups.set(name, [...(groups.get(name) ?? []), day]);
  }
  return { ...definition, ...valueOf(definition, own), periods: [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([period, members]) => ({ period, ...valueOf(definition, members) })) };
};

/** The figures of a stretch of local days, as a whole and day by day or month by month; periods without events are left out. */
export const kpiReport = (days: readonly KpiDay[], { from, until, by }: KpiRequest): KpiReport =>
  ({ from: dayText(from), until: dayText(until), by, kpis: kpiDefinitions.map((definition) => seriesOf(definition, days, by)) });
