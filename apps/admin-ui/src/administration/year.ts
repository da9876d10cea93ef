import type { CalendarPeriod } from '@pataka/contracts';

/** A day of a drawn year: its date, and which periods (by index) it lies in. */
export interface Day { date: string; day: number; weekday: number; periods: number[] }

const DAY_MS = 24 * 60 * 60 * 1000;
const dateOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** The months of a year, each a list of its days. Dates are local dates, so UTC serves to count them. */
export const yearOf = (year: number, periods: readonly CalendarPeriod[]): Day[][] =>
  Array.from({ length: 12 }, (_, month) => {
    const count = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
    return Array.from({ length: count }, (_day, index) => {
      const ms = Date.UTC(year, month, 1) + index * DAY_MS;
      const date = dateOf(ms);
      return { date, day: index + 1, weekday: (new Date(ms).getUTCDay() + 6) % 7, periods: periods.flatMap(({ from, until }, at) => (from <= date && date <= until ? [at] : [])) };
    });
  });

/** Years that a calendar speaks of, and the one that is now. */
export const yearsOf = (periods: readonly CalendarPeriod[], now: number): number[] => {
  const named = periods.flatMap(({ from, until }) => [Number(from.slice(0, 4)), Number(until.slice(0, 4))]).filter((year) => year > 1900 && year < 2200);
  return [...new Set([now, now + 1, ...named])].sort((a, b) => a - b);
};
