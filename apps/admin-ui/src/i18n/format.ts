import { useMemo } from 'react';
import { useLocale, ZONE } from './intl';
import { locales } from './locales';

const MINUTE = 60_000;
const steps: readonly [Intl.RelativeTimeFormatUnit, number][] = [['year', 365 * 24 * 60 * MINUTE], ['month', 30 * 24 * 60 * MINUTE], ['day', 24 * 60 * MINUTE], ['hour', 60 * MINUTE], ['minute', MINUTE]];

/** Numbers, money and times as people in India read them; every instant with its zone. */
export interface Formats {
  /** 12,34,567 */
  number(value: number, options?: Intl.NumberFormatOptions): string;
  /** 12.3 लाख / 12L: short, for charts and tiles. */
  compact(value: number): string;
  /** Of a share: 0.125 is 12.5%. */
  percent(share: number, digits?: number): string;
  rupees(value: number, options?: Intl.NumberFormatOptions): string;
  /** 22 Nov 2026, 5:30 pm IST */
  dateTime(instant: string | number | Date): string;
  date(instant: string | number | Date): string;
  /** 3 hours ago */
  relative(instant: string | number | Date, now?: number): string;
  list(items: readonly string[]): string;
}

const formatsFor = (locale: string): Formats => {
  const dateTime = new Intl.DateTimeFormat(locale, { timeZone: ZONE, day: 'numeric', month: 'short', year: 'numeric', hour: 'numeric', minute: '2-digit', timeZoneName: 'short' });
  const date = new Intl.DateTimeFormat(locale, { timeZone: ZONE, day: 'numeric', month: 'short', year: 'numeric' });
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 3 });
  const compact = new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 });
  const list = new Intl.ListFormat(locale, { type: 'conjunction' });
  return {
    number: (value, options) => (options === undefined ? number : new Intl.NumberFormat(locale, options)).format(value),
    compact: (value) => compact.format(value),
    percent: (share, digits = 1) => new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: digits }).format(share),
    rupees: (value, options) => new Intl.NumberFormat(locale, { style: 'currency', currency: 'INR', maximumFractionDigits: 0, ...options }).format(value),
    dateTime: (instant) => dateTime.format(new Date(instant)),
    date: (instant) => date.format(new Date(instant)),
    relative: (instant, now = Date.now()) => {
      const passed = new Date(instant).getTime() - now;
      const [unit, size] = steps.find(([, length]) => Math.abs(passed) >= length) ?? ['second', 1000];
      return relative.format(Math.round(passed / size), unit);
    },
    list: (items) => list.format(items),
  };
};

const known = new Map<string, Formats>();

export const useFormats = (): Formats => {
  const { format } = locales[useLocale()];
  return useMemo(() => {
    const formats = known.get(format) ?? formatsFor(format);
    known.set(format, formats);
    return formats;
  }, [format]);
};
