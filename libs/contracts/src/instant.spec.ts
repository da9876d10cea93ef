import fc from 'fast-check';
import { INSTANT_PATTERN } from './exposure';
import { plainInstant } from './instant';

const whole = fc.date({ min: new Date('1970-01-01T00:00:00Z'), max: new Date('2252-01-01T00:00:00Z'), noInvalidDate: true });
const isLeapDay = (text: string): boolean => text.slice(5, 10) === '02-29';

describe('plainInstant', () => {
  it('agrees with Date on every millisecond, leap days left aside', () => {
    fc.assert(fc.property(whole, (date) => {
      const text = date.toISOString();
      expect(plainInstant(text)).toBe(isLeapDay(text) ? -1 : date.getTime() * 1000);
    }));
  });

  it('reads up to nine digits behind the point and keeps six', () => {
    fc.assert(fc.property(whole, fc.stringMatching(/^\d{0,9}$/), (date, digits) => {
      const text = `${date.toISOString().slice(0, 19)}${digits === '' ? '' : `.${digits}`}Z`;
      const expected = Math.floor(date.getTime() / 1000) * 1_000_000 + Number(digits.slice(0, 6).padEnd(6, '0'));
      expect(plainInstant(text)).toBe(isLeapDay(text) ? -1 : expected);
    }));
  });

  it('takes nothing that the pattern or the calendar refuses', () => {
    const marred = fc.tuple(whole, fc.integer({ min: 0, max: 23 }), fc.constantFrom('0', '9', 'x', '-', '.', 'Z', '', ' ', '\u0660'));
    fc.assert(fc.property(marred, ([date, at, character]) => {
      const text = `${date.toISOString().slice(0, at)}${character}${date.toISOString().slice(at + 1)}`;
      const taken = plainInstant(text);
      if (taken >= 0) expect([INSTANT_PATTERN.test(text), Math.round(taken / 1000)]).toEqual([true, Date.parse(text)]);
    }), { numRuns: 2_000 });
  });

  it.each(['', '2026-02-30T00:00:00Z', '2026-04-31T00:00:00Z', '2026-13-01T00:00:00Z', '2026-01-01T24:00:00Z', '2026-01-01T00:60:00Z', '2026-01-01T00:00:60Z', '1969-12-31T23:59:59Z',
    '2026-01-01T00:00:00.Z', '2026-01-01T00:00:00.1234567890Z', '2026-01-01T00:00:00+05:30', '2026-01-01t00:00:00z'])('leaves %s to slower readers', (text) => expect(plainInstant(text)).toBe(-1));
});
