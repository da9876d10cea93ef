// RFC 1321, the first word of the digest only: that is all a bucket needs. Nearly every key with its salt fits into one
// block, so the block is filled in place, without joining strings or making buffers. The steps are written out, since a
// loop over tables takes twice as long, and this is the dearest part of an evaluation.
const block = new Int32Array(16);
const state = new Int32Array(4);
const SINGLE_BLOCK_BYTES = 55;
const BLOCK_BYTES = 64;

const f = (a: number, b: number, c: number, d: number, word: number, shift: number): number => {
  const sum = (a + ((b & c) | (~b & d)) + word) | 0;
  return (((sum << shift) | (sum >>> (32 - shift))) + b) | 0;
};
const g = (a: number, b: number, c: number, d: number, word: number, shift: number): number => {
  const sum = (a + ((b & d) | (c & ~d)) + word) | 0;
  return (((sum << shift) | (sum >>> (32 - shift))) + b) | 0;
};
const h = (a: number, b: number, c: number, d: number, word: number, shift: number): number => {
  const sum = (a + (b ^ c ^ d) + word) | 0;
  return (((sum << shift) | (sum >>> (32 - shift))) + b) | 0;
};
const i = (a: number, b: number, c: number, d: number, word: number, shift: number): number => {
  const sum = (a + (c ^ (b | ~d)) + word) | 0;
  return (((sum << shift) | (sum >>> (32 - shift))) + b) | 0;
};

const firstRound = (): void => {
  const x = block;
  let a = state[0]!, b = state[1]!, c = state[2]!, d = state[3]!;
  a = f(a, b, c, d, x[0]! - 680876936, 7);
  d = f(d, a, b, c, x[1]! - 389564586, 12);
  c = f(c, d, a, b, x[2]! + 606105819, 17);
  b = f(b, c, d, a, x[3]! - 1044525330, 22);
  a = f(a, b, c, d, x[4]! - 176418897, 7);
  d = f(d, a, b, c, x[5]! + 1200080426, 12);
  c = f(c, d, a, b, x[6]! - 1473231341, 17);
  b = f(b, c, d, a, x[7]! - 45705983, 22);
  a = f(a, b, c, d, x[8]! + 1770035416, 7);
  d = f(d, a, b, c, x[9]! - 1958414417, 12);
  c = f(c, d, a, b, x[10]! - 42063, 17);
  b = f(b, c, d, a, x[11]! - 1990404162, 22);
  a = f(a, b, c, d, x[12]! + 1804603682, 7);
  d = f(d, a, b, c, x[13]! - 40341101, 12);
  c = f(c, d, a, b, x[14]! - 1502002290, 17);
  b = f(b, c, d, a, x[15]! + 1236535329, 22);
  state[0] = a; state[1] = b; state[2] = c; state[3] = d;
};

const secondRound = (): void => {
  const x = block;
  let a = state[0]!, b = state[1]!, c = state[2]!, d = state[3]!;
  a = g(a, b, c, d, x[1]! - 165796510, 5);
  d = g(d, a, b, c, x[6]! - 1069501632, 9);
  c = g(c, d, a, b, x[11]! + 643717713, 14);
  b = g(b, c, d, a, x[0]! - 373897302, 20);
  a = g(a, b, c, d, x[5]! - 701558691, 5);
  d = g(d, a, b, c, x[10]! + 38016083, 9);
  c = g(c, d, a, b, x[15]! - 660478335, 14);
  b = g(b, c, d, a, x[4]! - 405537848, 20);
  a = g(a, b, c, d, x[9]! + 568446438, 5);
  d = g(d, a, b, c, x[14]! - 1019803690, 9);
  c = g(c, d, a, b, x[3]! - 187363961, 14);
  b = g(b, c, d, a, x[8]! + 1163531501, 20);
  a = g(a, b, c, d, x[13]! - 1444681467, 5);
  d = g(d, a, b, c, x[2]! - 51403784, 9);
  c = g(c, d, a, b, x[7]! + 1735328473, 14);
  b = g(b, c, d, a, x[12]! - 1926607734, 20);
  state[0] = a; state[1] = b; state[2] = c; state[3] = d;
};

const thirdRound = (): void => {
  const x = block;
  let a = state[0]!, b = state[1]!, c = state[2]!, d = state[3]!;
  a = h(a, b, c, d, x[5]! - 378558, 4);
  d = h(d, a, b, c, x[8]! - 2022574463, 11);
  c = h(c, d, a, b, x[11]! + 1839030562, 16);
  b = h(b, c, d, a, x[14]! - 35309556, 23);
  a = h(a, b, c, d, x[1]! - 1530992060, 4);
  d = h(d, a, b, c, x[4]! + 1272893353, 11);
  c = h(c, d, a, b, x[7]! - 155497632, 16);
  b = h(b, c, d, a, x[10]! - 1094730640, 23);
  a = h(a, b, c, d, x[13]! + 681279174, 4);
  d = h(d, a, b, c, x[0]! - 358537222, 11);
  c = h(c, d, a, b, x[3]! - 722521979, 16);
  b = h(b, c, d, a, x[6]! + 76029189, 23);
  a = h(a, b, c, d, x[9]! - 640364487, 4);
  d = h(d, a, b, c, x[12]! - 421815835, 11);
  c = h(c, d, a, b, x[15]! + 530742520, 16);
  b = h(b, c, d, a, x[2]! - 995338651, 23);
  state[0] = a; state[1] = b; state[2] = c; state[3] = d;
};

