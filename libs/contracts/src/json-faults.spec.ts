import fc from 'fast-check';
import { checkJson } from './json-faults';

const limits = { maxDepth: 8, maxString: 20 };
const name = fc.stringMatching(/^[a-z]{1,8}$/);
const leaf = fc.oneof(fc.boolean(), fc.constant(null), fc.integer(), fc.stringMatching(/^[ -~]{0,20}$/));
const { sound } = fc.letrec<{ sound: unknown }>((tie) => ({
  sound: fc.oneof({ maxDepth: 3 }, leaf, fc.array(tie('sound'), { maxLength: 3 }), fc.dictionary(name, tie('sound'), { maxKeys: 3 })),
}));
const faulty = fc.constantFrom<[unknown, string]>(
  ['a\u0000b', 'NUL'], ['\ud800', 'surrogate'], ['x'.repeat(21), '20 characters'], [2 ** 53, 'lost digits'], [Infinity, 'finite'],
  [JSON.parse('[[[[[[[[1]]]]]]]]'), 'deeper than 8'],
);

describe('checkJson', () => {
  it('finds nothing in what is sound', () => {
    fc.assert(fc.property(sound, (value) => expect(checkJson(value, limits)).toEqual([])));
  });

  it('names the one fault there is by its pointer', () => {
    fc.assert(fc.property(fc.array(sound, { maxLength: 2 }), fc.dictionary(name, sound, { maxKeys: 2 }), faulty, (before, beside, [fault, detail]) => {
      const found = checkJson([...before, { ...beside, 'a/b': fault }], limits);
      expect(found).toMatchObject([{ pointer: expect.stringMatching(new RegExp(`^/${before.length}/a~1b`)), detail: expect.stringContaining(detail) }]);
    }));
  });

  it('takes no name that reaches a prototype, wherever it stands', () => {
    for (const hostile of ['__proto__', 'constructor', 'prototype']) {
      expect(checkJson(JSON.parse(`{"a":[{"${hostile}":1}]}`), limits)).toMatchObject([{ pointer: `/a/0/${hostile}` }]);
    }
  });

  it('looks for no NUL and no lone surrogate where the text had no escapes, and for everything else', () => {
    const unescaped = { ...limits, withoutEscapes: true };
    fc.assert(fc.property(sound, (value) => expect(checkJson(value, unescaped)).toEqual([])));
    for (const fault of ['x'.repeat(21), 2 ** 53, JSON.parse('[[[[[[[[1]]]]]]]]'), JSON.parse('{"__proto__":1}')]) expect(checkJson([fault], unescaped)).toHaveLength(1);
  });

  it('survives a depth that no stack would', () => {
    const depth = 200_000;
    expect(checkJson(JSON.parse('['.repeat(depth) + ']'.repeat(depth)), limits)).toMatchObject([{ detail: 'is nested deeper than 8 levels' }]);
  });
});
