const ZERO = 48;
const [DASH, POINT, COLON, T, Z] = [45, 46, 58, 84, 90];
const DAYS_BEFORE = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
const DAYS_IN = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const UNTIL_SECONDS = 19;
const MOST_DIGITS = 9;
const WORTH = [100_000, 10_000, 1_000, 100, 10, 1];

/** Two digits as a number, or one so large that no part of an instant can be it. */
const pair = (text: string, at: number): number => {
  const [tens, ones] = [text.charCodeAt(at) - ZERO, text.charCodeAt(at + 1) - ZERO];
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : 1_000_000;
};

const PUNCTUATION: readonly (readonly [at: number, code: number])[] = [[4, DASH], [7, DASH], [10, T], [13, COLON], [16, COLON]];
const isLaidOut = (text: string): boolean => {
  for (const [at, code] of PUNCTUATION) if (text.charCodeAt(at) !== code) return false;
  return text.charCodeAt(text.length - 1) === Z;
};

/** Microseconds of the digits from there to the last character but one, the seventh and finer cut off; -1 where one is none. */
const microsOf = (text: string, from: number): number => {
  let micros = 0;
  for (let at = from; at < text.length - 1; at += 1) {
    const digit = text.charCodeAt(at) - ZERO;
    if (digit < 0 || digit > 9) return -1;
    micros += digit * (WORTH[at - from] ?? 0);
  }
  return micros;
};

const fractionOf = (text: string): number => {
  const digits = text.length - UNTIL_SECONDS - 2;
  if (digits === -1) return 0;
  return text.charCodeAt(UNTIL_SECONDS) === POINT && digits >= 1 && digits <= MOST_DIGITS ? microsOf(text, UNTIL_SECONDS + 1) : -1;
};

/** Days from 1970 to the first of a year's, by the Gregorian calendar. */
const daysToYear = (year: number): number => (year - 1970) * 365 + Math.floor((year - 1969) / 4) - Math.floor((year - 1901) / 100) + Math.floor((year - 1601) / 400);
const isLeap = (year: number): boolean => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);

/** Days from 1970 to the date at the front; -1 for no such date, one before 1970, and the 29th of February. */
const daysOf = (text: string): number => {
  const [year, month, day] = [pair(text, 0) * 100 + pair(text, 2), pair(text, 5), pair(text, 8)];
  const days = DAYS_IN[month - 1];
  if (days === undefined || year < 1970 || year > 9_999 || day < 1 || day > days) return -1;
  return daysToYear(year) + DAYS_BEFORE[month - 1]! + day - 1 + (month > 2 && isLeap(year) ? 1 : 0);
};

const secondsOf = (text: string): number => {
  const [hours, minutes, seconds] = [pair(text, 11), pair(text, 14), pair(text, 17)];
  return hours > 23 || minutes > 59 || seconds > 59 ? -1 : (hours * 60 + minutes) * 60 + seconds;
};

/**
 * Microseconds since 1970 of an instant as nearly all are written: RFC 3339 in UTC, `2026-07-01T12:00:00.123Z`, not before 1970. -1 for all other text,
 * of which it says nothing. Exact until the year 2255. Several times faster than a pattern and Date.parse, for what is read by the million.
 */
export const plainInstant = (text: string): number => {
  if (!isLaidOut(text)) return -1;
  const [days, seconds, fraction] = [daysOf(text), secondsOf(text), fractionOf(text)];
  return days < 0 || seconds < 0 || fraction < 0 ? -1 : (days * 86_400 + seconds) * 1_000_000 + fraction;
};
