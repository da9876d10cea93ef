import fixture from './fixtures/flag-created.v1.json';
import { Flag, faultsOf, schemaVersionOf, upcastData, flagChangeOf } from './index';
import type { JsonObject } from './index';

describe('upcasting', () => {
  const value = flagChangeOf(1, fixture as unknown as JsonObject);

  it('gives an old flag.created the environments of today', () => {
    const rules = fixture.flag.rules;
    expect(value.flag?.environments).toEqual({ production: { enabled: true, rules }, staging: { enabled: true, rules } });
    expect(faultsOf(Flag, value.flag)).toEqual([]);
  });

  it('upcasts the stored event alike', () => {
    const data = upcastData('flag.created', 1, fixture.change.data as unknown as JsonObject);
    expect(data).toEqual(value.change.data);
  });

  it('leaves newest data as it is', () => {
    const data = { flag: { key: 'a', environments: {} } };
    expect(upcastData('flag.created', schemaVersionOf('flag.created'), data)).toBe(data);
  });

  it('refuses to guess at a version from the future', () => {
    expect(() => upcastData('flag.created', 3, {})).toThrow(RangeError);
  });
});
