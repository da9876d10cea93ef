import { clockOf } from '@pataka/evaluation';
import { DURATION_PATTERN } from '@pataka/contracts';

/** Days count by the calendar, so that a step keeps its time of day over a change of clocks; the rest by the clock. */
export interface Duration { days: number; ms: number }

export const DEFAULT_ZONE = 'Asia/Kolkata';
export const DAY_MS = 86_400_000;
// Nothing is planned further ahead.
const MOST_DAYS = 3_660;

const PARTS = /^P(?:(?<weeks>\d+)W|(?:(?<days>\d+)D)?(?:T(?:(?<hours>\d+)H)?(?:(?<minutes>\d+)M)?(?:(?<seconds>\d+)S)?)?)$/;

/** An ISO 8601 duration, or null for what is none, is nothing, or is more than ten years. */
export const parseDuration = (text: string): Duration | null => {
  const found = DURATION_PATTERN.test(text) ? PARTS.exec(text)?.groups : undefined;
  if (found === undefined) return null;
  const part = (name: string): number => Number(found[name] ?? 0);
  const duration = { days: part('weeks') * 7 + part('days'), ms: ((part('hours') * 60 + part('minutes')) * 60 + part('seconds')) * 1_000 };
  const total = lengthMs(duration);
  return total > 0 && total <= MOST_DAYS * DAY_MS ? duration : null;
};

/** How long it takes where no clocks change. */
export const lengthMs = ({ days, ms }: Duration): number => days * DAY_MS + ms;

/** The instant that is `local` (milliseconds since 1970 by the zone's clocks): the first of two; what the clocks skip, they have shown right after. */
const instantOf = (clock: (at: number) => number, local: number): number => {
  const offsets = [clock(local - DAY_MS) - (local - DAY_MS), clock(local + DAY_MS) - (local + DAY_MS)];
  const candidates = offsets.map((offset) => local - offset).sort((a, b) => a - b);
  const valid = candidates.find((at) => clock(at) === local);
  if (valid !== undefined) return valid;
  let [before, after] = [candidates[0]!, candidates[1]!];
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (clock(middle) < local) before = middle;
    else after = middle;
  }
  return after;
};

const millisecondsOf = (zone: string): ((at: number) => number) => {
  const clock = clockOf(zone) ?? clockOf(DEFAULT_ZONE)!;
  return (at) => {
    const { day, msOfDay } = clock(at);
    return day * DAY_MS + msOfDay;
  };
};

/** The instant of a local day and time of day in a zone. */
export const atLocal = (zone: string, day: number, msOfDay: number): number => instantOf(millisecondsOf(zone), day * DAY_MS + msOfDay);

/** An instant, a duration later by the clocks of a zone. */
export const later = (at: number, { days, ms }: Duration, zone: string = DEFAULT_ZONE): number => {
  if (days === 0) return at + ms;
  const clock = millisecondsOf(zone);
  return instantOf(clock, clock(at) + days * DAY_MS) + ms;
};

export const instantText = (at: number): string => new Date(at).toISOString();
