import { INSTANT_PATTERN, plainInstant } from '@pataka/contracts';

/** Microseconds since 1970: an integer that a double holds exactly until the year 2255. */
export type Micros = number;
/** Number of a local day (Asia/Kolkata), counted from 1970-01-01. */
export type Day = number;

const DAY_MICROS = 86_400_000_000;
const MINUTE_MICROS = 60_000_000;
export const HOUR_MICROS = 3_600_000_000;
// India has kept UTC+05:30 without daylight saving since 1945.
const KOLKATA_MICROS = 19_800_000_000;
const LATEST_MICROS = 8_900_000_000_000_000;
const DAYS_IN_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const isCalendarDay = (year: number, month: number, day: number): boolean =>
  day >= 1 && day <= (DAYS_IN_MONTH[month - 1] ?? 0) && (month !== 2 || day < 29 || (year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)));

/** An RFC 3339 instant in microseconds, finer digits cut off; null for no such instant or one outside 1970 to 2252. */
export const parseInstant = (text: string): Micros | null => {
  const plain = plainInstant(text);
  if (plain >= 0) return plain <= LATEST_MICROS ? plain : null;
  const match = INSTANT_PATTERN.exec(text);
  if (match === null) return null;
  const [, fraction = '', zone = 'Z'] = match;
  if (!isCalendarDay(Number(text.slice(0, 4)), Number(text.slice(5, 7)), Number(text.slice(8, 10)))) return null;
  const seconds = Date.parse(`${text.slice(0, 10)}T${text.slice(11, 19)}${zone.toUpperCase()}`);
  const micros = seconds * 1000 + Number(fraction.slice(1, 7).padEnd(6, '0'));
  return micros >= 0 && micros <= LATEST_MICROS ? micros : null;
};

/** The instant as ISO text, with as many digits as it needs. */
export const instantText = (micros: Micros): string => {
  const text = new Date(Math.floor(micros / 1000)).toISOString();
  const rest = micros % 1000;
  return rest === 0 ? text : `${text.slice(0, -1)}${String(rest).padStart(3, '0')}Z`;
};

export const dayOf = (micros: Micros): Day => Math.floor((micros + KOLKATA_MICROS) / DAY_MICROS);
export const dayText = (day: Day): string => new Date(day * 86_400_000).toISOString().slice(0, 10);
export const minuteOf = (micros: Micros): number => Math.floor(micros / MINUTE_MICROS);

/** A local date `YYYY-MM-DD`; null for no such date. */
export const parseDay = (text: string): Day | null => {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (match === null || !isCalendarDay(Number(match[1]), Number(match[2]), Number(match[3]))) return null;
  return Date.parse(`${text}T00:00:00Z`) / 86_400_000;
};
