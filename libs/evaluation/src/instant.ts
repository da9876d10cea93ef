const DAY_MS = 86_400_000;
const INVALID = -1_000_000;
const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const TIME_START = 11;
const FRACTION_START = 19;

/** Two digits as a number, or one so far below zero that every range check refuses it. */
const twoDigits = (text: string, at: number): number => {
  const tens = text.charCodeAt(at) - 48;
  const ones = text.charCodeAt(at + 1) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : INVALID;
};

const isLeapYear = (year: number): boolean => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
const daysIn = (year: number, month: number): number => (month === 2 && isLeapYear(year) ? 29 : DAYS_IN_MONTH[month - 1]!);

/** Days since 1970-01-01 in the proleptic Gregorian calendar; `Date.UTC` takes the years 0 to 99 for 1900 to 1999. */
const daysSinceEpoch = (year: number, month: number, day: number): number => {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468;
};

/**
 * A local date as days since 1970-01-01.
 *
 * @param text - `YYYY-MM-DD`; what follows is not looked at
 * @returns undefined when it is no date of the calendar
 */
export const parseDay = (text: string): number | undefined => {
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2);
  const month = twoDigits(text, 5);
  const day = twoDigits(text, 8);
  if (year < 0 || text[4] !== '-' || text[7] !== '-') return undefined;
  return month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month) ? daysSinceEpoch(year, month, day) : undefined;
};

/** `HH:MM` as milliseconds, or NaN. */
const parseMinutes = (text: string, at: number): number => {
  const hour = twoDigits(text, at);
  const minute = twoDigits(text, at + 3);
  const fits = hour >= 0 && hour <= 23 && minute >= 0 && minute <= 59 && text[at + 2] === ':';
  return fits ? hour * 3_600_000 + minute * 60_000 : NaN;
};

/** Where the zone begins: after the seconds or their fraction. */
const zoneStart = (text: string): number => {
  if (text[FRACTION_START] !== '.') return FRACTION_START;
  let end = FRACTION_START + 1;
  while (text.charCodeAt(end) >= 48 && text.charCodeAt(end) <= 57) end += 1;
  return end > FRACTION_START + 1 ? end : text.length;
};

const parseFractionMs = (text: string, end: number): number => (end > FRACTION_START ? Number(text.slice(FRACTION_START, end)) * 1000 : 0);

/** Milliseconds that local time is ahead of UTC, or NaN. */
const parseOffset = (text: string, at: number): number => {
  const sign = text[at];
  if (sign === 'Z' || sign === 'z') return text.length === at + 1 ? 0 : NaN;
  if ((sign !== '+' && sign !== '-') || text.length !== at + 6) return NaN;
  return sign === '+' ? parseMinutes(text, at + 1) : -parseMinutes(text, at + 1);
};

/**
 * An RFC 3339 instant (`2026-07-01T00:00:00+05:30`) as milliseconds since the epoch, with their fraction. A leap second is
 * taken as the second after it.
 *
 * @returns undefined when the text is no such instant: no date, no zone, or a day that does not exist
 */
export const parseInstant = (text: string): number | undefined => {
  const day = parseDay(text);
  const second = twoDigits(text, 17);
  if (day === undefined || second < 0 || second > 60 || text[16] !== ':' || (text[10] !== 'T' && text[10] !== 't')) return undefined;
  const zone = zoneStart(text);
  const whole = day * DAY_MS + parseMinutes(text, TIME_START) + second * 1000 - parseOffset(text, zone);
  if (Number.isNaN(whole) || (second === 60 && whole % DAY_MS !== 0)) return undefined;
  return whole + parseFractionMs(text, zone);
};
