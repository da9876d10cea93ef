import { Context, prepareContext } from './index';
import { readerOf } from './attribute';

const AT = Date.UTC(2026, 0, 1);
const prepared = (raw: unknown): Context => {
  const context = prepareContext(raw);
  if (!(context instanceof Context)) throw new Error(context.errorDetails);
  return context;
};
const read = (raw: unknown, name: string): unknown => readerOf(name, 'production')(prepared(raw), AT);

describe('prepareContext', () => {
  it.each<[string, unknown, string | undefined, unknown]>([
    ['takes the targeting key as user_id', { targetingKey: 'u' }, 'u', 'u'],
    ['takes user_id as the targeting key', { user_id: 'u' }, 'u', 'u'],
    ['writes a numeric user_id as decimal text', { user_id: 42 }, '42', '42'],
    ['keeps the digits of the largest safe user_id', { user_id: 9007199254740991 }, '9007199254740991', '9007199254740991'],
    ['keeps a uint64 that comes as text', { user_id: '18446744073709551615' }, '18446744073709551615', '18446744073709551615'],
    ['keeps both where both are given', { targetingKey: 'k', user_id: 7 }, 'k', '7'],
    ['counts an empty targeting key as none', { targetingKey: '' }, undefined, undefined],
    ['lets user_id stand in for an empty targeting key', { targetingKey: '', user_id: 'u' }, 'u', 'u'],
    ['lets the targeting key stand in for an empty user_id', { targetingKey: 'k', user_id: '' }, 'k', 'k'],
    ['has no key without either', { region: 'pune' }, undefined, undefined],
    ['finds no key in custom attributes', { custom_attributes: { targetingKey: 'k' } }, undefined, undefined],
    ['reads user_id in custom attributes as a mere attribute', { custom_attributes: { user_id: 'u' } }, undefined, 'u'],
    ['takes an absent context for an empty one', undefined, undefined, undefined],
  ])('%s', (_rule, raw, key, userId) => {
    expect(prepared(raw).targetingKey).toBe(key);
    expect(read(raw, 'user_id')).toBe(userId);
  });

  it.each<[unknown]>([
    [null], ['text'], [3], [true], [[]], [{ targetingKey: 42 }], [{ targetingKey: null }], [{ targetingKey: {} }], [{ user_id: 9007199254740992 }],
    [{ targetingKey: 'k', user_id: 2 ** 60 }], [{ user_id: -(2 ** 53) }], [{ user_id: true }], [{ user_id: ['u'] }], [{ user_id: NaN }],
    [{ timestamp: 'yesterday' }], [{ timestamp: 1767225600 }], [{ timestamp: '2026-01-01' }], [{ timestamp: '2026-01-01T00:00:00' }], [{ timestamp: '' }],
    [{ timestamp: '2026-02-29T00:00:00Z' }], [{ custom_attributes: { timestamp: 'soon' } }],
  ])('refuses %j', (raw) => {
    expect(prepareContext(raw)).toMatchObject({ errorCode: 'INVALID_CONTEXT', errorDetails: expect.any(String) });
  });

  it('lets a top-level attribute win over a custom one, and flattens the others', () => {
    const raw = { region: 'pune', custom_attributes: { region: 'delhi', language: 'hi' } };
    expect([read(raw, 'region'), read(raw, 'language'), read(raw, 'custom_attributes')]).toEqual(['pune', 'hi', undefined]);
  });

  it('answers the environment evaluated in, whatever the context says', () => {
    expect(read({ environment: 'staging', custom_attributes: { environment: 'x' } }, 'environment')).toBe('production');
  });

  it('reads no attribute from the prototype', () => {
    for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) expect(read({}, name)).toBeUndefined();
    expect(read(JSON.parse('{"__proto__":"own"}'), '__proto__')).toBe('own');
  });

  it('reads a date as its RFC 3339 text', () => {
    const date = new Date(AT);
    expect(read({ since: date }, 'since')).toBe('2026-01-01T00:00:00.000Z');
    expect(prepared({ timestamp: date }).timestampMs).toBe(AT);
    expect(read({}, 'timestamp')).toBe('2026-01-01T00:00:00.000Z');
  });
});
