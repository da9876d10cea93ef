import { CreateFlag, DomainError, Exposure, CreateExperiment, checkJson, faultsOf, jsonSchemas, parse, faultCodes } from './index';

const flag = { key: 'upi_autopay', type: 'BOOLEAN', defaultValue: false };

describe('shapes', () => {
  it('accepts a document that fits and returns it unchanged', () => {
    expect(parse(CreateFlag, flag)).toBe(flag);
  });

  it('names every fault at once with its pointer', () => {
    const faults = faultsOf(CreateFlag, { ...flag, key: '-bad', colour: 'red', environments: { production: { enabled: 'yes', rules: [{ id: 'r', percentage: 101, oops: 1 }] } } });
    expect(faults.map((fault) => fault.pointer).sort()).toEqual([
      '/colour', '/environments/production/enabled', '/environments/production/rules/0/oops', '/environments/production/rules/0/percentage', '/key',
    ]);
  });

  it('tells programs what each fault is, with the parameters that its kind has', () => {
    const faults = [
      ...faultsOf(CreateFlag, { key: '-bad', type: 'BOOL', colour: 'red', name: 'x'.repeat(300), tags: [''], environments: { production: { enabled: 'yes', rules: [{ id: 'r', percentage: 101 }] } } }),
      ...checkJson({ deep: { deeper: {} }, text: 'x\u0000', long: 'x'.repeat(30), number: 2 ** 60 }, { maxDepth: 2, maxString: 20 }),
    ];
    for (const { code, params = {} } of faults) expect([code, Object.keys(params).sort()]).toEqual([code, code === undefined ? 'a code' : [...faultCodes[code]].sort()]);
    expect([...new Set(faults.map(({ code }) => code))].sort()).toEqual(['bad-character', 'integer-too-large', 'missing', 'one-of', 'pattern', 'too-deep', 'too-large', 'too-long', 'too-short', 'type', 'unknown-member']);
  });

  it('checks conditions to any depth', () => {
    const nested = { any: [{ all: [{ not: { attribute: 'region', operator: 'near', value: 'pune' } }] }] };
    const faults = faultsOf(CreateFlag, { ...flag, environments: { production: { enabled: true, rules: [{ id: 'r', value: true, conditions: [nested] }] } } });
    expect(faults.map((fault) => fault.pointer)).toEqual(['/environments/production/rules/0/conditions/0/any/0/all/0/not/operator']);
  });

  it('takes every JSON type that a value may have', () => {
    for (const defaultValue of [true, 'x', 1.5, { a: [null] }]) expect(faultsOf(CreateFlag, { ...flag, defaultValue })).toEqual([]);
    for (const defaultValue of [null, [1]]) expect(faultsOf(CreateFlag, { ...flag, defaultValue })).not.toEqual([]);
  });

  it('requires what is required', () => {
    expect(faultsOf(Exposure, {}).map((fault) => fault.pointer).sort()).toEqual(['/experimentId', '/occurredAt', '/targetingKey', '/variant']);
    expect(faultsOf(CreateFlag, { key: 'a', type: 'BOOLEAN' }).map((fault) => fault.pointer)).toEqual(['/defaultValue']);
  });

  it('takes metrics by key or definition', () => {
    const experiment = { key: 'e', type: 'AB_TEST', successMetrics: ['driver_retention', { key: 'fuel', type: 'mean' }] };
    expect(faultsOf(CreateExperiment, experiment)).toEqual([]);
    expect(faultsOf(CreateExperiment, { ...experiment, successMetrics: [1] })).not.toEqual([]);
  });

  it('takes instants with a zone, and no dates without', () => {
    const from = (text: string) => faultsOf(CreateFlag, { ...flag, environments: { production: { enabled: true, rules: [{ id: 'r', value: true, schedule: { from: text } }] } } }).length;
    expect([from('2026-07-01T00:00:00+05:30'), from('2026-07-01T00:00:00.123Z')]).toEqual([0, 0]);
    expect([from('2026-07-01'), from('2026-07-01T00:00:00')]).toEqual([1, 1]);
  });

  it('refuses members unknown to every shape', () => {
    for (const schema of Object.values(jsonSchemas())) expect(schema.additionalProperties).not.toBeUndefined();
  });

  it('throws a domain error that carries the faults', () => {
    expect(() => parse(CreateFlag, [])).toThrow(DomainError);
  });
});

describe('checkJson', () => {
  const check = (text: string) => checkJson(JSON.parse(text), { maxDepth: 8 }).map((fault) => fault.pointer);

  it.each([
    ['{"a":"\\u0000"}', ['/a']],
    ['{"a":"\\ud800"}', ['/a']],
    ['{"a":{"__proto__":1}}', ['/a/__proto__']],
    ['{"constructor":1}', ['/constructor']],
    ['[9007199254740993]', ['/0']],
    ['[9007199254740991, 0.1, "9007199254740993"]', []],
    ['{"a/b":"\\u0000"}', ['/a~1b']],
  ])('finds the faults of %s', (text, pointers) => {
    expect(check(text)).toEqual(pointers);
  });

  it('refuses depth without exhausting the stack', () => {
    expect(check('['.repeat(100_000) + ']'.repeat(100_000))).toEqual(['/0/0/0/0/0/0/0/0']);
  });
});
