import type { Flag, Segment } from '@pataka/contracts';
import { compileRuleset } from '@pataka/evaluation';
import { segmentsBehind } from './segments-behind';

const flag = (key: string, segment: string, needs: string[] = []): Flag => ({
  key, type: 'BOOLEAN', status: 'ACTIVE', defaultValue: false, prerequisites: needs.map((one) => ({ flag: one, value: true })),
  environments: { production: { enabled: true, rules: [{ id: 'r', value: true, conditions: [{ any: [{ not: { operator: 'not_in_segment', value: [segment] } }] }] }] } },
});
const segment = (key: string, ...others: string[]): Segment => ({ key, conditions: others.map((other) => ({ operator: 'in_segment', value: other })) });

describe('the segments behind a flag', () => {
  it('are those of its rules, of its prerequisites and of other segments, each once, rings and gaps included', () => {
    const flags = [flag('a', 's1', ['b', 'gone']), flag('b', 's2', ['a']), flag('c', 'other')];
    const segments = [segment('s1', 's3', 'nowhere'), segment('s2', 's3'), segment('s3', 's1'), segment('other')];
    const ruleset = compileRuleset({ environment: 'production', position: 1, flags, segments, regions: [], calendars: [] });
    expect(segmentsBehind(ruleset, 'a').map(({ key }) => key).sort()).toEqual(['s1', 's2', 's3']);
    expect(segmentsBehind(ruleset, 'gone')).toEqual([]);
  });
});
