import type { ExplainAnswer, Exposure, Flag } from '@pataka/contracts';
import { type Context, compileRuleset, explain, type Explanation, prepareContext } from '@pataka/evaluation';
import { differencesOf } from './explain-recorded';
import { answerLines, paintFor } from './explain-tree';

const split = [{ variant: 'control', weight: 0.5, value: 'basic' }, { variant: 'ai', weight: 0.5, value: 'ai_advanced' }];
const flag: Flag = {
  key: 'routing', type: 'STRING', status: 'ACTIVE', defaultValue: 'basic', version: 3, prerequisites: [{ flag: 'gone', value: true }],
  environments: { production: { enabled: true, rules: [
    { id: 'west', priority: 9, conditions: [{ any: [{ attribute: 'region', operator: 'in', value: ['pune'] }, { operator: 'in_segment', value: ['vip'] }] }], value: 'x', schedule: { until: '2026-01-01T00:00:00Z' } },
    { id: 'exp', experimentId: 'exp_1', phase: 1, percentage: 50, split }, { id: 'rest', value: 'rest' },
  ] } },
};

const answerTo = (context: object, more: Partial<Flag> = {}): ExplainAnswer<Explanation> => {
  const ruleset = compileRuleset({ environment: 'production', position: 7, flags: [{ ...flag, ...more }], segments: [{ key: 'vip', included: ['u'] }], regions: [], calendars: [] });
  const explanation = explain(ruleset, 'routing', prepareContext(context) as Context, Date.UTC(2026, 6, 1));
  return {
    source: 'recomputed', recorded: false, environment: 'production', context: {}, at: '2026-07-01T00:00:00.000Z', position: 7, engine: { version: '1.0.0', asked: null, same: null },
    basis: { kind: 'past', includes: [], excludes: [] }, lastChange: { position: 6, at: '2026-06-30T00:00:00.000Z', type: 'flag.updated', actor: 'asha', reason: 'monsoon' }, notes: ['a note'], explanation,
  };
};
const treeOf = (context: object, more?: Partial<Flag>): string => answerLines(answerTo(context, more), 'the context given', paintFor(false)).join('\n');

describe('the tree of an explanation', () => {
  it('says what was answered, on what basis, by whom it was so', () => {
    const tree = treeOf({ targetingKey: 'u' });
    expect(tree).toContain('routing in production: "basic" (variant default, DEFAULT)');
    expect(tree).toContain('recomputed by the rules of then: position 7, judged at 2026-07-01T00:00:00.000Z, engine 1.0.0, from the context given');
    expect(tree).toContain('last change: flag.updated at position 6, 2026-06-30T00:00:00.000Z, by asha: monsoon');
    expect(tree).toContain('note: a note');
    expect(tree).toContain('✗ prerequisite gone = true: there is no such flag');
  });

  it('shows every rule in order, down to conditions, segments, schedule, buckets and thresholds', () => {
    const lines = treeOf({ targetingKey: 'u', region: 'delhi' }, { prerequisites: [] }).split('\n').slice(4);
    expect(lines.slice(0, 7)).toEqual([
      '✗ rule west, priority 9: schedule closed', '    ✗ schedule', '        ✗ until 2026-01-01T00:00:00Z', '    ✓ any of',
      '        ✗ region in ["pune"]: it is "delhi"', '        ✓ in_segment ["vip"]', '            ✓ segment vip: included',
    ]);
    expect(lines.slice(7).join('\n')).toMatch(/rule exp: .*\n {4}[✓✗] 50%: bucket \d+ is( not)? below 50000 \(targetingKey "u", salt "exp"\)\n {4}✓ split: bucket \d+ is (ai|control) \(control below 50000, ai below 100000\)\n.*rule rest/);
  });

  it('says what a rule misses that buckets by a key which is not there', () => {
    expect(treeOf({}, { prerequisites: [] })).toContain('✗ rule exp: needs a key that the context has not\n    ✗ 50%: targetingKey is missing\n    ✗ split: targetingKey is missing');
  });

  it('has colours only where they are asked for', () => {
    expect(treeOf({})).not.toContain('\u001b');
    expect(answerLines(answerTo({}), 'x', paintFor(true)).join('')).toContain('\u001b[31m');
  });
});

describe('a recorded exposure', () => {
  const answer = answerTo({ targetingKey: 'u' }, { prerequisites: [], environments: { production: { enabled: true, rules: [{ id: 'exp', experimentId: 'exp_1', phase: 1, split }] } } });
  const { variant, bucket } = answer.explanation.evaluation;
  const exposure: Exposure = {
    targetingKey: 'u', unit: 'u', experimentId: 'exp_1', phase: 1, variant: variant!, occurredAt: '2026-07-01T00:00:00Z',
    receipt: { flagVersion: 3, position: 7, ruleId: 'exp', bucket: bucket!, probability: 0.5, engine: '1.0.0' },
  };

  it('agrees with its recomputation, or differs by name', () => {
    expect(differencesOf(exposure, answer)).toEqual([]);
    expect(differencesOf({ ...exposure, variant: 'other', receipt: { ...exposure.receipt!, bucket: 1 } }, answer).map(({ of }) => of)).toEqual(['variant', 'bucket']);
  });

  it('of a foreign producer is compared by what it says', () => {
    expect(differencesOf({ targetingKey: 'u', experimentId: 'exp_1', variant: variant!, occurredAt: exposure.occurredAt }, answer)).toEqual([]);
  });
});
