import { differencesOf, writable } from './bundle';

describe('comparing a file with what is there', () => {
  it('asks only for what the file says', () => {
    expect(differencesOf({ key: 'a', rules: [{ id: 'r' }] }, { key: 'a', name: 'a', rules: [{ id: 'r', priority: 0 }] })).toEqual([]);
  });
  it('names every place that differs', () => {
    expect(differencesOf({ key: 'a', list: [1, 2], nested: { x: 1, y: { z: true } } }, { key: 'b', list: [1, 2, 3], nested: { x: 1, y: { z: false } } })).toEqual(['/key', '/list', '/nested/y/z']);
  });
  it('takes one instant in two spellings for the same', () => {
    expect(differencesOf({ startDate: '2026-07-01T00:00:00+05:30' }, { startDate: '2026-06-30T18:30:00.000Z' })).toEqual([]);
    expect(differencesOf({ startDate: '2026-07-01T00:00:00+05:30' }, { startDate: '2026-07-01T00:00:00Z' })).toEqual(['/startDate']);
  });
});

describe('what somebody writes of a document', () => {
  it('leaves out what the services add', () => {
    expect(writable('experiments', { key: 'e', id: 'exp_1', status: 'ACTIVE', factors: [], variants: [], layer: { key: 'l', share: 5, from: 0, until: 5_000 } })).toEqual({ key: 'e', factors: [], layer: { key: 'l', share: 5 } });
    expect(writable('flags', { key: 'f', status: 'ACTIVE', version: 3, evaluationCount: 7 })).toEqual({ key: 'f', status: 'ACTIVE' });
  });
});
