const DAY_MS = 86_400_000;
const QUARTER_MS = 900_000;
const CACHED_SPANS = 4096;
// Before and after these years no zone has rules worth keeping, and years below 100 break Date.UTC.
const EARLIEST = -2_208_988_800_000;
const LATEST = 7_258_118_400_000;

/** Local time in a zone: days since 1970-01-01 and milliseconds into that day. */
export type LocalTime = { readonly day: number; readonly msOfDay: number };
/** Milliseconds that a zone's clocks are ahead of UTC at an instant. */
type Offset = (at: number) => number;

const offsetFrom = (format: Intl.DateTimeFormat, at: number): number => {
  const fields: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(at)) fields[type] = Number(value);
  const local = Date.UTC(fields['year']!, fields['month']! - 1, fields['day']!, fields['hour']! % 24, fields['minute']!, fields['second']!);
  return local - Math.floor(at / 1000) * 1000;
};

const remember = (cache: Map<number, number>, key: number, compute: () => number): number => {
  const known = cache.get(key);
  if (known !== undefined) return known;
  if (cache.size >= CACHED_SPANS) cache.clear();
  const computed = compute();
  cache.set(key, computed);
  return computed;
};

/**
 * Asking Intl takes microseconds, so offsets are kept by day; a day on which the clocks change (marked NaN) is kept by
 * quarter-hour, which is as finely as any zone has changed since 1900.
 */
const cachedOffset = (format: Intl.DateTimeFormat): Offset => {
  const days = new Map<number, number>();
  const quarters = new Map<number, number>();
  return (instant) => {
    const at = Math.min(Math.max(instant, EARLIEST), LATEST);
    const day = Math.floor(at / DAY_MS);
    const wholeDay = remember(days, day, () => {
      const start = offsetFrom(format, day * DAY_MS);
      return start === offsetFrom(format, (day + 1) * DAY_MS) ? start : NaN;
    });
    if (!Number.isNaN(wholeDay)) return wholeDay;
    const quarter = Math.floor(at / QUARTER_MS);
    return remember(quarters, quarter, () => offsetFrom(format, quarter * QUARTER_MS));
  };
};

const offsets = new Map<string, Offset>();

const offsetOf = (zone: string): Offset | undefined => {
  const known = offsets.get(zone);
  if (known !== undefined) return known;
  try {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone, hourCycle: 'h23', calendar: 'gregory', numberingSystem: 'latn',
      year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric',
    });
    const offset = cachedOffset(format);
    offsets.set(zone, offset);
    return offset;
  } catch {
    return undefined; // a zone that Intl does not know
  }
};

/**
 * A clock of a zone.
 *
 * @param zone - IANA name, such as `Asia/Kolkata`
 * @returns undefined when there is no such zone
 */
export const clockOf = (zone: unknown): ((at: number) => LocalTime) | undefined => {
  const offset = typeof zone === 'string' ? offsetOf(zone) : undefined;
  if (offset === undefined) return undefined;
  return (at) => {
    const local = at + offset(at);
    const day = Math.floor(local / DAY_MS);
    return { day, msOfDay: local - day * DAY_MS };
  };
};

/** Whether Intl knows a zone by this name. */
export const isTimeZone = (zone: string): boolean => offsetOf(zone) !== undefined;
