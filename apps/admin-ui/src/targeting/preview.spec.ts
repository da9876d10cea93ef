import type { Flag, Region } from '@pataka/contracts';
import { explainDraft, reachOf, whatIf, type World } from './preview';
import { contextsOf, sampleContexts } from './sample';

const regions: Region[] = [{ key: 'west' }, { key: 'maharashtra', parent: 'west' }, { key: 'pune', kind: 'city', parent: 'maharashtra' }, { key: 'kochi', kind: 'city' }];
const world: World = { flags: [], segments: [], regions, calendars: [] };
const flagWith = (percentage: number): Flag => ({
  key: 'f', type: 'BOOLEAN', status: 'ACTIVE', defaultValue: false,
  environments: { production: { enabled: true, rules: [{ id: 'west', conditions: [{ attribute: 'region', operator: 'within', value: ['west'] }], percentage, value: true }] } },
});
const now = Date.parse('2026-11-28T00:00:00Z');

describe('a preview', () => {
  it('asks the same people each time', () => expect(sampleContexts(regions, [])).toEqual(sampleContexts(regions, [])));

  it('counts everybody once', () => {
    const reach = reachOf(world, flagWith(50), 'production', sampleContexts(regions, []), now);
    expect([...reach.byRule.values()].reduce((sum, count) => sum + count, 0) + reach.failed).toBe(reach.size);
    expect(reach.byRule.get('west')).toBeGreaterThan(150);
  });

  it('finds that raising a percentage only adds people', () => {
    const raised = whatIf(world, { saved: flagWith(20), draft: flagWith(60) }, 'production', sampleContexts(regions, []), now);
    expect(raised.moves.map(({ from, to }) => [from, to])).toEqual([['false', 'true']]);
    expect(whatIf(world, { saved: flagWith(20), draft: flagWith(20) }, 'production', sampleContexts(regions, []), now).moved).toBe(0);
  });

  it('has some people with what only the rules know', () => {
    const contexts = sampleContexts(regions, [{ id: 'r', value: true, conditions: [{ all: [{ attribute: 'tier', operator: 'in', value: ['gold'] }] }] }]);
    const gold = contexts.filter((context) => context['tier'] === 'gold').length;
    expect(gold > 150 && gold < 350).toBe(true);
  });

  it('explains a draft, and says what is wrong with a context', () => {
    expect(explainDraft(world, flagWith(100), 'production', { targetingKey: 'd', region: 'pune' }, now)).toMatchObject({ evaluation: { value: true, ruleId: 'west' } });
    expect(explainDraft(world, flagWith(100), 'production', { targetingKey: 7 }, now)).toContain('targetingKey');
  });

  it('reads contexts as JSON, lines of JSON, and CSV', () => {
    expect(contextsOf('[{"targetingKey":"a"}]').contexts).toEqual([{ targetingKey: 'a' }]);
    expect(contextsOf('{"targetingKey":"a"}\n{broken').fault).toBe(2);
    expect(contextsOf('targetingKey,fleet_size,on\n17,50,true').contexts).toEqual([{ targetingKey: '17', fleet_size: 50, on: true }]);
  });
});
