import type { Condition } from '@pataka/contracts';
import { compileRuleset, prepareContext, type Context } from './index';
import { compileCondition } from './condition';

const AT = Date.UTC(2026, 6, 1);
const ruleset = compileRuleset({
  environment: 'production', position: 1, flags: [], calendars: [],
  segments: [
    { key: 'vip', included: ['u1', 'u2'], excluded: ['u2'] },
    { key: 'big', conditions: [{ attribute: 'fleet_size', operator: 'gte', value: 20 }], excluded: ['u3'] },
    { key: 'empty', conditions: [] },
    { key: 'nested', conditions: [{ operator: 'in_segment', value: ['vip', 'big'] }] },
    { key: 'ring', conditions: [{ operator: 'in_segment', value: ['ring2'] }] },
    { key: 'ring2', included: ['u1'], conditions: [{ not: { operator: 'in_segment', value: 'ring' } }] },
  ],
  regions: [{ key: 'west' }, { key: 'maharashtra', parent: 'west' }, { key: 'pune', parent: 'maharashtra' }, { key: 'a', parent: 'b' }, { key: 'b', parent: 'a' }],
});

const holds = (condition: unknown, raw: unknown): boolean => {
  ruleset.begin('');
  return compileCondition(condition as Condition, ruleset)(prepareContext(raw) as Context, AT);
};
type Row = [operator: string, value: unknown, actual: unknown, expected: boolean];

describe('a condition on an attribute', () => {
  it.each<Row>([
    ['equals', 20, 20, true], ['equals', 20, '20', true], ['equals', '20', 20, true], ['equals', '20.0', 20, false], ['equals', 20, '20.0', false],
    ['equals', true, 'true', true], ['equals', 'true', true, true], ['equals', true, 1, false], ['equals', 1, true, false], ['equals', 'false', false, true],
    ['equals', 'Pune', 'pune', false], ['equals', '', '', true], ['equals', ['a'], ['a'], false], ['equals', { a: 1 }, { a: 1 }, false], ['equals', null, null, false],
    ['equals', 'null', NaN, false], ['equals', 'NaN', NaN, false], ['equals', 1e21, '1e+21', true], ['equals', '-0', 0, false], ['equals', '0', -0, true],
    ['not_equals', 'a', 'b', true], ['not_equals', 'a', 'a', false], ['not_equals', 'a', null, false], ['not_equals', 'a', undefined, false],
    ['not_equals', 'a', ['a'], true], ['not_equals', 1, true, true],
    ['in', ['a', 'b'], 'b', true], ['in', ['a', 20, true], '20', true], ['in', ['20', 'true'], 20, true], ['in', ['20', 'true'], true, true], ['in', [20, 1], true, false],
    ['in', ['a', 'b'], ['x', 'b'], true], ['in', ['a', 'b'], [], false], ['in', [], 'a', false], ['in', 'a', 'a', true], ['in', [['a'], null, {}], 'a', false],
    ['in', ['a', 'b'], { a: 1 }, false], ['in', [1, 2], [[1]], false], ['in', ['b'], ['a', 'b'], true],
    ['not_in', ['a', 'b'], 'c', true], ['not_in', ['a', 'b'], ['a', 'c'], false], ['not_in', ['a', 'b'], [], true], ['not_in', ['a', 'b'], null, false], ['not_in', [], 'a', true],
    ['gt', 10, 11, true], ['gt', 10, '11', true], ['gt', '10', 11, true], ['gt', 10, 10, false], ['gte', 10, 10, true], ['lt', 10, 9.5, true], ['lte', 10, '1e1', true],
    ['gt', 10, '0x20', false], ['gt', 10, ' 11', false], ['gt', 10, '+11', false], ['gt', 10, '011', false], ['gt', 10, '11.', false], ['gt', 10, '.5e9', false],
    ['gt', 0, true, false], ['gt', -1, '', false], ['gt', 'x', 5, false], ['gt', 0, Infinity, false], ['gt', 0, [5], false], ['lt', 10, null, false], ['lte', 0, '-0', true],
    ['contains', 'un', 'pune', true], ['contains', '', '', true], ['contains', 'x', 'pune', false], ['contains', 'hi', ['en', 'hi'], true], ['contains', 20, ['20'], true],
    ['contains', 'hi', ['hindi'], false], ['contains', '2', 20, false], ['contains', 'a', null, false],
    ['starts_with', 'pu', 'pune', true], ['starts_with', '', '', true], ['starts_with', 'pu', 'p', false], ['starts_with', 2, '20', false], ['starts_with', '2', 20, false], ['starts_with', 'pune', 'puna', false],
    ['ends_with', 'ne', 'pune', true], ['ends_with', '', 'x', true], ['ends_with', 'ne', ['pune'], false],
    ['regex', '\\d+t$', 'truck_10t', true], ['regex', '^$', '', true], ['regex', '(?i)TRUCK', 'a truck', true], ['regex', '[', '[', false], ['regex', '(?=a)', 'a', false], ['regex', '1', 1, false], ['regex', 5, '5', false],
    ['regex', '^.$', '😀', true], ['regex', '\\p{Devanagari}', 'पुणे', true],
    ['exists', undefined, '', true], ['exists', undefined, 0, true], ['exists', undefined, false, true], ['exists', undefined, null, false], ['exists', undefined, undefined, false],
    ['not_exists', undefined, '', false], ['not_exists', undefined, null, true], ['not_exists', undefined, undefined, true],
    ['semver_eq', '1.2.3', '1.2.3+build', true], ['semver_eq', '1.2.3', 'v1.2.3', false], ['semver_eq', '1.2.3', '1.2', false], ['semver_eq', '1.2', '1.2', false],
    ['semver_gt', '1.9.0', '1.10.0', true], ['semver_lt', '1.0.0', '1.0.0-alpha', true], ['semver_gt', '1.0.0-alpha', '1.0.0-alpha.1', true],
    ['semver_gt', '1.0.0-alpha.1', '1.0.0-alpha.beta', true], ['semver_gt', '1.0.0-beta.2', '1.0.0-beta.11', true], ['semver_gt', '1.0.0-beta.11', '1.0.0-rc.1', true],
    ['semver_gt', '9007199254740992.0.0', '9007199254740993.0.0', true], ['semver_gte', '01.0.0', '1.0.0', false], ['semver_lte', '1.0.0-01', '1.0.0', false], ['semver_lte', '2.0.0', 2, false],
    ['before', '2026-07-01T00:00:00+05:30', '2026-06-30T18:29:59Z', true], ['before', '2026-07-01T00:00:00+05:30', '2026-06-30T18:30:00Z', false], ['after', '2026-07-01T00:00:00Z', 'later', false], ['after', 'x', '2026-07-01T00:00:00Z', false],
    ['language_matches', 'hi', 'hi', true], ['language_matches', 'hi', 'hi-IN', true], ['language_matches', 'hi-IN', 'hi', false], ['language_matches', 'HI', 'hi-in', true], ['language_matches', 'hi', 'hin', false],
    ['language_matches', ['ta', '*'], 'mr', true], ['language_matches', ['ta', 'hi'], 'hi-Deva', true], ['language_matches', 'hi', ['hi'], false], ['language_matches', '*', null, false], ['language_matches', [], 'hi', false],
    ['within', 'west', 'pune', true], ['within', ['pune'], 'pune', true], ['within', ['pune'], 'maharashtra', false], ['within', 'nowhere', 'nowhere', false], ['within', 'west', ['pune'], false], ['within', 'a', 'b', true], ['within', 'west', 'a', false],
    ['no_such_operator', 1, 1, false],
  ])('%s %j against %j is %s', (operator, value, actual, expected) => {
    expect(holds({ attribute: 'x', operator, value }, { x: actual })).toBe(expected);
  });

  it('holds strictly before and after the instant of the evaluation', () => {
    const at = (operator: string, value: string): boolean => holds({ attribute: 'timestamp', operator, value }, {});
    expect([at('before', '2026-07-01T00:00:00.001Z'), at('before', '2026-07-01T00:00:00Z'), at('after', '2026-06-30T23:59:59.999Z'), at('after', '2026-07-01T00:00:00Z')]).toEqual([true, false, true, false]);
  });
});

