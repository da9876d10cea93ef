import type { Calendar, ScheduleWindow, Strategy } from '@pataka/contracts';
import { clockOf } from '@pataka/evaluation';
import { atLocal, DAY_MS } from './local-time';

/** Calendars by key, and the way up the tree of regions. */
export interface Places { calendars: ReadonlyMap<string, Calendar>; parents: ReadonlyMap<string, string | undefined> }

/** Until when nothing may be done, and what keeps it from being done. */
interface Closed { until: number; by: string }

const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'] as const;
const EPOCH_WEEKDAY = 4;
const LOOK_AHEAD_DAYS = 8;
// Longer than any festival; a calendar that is never open is reported, not waited for.
const MOST_TURNS = 2_000;
const MOST_AHEAD_MS = 3 * 366 * DAY_MS;

const timeOfDay = (text: string): number => {
  const [hours, minutes] = text.split(':').map(Number);
  return (hours! * 60 + minutes!) * 60_000;
};

const fallsOn = ({ days }: ScheduleWindow, day: number): boolean => days === undefined || days.some((name) => name === WEEKDAYS[(((day + EPOCH_WEEKDAY) % 7) + 7) % 7]);

const isInside = (window: ScheduleWindow, at: number): boolean => {
  const local = clockOf(window.timezone)?.(at);
  return local !== undefined && fallsOn(window, local.day) && local.msOfDay >= timeOfDay(window.start) && local.msOfDay < timeOfDay(window.end);
};

const nextStart = (window: ScheduleWindow, at: number): number => {
  const today = clockOf(window.timezone)?.(at).day;
  if (today === undefined) return Infinity;
  for (let day = today; day <= today + LOOK_AHEAD_DAYS; day += 1) {
    const start = fallsOn(window, day) ? atLocal(window.timezone, day, timeOfDay(window.start)) : -Infinity;
    if (start > at) return start;
  }
  return Infinity;
};

const closedByWindows = (windows: readonly ScheduleWindow[], at: number): Closed | null => {
  if (windows.length === 0 || windows.some((window) => isInside(window, at))) return null;
  return { until: Math.min(...windows.map((window) => nextStart(window, at))), by: 'window' };
};

const isBelow = (region: string, above: string, { parents }: Places): boolean => {
  const seen = new Set<string>();
  for (let place: string | undefined = region; place !== undefined && !seen.has(place); place = parents.get(place)) {
    if (place === above) return true;
    seen.add(place);
  }
  return false;
};

/** A step that reaches everywhere meets every region; else one lies within the other. */
const meets = (period: readonly string[], step: readonly string[] | undefined, places: Places): boolean =>
  period.length === 0 || step === undefined || period.some((region) => step.some((reached) => isBelow(reached, region, places) || isBelow(region, reached, places)));

const dayNumber = (date: string): number => Math.floor(Date.parse(`${date}T00:00:00Z`) / DAY_MS);

const closedByCalendars = (keys: readonly string[], regions: readonly string[] | undefined, at: number, places: Places): Closed | null => {
  for (const key of keys) {
    const calendar = places.calendars.get(key);
    const today = clockOf(calendar?.timezone)?.(at).day;
    if (calendar === undefined || today === undefined) continue;
    const period = calendar.periods.find(({ from, until, regions: where = [] }) => today >= dayNumber(from) && today <= dayNumber(until) && meets(where, regions, places));
    if (period !== undefined) return { until: atLocal(calendar.timezone, dayNumber(period.until) + 1, 0), by: `blackout ${key}${period.name === undefined ? '' : ` (${period.name})`}` };
  }
  return null;
};

/** The first instant from `at` on at which a step to these regions may be taken, and what it has to wait for; null when there is none. */
export const openingFrom = (at: number, strategy: Strategy, regions: readonly string[] | undefined, places: Places): { at: number; waiting: string[] } | null => {
  const waiting = new Set<string>();
  let candidate = at;
  for (let turn = 0; turn < MOST_TURNS && candidate - at < MOST_AHEAD_MS; turn += 1) {
    const closed = closedByCalendars(strategy.blackouts ?? [], regions, candidate, places) ?? closedByWindows(strategy.windows ?? [], candidate);
    if (closed === null) return { at: candidate, waiting: [...waiting] };
    waiting.add(closed.by);
    candidate = closed.until;
  }
  return null;
};
