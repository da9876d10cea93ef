import type { Calendar, Strategy } from '@pataka/contracts';
import { instantText } from './local-time';
import { openingFrom, type Places } from './openings';

const calendar = (key: string, ...periods: Calendar['periods']): [string, Calendar] => [key, { key, timezone: 'Asia/Kolkata', periods }];
const places: Places = {
  calendars: new Map([
    calendar('diwali', { from: '2026-11-08', until: '2026-11-11', name: 'Diwali' }), calendar('onam', { from: '2026-08-26', until: '2026-08-28', regions: ['kerala'] }),
    calendar('holi', { from: '2026-11-12', until: '2026-11-12' }),
  ]),
  parents: new Map([['kerala', 'south'], ['kochi', 'kerala'], ['south', undefined], ['north', undefined]]),
};
const office = { days: ['MON', 'TUE', 'WED', 'THU', 'FRI'] as ('MON' | 'TUE')[], start: '10:00', end: '17:00', timezone: 'Asia/Kolkata' };
const opening = (at: string, strategy: Partial<Strategy>, regions?: string[]): unknown => {
  const found = openingFrom(Date.parse(at), { type: 'GRADUAL', ...strategy }, regions, places);
  return found === null ? null : [instantText(found.at), ...found.waiting];
};

describe('a step may be taken', () => {
  it('at once, without windows and blackouts', () => expect(opening('2026-07-04T22:00:00+05:30', {})).toEqual(['2026-07-04T16:30:00.000Z']));
  it('inside office hours at once', () => expect(opening('2026-07-03T16:59:00+05:30', { windows: [office] })).toEqual(['2026-07-03T11:29:00.000Z']));
  it('after office hours on Monday at ten', () => expect(opening('2026-07-03T17:00:00+05:30', { windows: [office] })).toEqual(['2026-07-06T04:30:00.000Z', 'window']));
  it('after a festival, at the next office hours', () => {
    expect(opening('2026-11-08T12:00:00+05:30', { windows: [office], blackouts: ['diwali', 'holi'] })).toEqual(['2026-11-13T04:30:00.000Z', 'blackout diwali (Diwali)', 'blackout holi', 'window']);
  });
  it('elsewhere while one region celebrates', () => {
    const onam = { blackouts: ['onam'] };
    expect(opening('2026-08-26T10:00:00+05:30', onam, ['north'])).toEqual(['2026-08-26T04:30:00.000Z']);
    for (const region of ['kerala', 'kochi', 'south']) expect(opening('2026-08-26T10:00:00+05:30', onam, [region])).toEqual(['2026-08-28T18:30:00.000Z', 'blackout onam']);
    expect(opening('2026-08-26T10:00:00+05:30', onam)).toEqual(['2026-08-28T18:30:00.000Z', 'blackout onam']);
  });
  it('in the earliest of several windows', () => {
    const windows = [{ ...office, start: '14:00', end: '15:00' }, { start: '06:00', end: '07:00', timezone: 'Europe/London' }];
    expect(opening('2026-07-03T09:00:00+05:30', { windows })).toEqual(['2026-07-03T05:00:00.000Z', 'window']);
  });
  it('never, where blackouts leave no window', () => {
    expect(openingFrom(0, { type: 'GRADUAL', blackouts: ['always'] }, undefined, { ...places, calendars: new Map([calendar('always', { from: '1960-01-01', until: '2999-12-31' })]) })).toBeNull();
  });
});
