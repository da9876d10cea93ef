import { operators, type Condition } from '@pataka/contracts';
import { conditionsFaults } from './condition-faults';

const pointersOf = (...conditions: unknown[]) => conditionsFaults(conditions, '/conditions').map((fault) => fault.pointer);

const good: Condition[] = [
  { attribute: 'role', operator: 'equals', value: 'driver' }, { attribute: 'beta', operator: 'not_equals', value: true },
  { attribute: 'region', operator: 'in', value: ['pune', 7, false] }, { attribute: 'region', operator: 'not_in', value: [] },
  { attribute: 'fleet_size', operator: 'gt', value: 50 }, { attribute: 'fleet_size', operator: 'gte', value: '5e1' },
  { attribute: 'fleet_size', operator: 'lt', value: -0.5 }, { attribute: 'fleet_size', operator: 'lte', value: '-7.25' },
  { attribute: 'role', operator: 'contains', value: 'manager' }, { attribute: 'role', operator: 'starts_with', value: 'fleet' },
  { attribute: 'role', operator: 'ends_with', value: '' }, { attribute: 'vehicle_type', operator: 'regex', value: '^(van|auto)$' },
  { attribute: 'role', operator: 'exists' }, { attribute: 'role', operator: 'not_exists' },
  { attribute: 'v', operator: 'semver_eq', value: '1.10.0' }, { attribute: 'v', operator: 'semver_gt', value: '1.0.0-alpha.1+build.007' },
  { attribute: 'v', operator: 'semver_gte', value: '0.0.0' }, { attribute: 'v', operator: 'semver_lt', value: '1.0.0--' }, { attribute: 'v', operator: 'semver_lte', value: '1.0.0+a-b' },
  { attribute: 'timestamp', operator: 'before', value: '2026-01-26T00:00:00Z' }, { attribute: 'timestamp', operator: 'after', value: '2026-01-26T00:00:00.5+05:30' },
  { attribute: 'language', operator: 'language_matches', value: 'hi-IN' }, { attribute: 'language', operator: 'language_matches', value: ['ta', '*'] },
  { attribute: 'region', operator: 'within', value: ['maharashtra'] }, { attribute: 'region', operator: 'within', value: 'north' },
  { operator: 'in_calendar', value: ['monsoon'] }, { operator: 'not_in_calendar', value: 'diwali' },
  { operator: 'in_segment', value: ['unknown_is_empty'] }, { operator: 'not_in_segment', value: 'pilots' },
];

const bad: [string, unknown, string[]][] = [
  ['neither operator nor group', { attribute: 'role' }, ['/conditions/0/operator']],
  ['an attribute missing', { operator: 'equals', value: 1 }, ['/conditions/0/attribute']],
  ['a value missing', { attribute: 'role', operator: 'equals' }, ['/conditions/0/value']],
  ['attribute and value missing', { operator: 'regex' }, ['/conditions/0/attribute', '/conditions/0/value']],
  ['an attribute that reaches a prototype', { attribute: '__Proto__', operator: 'exists' }, ['/conditions/0/attribute']],
  ['null to equal', { attribute: 'role', operator: 'equals', value: null }, ['/conditions/0/value']],
  ['a list to equal', { attribute: 'role', operator: 'equals', value: ['a'] }, ['/conditions/0/value']],
  ['a single value to be in', { attribute: 'role', operator: 'in', value: 'a' }, ['/conditions/0/value']],
  ['an object in a list', { attribute: 'role', operator: 'not_in', value: [{}] }, ['/conditions/0/value']],
  ['text to be greater than', { attribute: 'n', operator: 'gt', value: 'ten' }, ['/conditions/0/value']],
  ['a number not as JSON writes it', { attribute: 'n', operator: 'lt', value: '+1' }, ['/conditions/0/value']],
  ['a number to start with', { attribute: 'n', operator: 'starts_with', value: 1 }, ['/conditions/0/value']],
  ['an invalid regex', { attribute: 'n', operator: 'regex', value: '(' }, ['/conditions/0/value']],
  ['a back-reference, which takes exponential time', { attribute: 'n', operator: 'regex', value: '(a)\\1' }, ['/conditions/0/value']],
  ['a look-ahead', { attribute: 'n', operator: 'regex', value: '(?=a)' }, ['/conditions/0/value']],
  ['a regex of 513 characters', { attribute: 'n', operator: 'regex', value: 'a'.repeat(513) }, ['/conditions/0/value']],
  ['a value to exist', { attribute: 'n', operator: 'exists', value: true }, ['/conditions/0/value']],
  ['half a version', { attribute: 'v', operator: 'semver_eq', value: '1.2' }, ['/conditions/0/value']],
  ['a version with leading zeros', { attribute: 'v', operator: 'semver_gt', value: '01.2.3' }, ['/conditions/0/value']],
  ['a pre-release with leading zeros', { attribute: 'v', operator: 'semver_gt', value: '1.2.3-01' }, ['/conditions/0/value']],
  ['an empty pre-release', { attribute: 'v', operator: 'semver_gt', value: '1.2.3-' }, ['/conditions/0/value']],
  ['an instant without a zone', { attribute: 't', operator: 'before', value: '2026-01-26T00:00:00' }, ['/conditions/0/value']],
  ['a day that does not exist', { attribute: 't', operator: 'after', value: '2026-02-30T00:00:00Z' }, ['/conditions/0/value']],
  ['a language with a blank', { attribute: 'l', operator: 'language_matches', value: ['hi', 'hi IN'] }, ['/conditions/0/value']],
  ['a number for a region', { attribute: 'r', operator: 'within', value: 4 }, ['/conditions/0/value']],
  ['an attribute beside a calendar', { attribute: 'timestamp', operator: 'in_calendar', value: 'monsoon' }, ['/conditions/0/attribute']],
  ['an attribute beside a segment', { attribute: 'x', operator: 'in_segment', value: ['s'] }, ['/conditions/0/attribute']],
  ['two groups in one', { any: [], all: [] }, ['/conditions/0/all']],
  ['an operator in a group', { any: [], operator: 'exists' }, ['/conditions/0/operator']],
  ['a fault deep in groups', { any: [{ all: [{ not: { attribute: 'a', operator: 'gt', value: 'x' } }] }] }, ['/conditions/0/any/0/all/0/not/value']],
];

describe('conditions', () => {
  it('cover every operator', () => {
    expect(new Set(good.map((condition) => condition.operator))).toEqual(new Set(operators));
  });

  it.each(good.map((condition) => [JSON.stringify(condition), condition]))('take %s', (_, condition) => {
    expect(pointersOf(condition)).toEqual([]);
  });

  it.each(bad)('refuse %s', (_, condition, pointers) => {
    expect(pointersOf(condition)).toEqual(pointers);
  });

  it('may be grouped ten deep and no deeper', () => {
    const nested = (depth: number): unknown => (depth === 0 ? { attribute: 'a', operator: 'exists' } : { not: nested(depth - 1) });
    expect(pointersOf(nested(10))).toEqual([]);
    expect(pointersOf(nested(11))).toEqual([`/conditions/0${'/not'.repeat(10)}`]);
  });

  it('name all their faults at once', () => {
    expect(pointersOf({ attribute: 'a', operator: 'gt', value: 'x' }, { attribute: 'a', operator: 'exists' }, { operator: 'equals', value: 1 })).toEqual(['/conditions/0/value', '/conditions/2/attribute']);
  });
});
