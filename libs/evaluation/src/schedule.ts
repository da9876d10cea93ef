import type { Schedule, ScheduleWindow } from '@pataka/contracts';
import { parseInstant } from './instant';
import { clockOf } from './zone';

/** Whether a schedule is open at an instant (milliseconds since the epoch). */
export type IsOpen = (at: number) => boolean;

const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
const EPOCH_WEEKDAY = 4; // 1970-01-01 was a Thursday
const TIME_OF_DAY = /^(?:([01]\d|2[0-3]):([0-5]\d)|24:00)$/;
const DAY_MS = 86_400_000;

const never: IsOpen = () => false;

const parseTimeOfDay = (text: unknown): number => {
  const found = typeof text === 'string' ? TIME_OF_DAY.exec(text) : null;
  if (found === null) return NaN;
  return found[1] === undefined ? DAY_MS : Number(found[1]) * 3_600_000 + Number(found[2]) * 60_000;
};

const parseDays = (days: readonly string[] | undefined): boolean[] =>
  WEEKDAYS.map((name) => days === undefined || days === null || (Array.isArray(days) && days.includes(name)));

const compileWindow = (window: ScheduleWindow): IsOpen => {
  const start = parseTimeOfDay(window?.start);
  const end = parseTimeOfDay(window?.end);
  const clock = clockOf(window?.timezone);
  if (clock === undefined || !(start < end)) return never;
  const days = parseDays(window.days);
  return (at) => {
    const { day, msOfDay } = clock(at);
    return msOfDay >= start && msOfDay < end && days[(((day + EPOCH_WEEKDAY) % 7) + 7) % 7]!;
  };
};

/** An absent bound is no bound; one that is no instant (NaN) keeps the schedule closed, since every comparison fails. */
const bound = (text: unknown, unbounded: number): number => {
  if (text === undefined || text === null) return unbounded;
  return (typeof text === 'string' ? parseInstant(text) : undefined) ?? NaN;
};

/**
 * Compiles a rule's schedule: open from `from` (inclusive) until `until` (exclusive) and, if it has windows, inside one of
 * them. What can't be read (an unknown zone, a bound that is no instant) is never open.
 *
 * @returns undefined for a rule without schedule, which is always open
 */
export const compileSchedule = (schedule: Schedule | null | undefined): IsOpen | undefined => {
  if (schedule === undefined || schedule === null) return undefined;
  const from = bound(schedule.from, -Infinity);
  const until = bound(schedule.until, Infinity);
  const windows = (schedule.windows ?? []).map(compileWindow);
  return (at) => at >= from && at < until && (windows.length === 0 || windows.some((isOpen) => isOpen(at)));
};