const fourthRound = (): void => {
  const x = block;
  let a = state[0]!, b = state[1]!, c = state[2]!, d = state[3]!;
  a = i(a, b, c, d, x[0]! - 198630844, 6);
  d = i(d, a, b, c, x[7]! + 1126891415, 10);
  c = i(c, d, a, b, x[14]! - 1416354905, 15);
  b = i(b, c, d, a, x[5]! - 57434055, 21);
  a = i(a, b, c, d, x[12]! + 1700485571, 6);
  d = i(d, a, b, c, x[3]! - 1894986606, 10);
  c = i(c, d, a, b, x[10]! - 1051523, 15);
  b = i(b, c, d, a, x[1]! - 2054922799, 21);
  a = i(a, b, c, d, x[8]! + 1873313359, 6);
  d = i(d, a, b, c, x[15]! - 30611744, 10);
  c = i(c, d, a, b, x[6]! - 1560198380, 15);
  b = i(b, c, d, a, x[13]! + 1309151649, 21);
  a = i(a, b, c, d, x[4]! - 145523070, 6);
  d = i(d, a, b, c, x[11]! - 1120210379, 10);
  c = i(c, d, a, b, x[2]! + 718787259, 15);
  b = i(b, c, d, a, x[9]! - 343485551, 21);
  state[0] = a; state[1] = b; state[2] = c; state[3] = d;
};

const reset = (): void => {
  state[0] = 0x67452301;
  state[1] = 0xefcdab89 | 0;
  state[2] = 0x98badcfe | 0;
  state[3] = 0x10325476;
};

const absorb = (): void => {
  const a = state[0]!, b = state[1]!, c = state[2]!, d = state[3]!;
  firstRound();
  secondRound();
  thirdRound();
  fourthRound();
  state[0] = (state[0]! + a) | 0;
  state[1] = (state[1]! + b) | 0;
  state[2] = (state[2]! + c) | 0;
  state[3] = (state[3]! + d) | 0;
};

/** The state is little-endian, the hex digits of a digest are read byte by byte: the first four bytes are the word turned round. */
const firstWord = (): number => {
  const word = state[0]!;
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;
};

const codePointAt = (text: string, index: number): number => {
  const code = text.codePointAt(index)!;
  return code >= 0xd800 && code <= 0xdfff ? 0xfffd : code;
};

/**
 * The UTF-8 bytes of a text, as Node and browsers encode it: a lone surrogate becomes U+FFFD. Written here because
 * `TextEncoder` is not everywhere that this library runs.
 */
export const encodeUtf8 = (text: string): number[] => {
  const bytes: number[] = [];
  for (let index = 0; index < text.length; index += 1) {
    const code = codePointAt(text, index);
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 63));
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    else {
      bytes.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
      index += 1;
    }
  }
  return bytes;
};

const digestBytes = (bytes: readonly number[]): number => {
  const blocks = Math.floor((bytes.length + 8) / BLOCK_BYTES) + 1;
  reset();
  for (let index = 0; index < blocks; index += 1) {
    block.fill(0);
    const start = index * BLOCK_BYTES;
    const end = Math.min(bytes.length, start + BLOCK_BYTES);
    for (let at = start; at < end; at += 1) block[(at - start) >> 2]! |= bytes[at]! << ((at & 3) << 3);
    if (bytes.length >= start && bytes.length < start + BLOCK_BYTES) block[(bytes.length - start) >> 2]! |= 0x80 << ((bytes.length & 3) << 3);
    if (index === blocks - 1) {
      block[14] = bytes.length << 3;
      block[15] = Math.floor(bytes.length / 0x20000000);
    }
    absorb();
  }
  return firstWord();
};

/** A text that is hashed after many different keys, encoded once. */
export type Suffix = { readonly text: string; readonly bytes: readonly number[] };

/** Prepares the constant end of a hashed text. */
export const suffixOf = (text: string): Suffix => ({ text, bytes: encodeUtf8(text) });

/** Puts the characters of an ASCII text into the empty block; -1 as soon as one is not ASCII. */
const fillAscii = (text: string): number => {
  block.fill(0);
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code > 0x7f) return -1;
    block[index >> 2]! |= code << ((index & 3) << 3);
  }
  return text.length;
};

/** The first 32 bits of md5(key + suffix): the first eight hex digits of the digest as an unsigned integer. */
export const hashWithSuffix = (key: string, suffix: Suffix): number => {
  const { bytes } = suffix;
  const length = key.length + bytes.length;
  if (length > SINGLE_BLOCK_BYTES || fillAscii(key) < 0) return digestBytes(encodeUtf8(key + suffix.text));
  for (let index = 0, at = key.length; at < length; index += 1, at += 1) block[at >> 2]! |= bytes[index]! << ((at & 3) << 3);
  block[length >> 2]! |= 0x80 << ((length & 3) << 3);
  block[14] = length << 3;
  reset();
  absorb();
  return firstWord();
};

const NO_SUFFIX = suffixOf('');

/**
 * The first 8 hex digits of md5(text, UTF-8) as an unsigned integer.
 *
 * @param text - any text; lone surrogates are hashed as U+FFFD
 * @returns an integer from 0 to 2^32-1
 */
export const md5First32 = (text: string): number => hashWithSuffix(text, NO_SUFFIX);
