import { createHash } from 'node:crypto';
import fc from 'fast-check';
import type { Flag, Segment } from '@pataka/contracts';
import { prepareContext, type Context } from './context';
import { evaluate } from './evaluate';
import { finish, keyListsNamedBy, keyListSteps, MAX_KEY_LIST_BYTES, type KeyList } from './key-list';
import { foldKeyListSteps } from './key-list-fold';
import { compileRuleset } from './ruleset';

const inByteOrder = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
const textOf = (keys: Iterable<string>): Buffer => Buffer.from([...new Set(keys)].sort(inByteOrder).map((key) => `${key}\n`).join(''));
const hashOf = (text: Uint8Array): string => createHash('sha256').update(text).digest('hex');
const listOf = (keys: Iterable<string>): KeyList => {
  const text = textOf(keys);
  return finish(keyListSteps(text, hashOf(text)));
};

const wellFormed = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter((key) => key.isWellFormed() && !key.includes('\n'));
// Few characters, so that keys are often equal, and often begin alike.
const alike = fc.string({ unit: fc.constantFrom('a', 'b', ' ', 'é', 'ह', '\ue000', '😀'), minLength: 1, maxLength: 4 });
const keys = fc.array(fc.oneof(wellFormed, alike), { maxLength: 60 });

describe('a list of keys', () => {
  it('has exactly the keys it was made of', () => {
    fc.assert(fc.property(keys, keys, (listed, others) => {
      const list = listOf(listed);
      const set = new Set(listed);
      expect(list.size).toBe(set.size);
      for (const key of [...listed, ...others]) expect(list.has(key)).toBe(set.has(key));
    }));
  });
  it('has no key that runs over the end of a line, is empty, or is half a character', () => {
    const list = listOf(['a', 'b', '😀']);
    for (const key of ['', 'a\nb', '\n', 'ab', '\ud83d', 'b\n', 'a\n']) expect(list.has(key)).toBe(false);
  });
  it('finds each of many keys, and none of as many others', () => {
    const all = Array.from({ length: 50_000 }, (_, index) => `driver-${index}`);
    const list = listOf(all);
    expect(all.every((key) => list.has(key))).toBe(true);
    expect(all.some((key) => list.has(`${key}x`) || list.has(`x${key}`))).toBe(false);
  });
  it('is refused where its text is larger than its table can tell places in', () => {
    expect(() => finish(keyListSteps(new Uint8Array(MAX_KEY_LIST_BYTES + 1), '00'))).toThrow(RangeError);
  });
});

describe('a change to a list', () => {
  it('gives the text of the set that it leads to, whatever comes and goes', () => {
    fc.assert(fc.property(keys, keys, keys, (base, added, removed) => {
      const expected = new Set([...base, ...added]);
      for (const key of removed) expected.delete(key);
      expect(Buffer.from(finish(foldKeyListSteps(textOf(base), textOf(added), textOf(removed))))).toEqual(textOf(expected));
    }));
  });
});

describe('a segment with lists beside its document', () => {
  const list = listOf(['u1', 'u2']);
  const excluded = listOf(['u2', 'u4']);
  const segment: Segment = { key: 's', included: ['u3', 'u4'], includedList: { hash: list.hash, size: 2 }, excludedList: { hash: excluded.hash, size: 2 } };
  const flag = (operator: 'in_segment' | 'not_in_segment'): Flag => ({
    key: operator, type: 'BOOLEAN', status: 'ACTIVE', defaultValue: false,
    environments: { production: { enabled: true, rules: [{ id: 'listed', conditions: [{ operator, value: ['s'] }], value: true }] } },
  });
  const flags = [flag('in_segment'), flag('not_in_segment')];
  const compiled = compileRuleset({ environment: 'production', position: 1, flags, segments: [segment], regions: [], calendars: [], lists: new Map([list, excluded].map((one) => [one.hash, one])) });
  const answer = (key: string, targetingKey?: string) => evaluate(compiled, key, prepareContext({ ...(targetingKey === undefined ? {} : { targetingKey }) }) as Context, 0);

  it('contains what either lists as included and neither as excluded', () => {
    expect(['u1', 'u2', 'u3', 'u4', 'u5', undefined].map((key) => answer('in_segment', key).value)).toEqual([true, false, true, false, false, false]);
  });
  it('names the lists it needs', () => expect(keyListsNamedBy([segment, { key: 't' }])).toEqual([{ hash: list.hash, size: 2 }, { hash: excluded.hash, size: 2 }]));
  it('serves neither yes nor no while a list is not here, and serves as soon as it is', () => {
    const without = compileRuleset({ environment: 'production', position: 1, flags, segments: [segment], regions: [], calendars: [] });
    const context = prepareContext({ targetingKey: 'u1' }) as Context;
    for (const { key } of flags) expect(evaluate(without, key, context, 0)).toMatchObject({ errorCode: 'GENERAL', value: undefined });
    without.apply({ position: 2, lists: new Map([list, excluded].map((one) => [one.hash, one])) });
    expect(flags.map(({ key }) => evaluate(without, key, context, 0).value)).toEqual([true, false]);
  });
});
