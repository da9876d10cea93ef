import { foundRegions, keysBelow, regionTree } from '../targeting/region-tree';
import { instantOfLocal, localOfInstant } from '../targeting/local-instant';
import { around, diffLines, documentLines, sameDocument } from '../ui/diff';
import { yearOf, yearsOf } from './year';

describe('a drawn year', () => {
  it('has each day once, and both ends of a period in it', () => {
    const days = yearOf(2028, [{ from: '2028-02-28', until: '2028-03-01' }]).flat();
    expect(days).toHaveLength(366);
    expect(days.filter(({ periods }) => periods.length > 0).map(({ date }) => date)).toEqual(['2028-02-28', '2028-02-29', '2028-03-01']);
    expect(days[0]!.weekday).toBe(5); // 1 January 2028 is a Saturday
  });
  it('offers the years that are spoken of', () => expect(yearsOf([{ from: '2030-01-01', until: '2031-01-01' }], 2026)).toEqual([2026, 2027, 2030, 2031]));
});

describe('regions as a tree', () => {
  const tree = regionTree([{ key: 'pune', parent: 'mh' }, { key: 'mh', parent: 'west' }, { key: 'west' }, { key: 'lost', parent: 'nowhere' }]);
  it('stand under what they lie in, and at the top where that is not there', () => expect(tree.map(keysBelow)).toEqual([['lost'], ['west', 'mh', 'pune']]));
  it('are found with all they lie in', () => expect(foundRegions(tree, 'pun').map(keysBelow)).toEqual([['west', 'mh', 'pune']]));
});

describe('local time in India', () => {
  it('is half an hour off the hour', () => {
    expect(localOfInstant('2026-07-15T04:30:00Z')).toBe('2026-07-15T10:00');
    expect(instantOfLocal('2026-07-15T10:00')).toBe('2026-07-15T10:00:00+05:30');
    expect(localOfInstant('2026-07-15T04:30:00.500Z')).toBeNull();
  });
});

describe('a difference', () => {
  it('takes what goes and what comes, and leaves the far out', () => {
    const lines = diffLines(documentLines({ a: 1, b: [1, 2, 3, 4, 5, 6, 7, 8] }), documentLines({ b: [1, 2, 3, 4, 5, 6, 7, 9], a: 1 }));
    expect(around(lines, 1).filter(({ kind }) => kind !== 'same').map(({ kind, text }) => [kind, text.trim()])).toEqual([['gap', '…'], ['removed', '8'], ['added', '9'], ['gap', '…']]);
  });
  it('does not mind the order of members', () => expect(sameDocument({ a: 1, b: { c: 2, d: undefined } }, { b: { c: 2 }, a: 1 })).toBe(true));
});
