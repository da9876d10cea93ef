import type { Flag, Rule } from '@pataka/contracts';
import { compileRuleset, Evaluator, type CompiledRuleset } from './index';

const NOW = Date.UTC(2026, 6, 1);
const flagOf = (key: string, rules: unknown[], more: Partial<Flag> = {}): Flag => ({
  key, type: 'STRING', status: 'ACTIVE', defaultValue: 'no', version: 3, environments: { production: { enabled: true, rules: rules as Rule[] } }, ...more,
});
const rulesetOf = (...flags: Flag[]): CompiledRuleset => compileRuleset({ environment: 'production', position: 1, flags, segments: [], regions: [], calendars: [] });
const experiment = { id: 'r', experimentId: 'exp', phase: 1, split: [{ variant: 'a', weight: 0.5, value: 'a' }, { variant: 'b', weight: 0.5, value: 'b' }] };

describe('an evaluator', () => {
  it('answers the fallback wherever there is an error code', () => {
    const evaluator = new Evaluator(rulesetOf(flagOf('half', [{ id: 'r', percentage: 50, value: 'yes' }])), () => NOW);
    for (const [key, raw, errorCode] of [['none', {}, 'FLAG_NOT_FOUND'], ['half', {}, 'TARGETING_KEY_MISSING'], ['half', { targetingKey: 7 }, 'INVALID_CONTEXT'], ['half', null, 'INVALID_CONTEXT']] as const) {
      expect(evaluator.value(key, raw, 'fallback')).toBe('fallback');
      expect(evaluator.evaluate(key, raw).errorCode).toBe(errorCode);
    }
  });

  it('keeps nothing of the context before', () => {
    const evaluator = new Evaluator(rulesetOf(flagOf('f', [{ id: 'r', value: 'yes', conditions: [{ attribute: 'x', operator: 'exists' }] }, { id: 'k', value: 'keyed', conditions: [{ attribute: 'user_id', operator: 'exists' }] }])), () => NOW);
    expect(evaluator.value('f', { targetingKey: 'u', custom_attributes: { x: 1 } }, null)).toBe('yes');
    expect(evaluator.value('f', { user_id: 7 }, null)).toBe('keyed');
    expect(evaluator.value('f', {}, null)).toBe('no');
    expect(evaluator.value('f', undefined, null)).toBe('no');
    expect(evaluator.context.targetingKey).toBeUndefined();
  });

  it.each<[string, Partial<Rule>]>([
    ['a schedule', { schedule: { from: '2026-07-01T00:00:00Z' } }],
    ['a condition on the time', { conditions: [{ any: [{ attribute: 'timestamp', operator: 'after', value: '2026-06-30T00:00:00Z' }] }] } as Partial<Rule>],
    ['a percentage of instants', { bucketBy: 'timestamp', percentage: 99.999 }],
  ])('reads the clock for %s', (_what, rule) => {
    let read = 0;
    const evaluator = new Evaluator(rulesetOf(flagOf('timed', [{ id: 'r', value: 'yes', ...rule }]), flagOf('timeless', [{ id: 'r', value: 'yes' }])), () => { read += 1; return NOW; });
    expect([evaluator.value('timeless', {}, null), read]).toEqual(['yes', 0]);
    expect([evaluator.value('timed', {}, null), read]).toEqual(['yes', 1]);
    expect([evaluator.value('timed', { timestamp: '2026-07-02T00:00:00Z' }, null), read]).toEqual(['yes', 1]);
  });

  it('shares the answers of one outcome, and tells the unit of an experiment', () => {
    const evaluator = new Evaluator(rulesetOf(flagOf('f', [experiment])), () => NOW);
    const answers = new Set(Array.from({ length: 100 }, (_, index) => evaluator.decide('f', { targetingKey: `u${index}` })));
    expect([...answers].map(({ variant }) => variant).sort()).toEqual(['a', 'b']);
    expect(evaluator.evaluate('f', { targetingKey: 'u1' })).toMatchObject({ experimentId: 'exp', unit: 'u1', bucket: evaluator.context.bucket });
    expect([evaluator.context.unit, evaluator.context.targetingKey]).toEqual(['u1', 'u1']);
  });

  it('keeps what a recorder counts at the answer it counts', () => {
    const evaluator = new Evaluator(rulesetOf(flagOf('f', [experiment])), () => NOW);
    for (let index = 0; index < 100; index += 1) {
      const answer = evaluator.decide('f', { targetingKey: `u${index % 10}` });
      answer.tally ??= { count: 0 };
      answer.tally.count += 1;
    }
    const tallies = new Set(Array.from({ length: 10 }, (_, index) => evaluator.evaluate('f', { targetingKey: `u${index}` }).tally));
    expect([...tallies].reduce((sum, tally) => sum + tally!.count, 0)).toBe(100);
  });

  it('answers a context whose getter evaluates another flag', () => {
    const evaluator = new Evaluator(rulesetOf(flagOf('inner', [{ id: 'r', value: 'in', conditions: [{ attribute: 'y', operator: 'equals', value: 'b' }] }]), flagOf('outer', [{ id: 'r', value: 'out', conditions: [{ attribute: 'x', operator: 'equals', value: 'in' }, { attribute: 'y', operator: 'equals', value: 'a' }] }])), () => NOW);
    const raw = { targetingKey: 'o', y: 'a', get x() { return evaluator.value('inner', { y: 'b' }, null); } };
    expect(evaluator.value('outer', raw, null)).toBe('out');
  });

  it('finds segments out anew for the evaluation around another', () => {
    const inSegment = { operator: 'in_segment', value: 's' };
    const ruleset = compileRuleset({
      environment: 'production', position: 1, regions: [], calendars: [], segments: [{ key: 's', included: ['member'], conditions: [] }],
      flags: [flagOf('inner', [{ id: 'r', value: 'in', conditions: [inSegment] }]), flagOf('outer', [{ id: 'r', value: 'out', conditions: [{ attribute: 'x', operator: 'equals', value: 'in' }, inSegment] }])],
    } as unknown as Parameters<typeof compileRuleset>[0]);
    const evaluator = new Evaluator(ruleset, () => NOW);
    const raw = { targetingKey: 'stranger', get x() { return evaluator.value('inner', { targetingKey: 'member' }, null); } };
    expect(evaluator.value('outer', raw, null)).toBe('no');
  });

  it('answers GENERAL where a getter of the context throws, and goes on', () => {
    const evaluator = new Evaluator(rulesetOf(flagOf('f', [{ id: 'r', value: 'yes', conditions: [{ attribute: 'x', operator: 'exists' }] }])), () => NOW);
    expect(evaluator.decide('f', { get x() { throw new Error('no'); } }).errorCode).toBe('GENERAL');
    expect(evaluator.value('f', { x: 1 }, null)).toBe('yes');
  });
});
