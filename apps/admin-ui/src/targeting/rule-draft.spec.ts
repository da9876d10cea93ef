import fc from 'fast-check';
import { type Condition, type FlagEnvironment, type Operator, operators, type Rule } from '@pataka/contracts';
import { conditionOf, nodeOf, withOperator } from './condition-draft';
import { draftFaults } from './draft-faults';
import { meanings, operatorNames } from './operators';
import { draftOfRule, draftsOf, emptyRule, ruleOfDraft, settingsOf, weightsOf, withPriorities } from './rule-draft';

const values: Readonly<Record<(typeof meanings)[Operator]['operand'], Condition['value'] | undefined>> = {
  scalar: 'truck', list: ['a', 'b'], number: 50, text: 'MH', regex: '^MH-(12|14)', none: undefined, version: '4.2.0', instant: '2026-07-01T00:00:00+05:30', languages: ['hi', 'mr'], regions: ['west'], calendars: ['monsoon'], segments: ['pilots'],
};
const leafOf = (operator: Operator): Condition => {
  const value = values[meanings[operator].operand];
  return { ...(['calendars', 'segments'].includes(meanings[operator].operand) ? {} : { attribute: 'region' }), operator, ...(value === undefined ? {} : { value }) };
};
const leaf = fc.oneof(
  fc.constantFrom(...operatorNames).map(leafOf),
  fc.record({ attribute: fc.constant('n'), operator: fc.constant<Operator>('in'), value: fc.array(fc.oneof(fc.string(), fc.integer(), fc.boolean()), { minLength: 1, maxLength: 4 }) }),
);
const condition: fc.Arbitrary<Condition> = fc.letrec<{ node: Condition }>((tie) => ({
  node: fc.oneof({ maxDepth: 3 }, leaf, fc.array(tie('node'), { minLength: 1, maxLength: 3 }).map((any) => ({ any })), fc.array(tie('node'), { minLength: 1, maxLength: 3 }).map((all) => ({ all })),
    tie('node').filter((inner) => inner.all === undefined || inner.all.length > 1).map((not) => ({ not }))),
})).node;
const rule: fc.Arbitrary<Rule> = fc.record({ id: fc.constant('r'), conditions: fc.array(condition, { minLength: 1, maxLength: 3 }), percentage: fc.integer({ min: 0, max: 100_000 }).map((thousandths) => thousandths / 1000), value: fc.boolean() });

describe('a rule as a draft', () => {
  it('knows every operator of the contracts', () => expect([...operatorNames].sort()).toEqual([...operators].sort()));

  it('is written as it was read', () => fc.assert(fc.property(rule, (written) => {
    expect(ruleOfDraft({ ...draftOfRule(written), saved: null }, 'BOOLEAN')).toEqual(written);
  })));

  it('has conditions that are written as they were read', () => fc.assert(fc.property(condition, (written) => expect(conditionOf(nodeOf(written))).toEqual(written))));

  it('finds no fault with what is valid, and names where a fault is', () => {
    const drafts = operatorNames.map((operator, index) => draftOfRule({ id: `r${index}`, conditions: [leafOf(operator)], value: true }));
    expect([...draftFaults(drafts, 'BOOLEAN').keys()]).toEqual([]);
    const bad = draftOfRule({ id: 'r', conditions: [{ any: [{ attribute: 'v', operator: 'semver_gt', value: '4.2' }, { not: { attribute: 'x', operator: 'in', value: [] } }] }], percentage: 101, split: [{ variant: 'a', weight: 0.4, value: 'x' }] });
    expect([...draftFaults([bad], 'NUMBER').keys()].sort()).toEqual(['/rules/0/conditions/0/any/0/value', '/rules/0/conditions/0/any/1/not/value', '/rules/0/percentage', '/rules/0/split', '/rules/0/split/0/value']);
  });

  it('keeps what is not edited here, and writes to the letter what nobody touched', () => {
    const saved = { id: 'x', priority: 7, value: true, conditions: [{ not: { all: [{ attribute: 'a', operator: 'exists' }] } }], later: 'member' } as unknown as Rule;
    expect(ruleOfDraft(draftOfRule(saved), 'BOOLEAN')).toBe(saved);
    expect(ruleOfDraft({ ...draftOfRule(saved), description: 'new' }, 'BOOLEAN')).toMatchObject({ priority: 7, later: 'member', description: 'new' });
  });

  it('makes weights that sum to 1 of shares that were typed', () => {
    expect(weightsOf(['33.333', '33.333', '33.334']).reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
    expect(weightsOf(['50', '40'])).toEqual([0.5, 0.4]);
  });

  it('gives priorities that make the list’s order the order of judging, whatever the order', () => fc.assert(fc.property(
    fc.array(fc.record({ priority: fc.option(fc.integer({ min: -50, max: 50 }), { nil: undefined }), owned: fc.boolean() }), { maxLength: 8 }), (given) => {
      // An experiment's rules keep their own order among themselves, as the page lets nobody move them past each other.
      const owned = given.filter((one) => one.owned).map((one) => one.priority ?? 0).sort((a, b) => b - a);
      const rules = given.map(({ priority, owned: is }, index): Rule => ({ id: `r${index}`, value: true, ...(is ? { priority: owned.shift()!, experimentId: 'e' } : priority === undefined ? {} : { priority }) }));
      const written = withPriorities(rules);
      expect(draftsOf({ enabled: true, rules: written }).map(({ id }) => id)).toEqual(rules.map(({ id }) => id));
      for (const [index, one] of written.entries()) if (one.experimentId !== undefined) expect(one).toBe(rules[index]);
    },
  )));

  it('takes another operator without losing what still fits', () => {
    const typed = { ...(nodeOf({ attribute: 'a', operator: 'in', value: ['x', 'y'] }) as Parameters<typeof withOperator>[0]) };
    expect(withOperator(typed, 'equals').texts).toEqual(['x']);
    expect(withOperator(typed, 'within').texts).toEqual([]);
  });

  it('adds a rule at the end', () => {
    const settings: FlagEnvironment = { enabled: true, rules: [{ id: 'rule-1', priority: 10, value: true }] };
    const drafts = draftsOf(settings);
    expect(settingsOf(true, [...drafts, emptyRule(drafts.map(({ id }) => id), 'false')], 'BOOLEAN').rules.map(({ id }) => id)).toEqual(['rule-1', 'rule-2']);
  });
});
