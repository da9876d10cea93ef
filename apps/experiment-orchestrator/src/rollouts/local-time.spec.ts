import fc from 'fast-check';
import { atLocal, DAY_MS, instantText, later, parseDuration } from './local-time';

const plus = (at: string, duration: string, zone?: string): string => instantText(later(Date.parse(at), parseDuration(duration)!, zone));

describe('a duration', () => {
  it.each([['P7D', 7, 0], ['P1W', 7, 0], ['PT12H', 0, 43_200_000], ['P1DT2H3M4S', 1, 7_384_000]])('%s is read', (text, days, ms) => {
    expect(parseDuration(text)).toEqual({ days, ms });
  });
  it.each(['', 'P', 'PT', '7D', 'P1M', 'P1Y', 'P-1D', 'PT0S', 'P1.5D', 'p7d', 'P99999D'])('%j is none', (text) => expect(parseDuration(text)).toBeNull());
});

describe('later', () => {
  it('keeps the time of day in India, half an hour and all', () => expect(plus('2026-07-01T10:00:00+05:30', 'P7D')).toBe('2026-07-08T04:30:00.000Z'));
  it('keeps the time of day over a change of clocks', () => expect(plus('2026-10-24T10:00:00+02:00', 'P2D', 'Europe/Berlin')).toBe('2026-10-26T09:00:00.000Z'));
  it('comes right after what the clocks skip', () => expect(plus('2026-03-28T02:30:00+01:00', 'P1D', 'Europe/Berlin')).toBe('2026-03-29T01:00:00.000Z'));
  it('comes once, and the first time, where the clocks show a time twice', () => expect(plus('2026-10-24T02:30:00+02:00', 'P1D', 'Europe/Berlin')).toBe('2026-10-25T00:30:00.000Z'));
  it('adds hours by the clock, whatever the clocks on the wall do', () => expect(plus('2026-03-28T12:00:00Z', 'PT24H', 'Europe/Berlin')).toBe('2026-03-29T12:00:00.000Z'));

  it('is later, and by days as long as days are', () => {
    const zones = fc.constantFrom('Asia/Kolkata', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Pacific/Apia');
    fc.assert(fc.property(fc.integer({ min: Date.parse('2020-01-01T00:00:00Z'), max: Date.parse('2030-01-01T00:00:00Z') }), fc.integer({ min: 1, max: 60 }), zones, (at, days, zone) => {
      const gone = later(at, { days, ms: 0 }, zone) - at;
      expect(Math.abs(gone - days * DAY_MS)).toBeLessThanOrEqual(3 * 3_600_000);
    }), { numRuns: 500 });
  });
});

describe('atLocal', () => {
  it('is the instant of a local day and time', () => expect(instantText(atLocal('Asia/Kolkata', Math.floor(Date.parse('2026-11-08T00:00:00Z') / DAY_MS), 36_000_000))).toBe('2026-11-08T04:30:00.000Z'));
});
