import { isTimeZone, parseInstant } from './index';
import { parseDay } from './instant';
import { clockOf } from './zone';

describe('parseInstant', () => {
  it.each([
    '2026-07-01T00:00:00Z', '2026-07-01T00:00:00+05:30', '1999-12-31T23:59:59-11:45', '2024-02-29T12:00:00Z', '2000-02-29T00:00:00.123Z',
    '1970-01-01T00:00:00Z', '1969-12-31T23:59:59.5Z', '9999-12-31T23:59:59+00:00', '0001-01-01T00:00:00Z',
  ])('agrees with Date on %s', (text) => expect(parseInstant(text)).toBe(Date.parse(text)));

  it('takes lower case, a negative zero offset and fractions below a millisecond', () => {
    expect(parseInstant('2026-07-01t00:00:00z')).toBe(Date.UTC(2026, 6, 1));
    expect(parseInstant('2026-07-01T00:00:00-00:00')).toBe(Date.UTC(2026, 6, 1));
    expect(parseInstant('2026-07-01T00:00:00.0001Z')).toBeGreaterThan(Date.UTC(2026, 6, 1));
  });

  it('takes a leap second at the end of a UTC day only', () => {
    expect(parseInstant('2016-12-31T23:59:60Z')).toBe(Date.UTC(2017, 0, 1));
    expect(parseInstant('2017-01-01T05:29:60+05:30')).toBe(Date.UTC(2017, 0, 1));
    expect(parseInstant('2016-12-31T22:59:60Z')).toBeUndefined();
  });

  it.each([
    '', '2026', '2026-07-01', '2026-07-01T00:00:00', '2026-07-01 00:00:00Z', '2026-7-1T00:00:00Z', '2026-13-01T00:00:00Z', '2026-00-01T00:00:00Z',
    '2026-04-31T00:00:00Z', '2025-02-29T00:00:00Z', '1900-02-29T00:00:00Z', '2026-07-01T24:00:00Z', '2026-07-01T23:60:00Z', '2026-07-01T23:00:61Z',
    '2026-07-01T00:00:00.Z', '2026-07-01T00:00:00+0530', '2026-07-01T00:00:00+24:00', '2026-07-01T00:00:00+05:60', '2026-07-01T00:00:00Zx',
    ' 2026-07-01T00:00:00Z', '2026-07-01T00:00Z', '+002026-07-01T00:00:00Z', '2026-07-01T00:00:00,5Z', '२०२६-07-01T00:00:00Z',
  ])('refuses %j', (text) => expect(parseInstant(text)).toBeUndefined());

  it('counts days as Date does', () => {
    for (let day = -800_000; day < 800_000; day += 1237) {
      const text = new Date(day * 86_400_000).toISOString();
      if (/^\d{4}-/.test(text)) expect(parseDay(text)).toBe(day);
    }
  });
});

describe('clockOf', () => {
  it.each([
    ['Asia/Kolkata', '2026-07-01T18:29:59Z', '2026-07-01', '23:59:59'],
    ['Asia/Kolkata', '2026-07-01T18:30:00Z', '2026-07-02', '00:00:00'],
    ['Asia/Kathmandu', '2026-07-01T18:15:00Z', '2026-07-02', '00:00:00'],
    ['Europe/Berlin', '2026-03-29T00:59:59Z', '2026-03-29', '01:59:59'],
    ['Europe/Berlin', '2026-03-29T01:00:00Z', '2026-03-29', '03:00:00'],
    ['Europe/Berlin', '2026-10-25T00:59:59Z', '2026-10-25', '02:59:59'],
    ['Europe/Berlin', '2026-10-25T01:00:00Z', '2026-10-25', '02:00:00'],
    ['Australia/Lord_Howe', '2026-04-04T14:59:59Z', '2026-04-05', '01:59:59'],
    ['Australia/Lord_Howe', '2026-04-04T15:00:00Z', '2026-04-05', '01:30:00'],
    ['Pacific/Kiritimati', '2026-01-01T10:00:00Z', '2026-01-02', '00:00:00'],
    ['UTC', '1969-12-31T23:00:00Z', '1969-12-31', '23:00:00'],
  ])('shows %s at %s the local %s %s', (zone, instant, date, time) => {
    const { day, msOfDay } = clockOf(zone)!(Date.parse(instant));
    expect(new Date(day * 86_400_000 + msOfDay).toISOString()).toBe(`${date}T${time}.000Z`);
  });

  it('knows no clock for a zone that is none', () => {
    expect(clockOf('Mars/Olympus')).toBeUndefined();
    expect([isTimeZone('Asia/Kolkata'), isTimeZone('Mars/Olympus'), isTimeZone('')]).toEqual([true, false, false]);
  });

  it('tells the time in the years zero and 275000 too', () => {
    expect(() => [clockOf('Asia/Kolkata')!(-62_167_219_200_000), clockOf('Asia/Kolkata')!(8.6e15)]).not.toThrow();
  });
});
