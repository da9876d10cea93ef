import type { Calendar, CalendarPeriod } from '@pataka/contracts';
import type { Scope } from './condition';
import { readerOf } from './attribute';
import type { Test } from './context';
import { parseDay } from './instant';
import { clockOf } from './zone';

type Period = (day: number, region: unknown) => boolean;

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const dayOf = (text: unknown): number => (typeof text === 'string' && DATE.test(text) ? (parseDay(text) ?? NaN) : NaN);

const compilePeriod = (period: CalendarPeriod | null, scope: Scope): Period => {
  const from = dayOf(period?.from);
  const until = dayOf(period?.until);
  const keys = period?.regions;
  if (!Array.isArray(keys) || keys.length === 0) return (day) => day >= from && day <= until;
  const regions = scope.within(keys);
  return (day, region) => day >= from && day <= until && typeof region === 'string' && regions.has(region);
};

/**
 * Compiles a calendar: it contains an instant whose local date lies in one of its periods (both dates inclusive), where a
 * period with regions needs the attribute `region` to be within one of them. With an unknown zone it contains nothing.
 */
export const compileCalendar = (calendar: Calendar, scope: Scope): Test => {
  const clock = clockOf(calendar.timezone);
  if (clock === undefined || !Array.isArray(calendar.periods)) return () => false;
  const periods = calendar.periods.map((period) => compilePeriod(period, scope));
  const readRegion = readerOf('region', scope.environment);
  return (context, at) => {
    const { day } = clock(at);
    const region = readRegion(context, at);
    for (let index = 0; index < periods.length; index += 1) if (periods[index]!(day, region)) return true;
    return false;
  };
};