describe('a group of conditions', () => {
  const yes = { attribute: 'x', operator: 'exists' };
  const no = { attribute: 'y', operator: 'exists' };
  it.each<[unknown, boolean]>([
    [{ any: [] }, false], [{ all: [] }, true], [{ any: [no, yes] }, true], [{ all: [yes, no] }, false], [{ not: no }, true], [{ not: { any: [no, { all: [yes, { not: no }] }] } }, false],
    [{}, false], [null, false], [7, false], [{ any: 'x' }, false], [{ not: null }, false], [{ operator: 'exists' }, false], [{ attribute: 'x', operator: 'constructor' }, false],
  ])('%j is %s', (condition, expected) => expect(holds(condition, { x: 1 })).toBe(expected));
});

describe('a segment', () => {
  it.each<[string, unknown, unknown, boolean]>([
    ['lets in whom it includes', 'vip', { targetingKey: 'u1' }, true],
    ['excludes before it includes', 'vip', { targetingKey: 'u2' }, false],
    ['without conditions lets in nobody else', 'vip', { targetingKey: 'u9' }, false],
    ['with an empty list of conditions lets in nobody', 'empty', { targetingKey: 'u9' }, false],
    ['lets in whom its conditions take, without a key too', 'big', { fleet_size: 20 }, true],
    ['excludes before its conditions', 'big', { targetingKey: 'u3', fleet_size: 20 }, false],
    ['may refer to other segments', 'nested', { fleet_size: 30 }, true],
    ['that refers to itself contains nothing', ['ring', 'ring2'], { targetingKey: 'u1' }, false],
    ['that nobody knows contains nothing', 'unknown', { targetingKey: 'u1' }, false],
    ['is any of the named ones', ['unknown', 'vip'], { targetingKey: 'u1' }, true],
  ])('%s', (_rule, value, raw, expected) => {
    expect(holds({ operator: 'in_segment', value }, raw)).toBe(expected);
    expect(holds({ operator: 'not_in_segment', value }, raw)).toBe(!expected);
  });
});
