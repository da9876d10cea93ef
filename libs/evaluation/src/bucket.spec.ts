import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { bucketOf, md5First32, serialiseBucketKey } from './index';
import { hashWithSuffix, suffixOf } from './md5';

const nodeHash = (text: string): number => parseInt(createHash('md5').update(text, 'utf8').digest('hex').slice(0, 8), 16);

describe('md5First32', () => {
  it('gives the first word of the test suite of RFC 1321, A.5', () => {
    const suite: Record<string, string> = {
      '': 'd41d8cd9', a: '0cc175b9', abc: '90015098', 'message digest': 'f96b697d', abcdefghijklmnopqrstuvwxyz: 'c3fcd3d7',
      ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789: 'd174ab98', [`1234567890`.repeat(8)]: '57edf4a2',
    };
    for (const [text, digits] of Object.entries(suite)) expect(md5First32(text)).toBe(parseInt(digits, 16));
  });

  it('agrees with node at every length around its blocks', () => {
    for (let length = 0; length < 300; length += 1) expect(md5First32('x'.repeat(length))).toBe(nodeHash('x'.repeat(length)));
  });

  it('agrees with node for all of Unicode, lone surrogates included', () => {
    fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 100 }).map((codes) => String.fromCharCode(...codes))), (text) => md5First32(text) === nodeHash(text)), { numRuns: 2000 });
    for (const text of ['मुंबई', '😀', '\ud800', 'a\udc00b', 'é'.repeat(40)]) expect(md5First32(text)).toBe(nodeHash(text));
  });

  it('answers the same for a key and its suffix, whatever was hashed before', () => {
    const part = fc.oneof(fc.string({ maxLength: 60 }), fc.string({ unit: 'binary', maxLength: 30 }));
    fc.assert(fc.property(fc.array(fc.tuple(part, part), { maxLength: 5 }), (pairs) =>
      pairs.every(([key, text]) => (hashWithSuffix(key, suffixOf(text)) >>> 0) === nodeHash(Buffer.from(key).toString() + Buffer.from(text).toString()))), { numRuns: 2000 });
  });
});

describe('bucketOf', () => {
  it('groups keys as the specification does, and finer', () => {
    fc.assert(fc.property(fc.string(), fc.string(), (key, salt) => {
      const hash = nodeHash(`${Buffer.from(key)}:${Buffer.from(salt)}`);
      const bucket = bucketOf(key, salt);
      return Math.floor(bucket / 1000) === hash % 100 && bucket % 1000 === Math.floor(hash / 100) % 1000;
    }), { numRuns: 2000 });
  });
});

describe('serialiseBucketKey', () => {
  it.each<[unknown, string | undefined]>([
    ['FL-1', 'FL-1'], [7, '7'], [0.5, '0.5'], [1e21, '1e+21'], [-0, '0'], [true, 'true'], [false, 'false'],
    ['', undefined], [null, undefined], [undefined, undefined], [['a'], undefined], [{}, undefined], [NaN, undefined], [Infinity, undefined],
  ])('writes %p as %p', (value, text) => expect(serialiseBucketKey(value)).toBe(text));
});
