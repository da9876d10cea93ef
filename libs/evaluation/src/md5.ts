// RFC 1321, the first word of the digest only: that is all a bucket needs. Nearly every key with its salt fits into one
// block, which is the key's words laid over the salt's: neither strings are joined nor buffers made.
const BLOCK_WORDS = 16;
const BLOCK_BYTES = 64;
const SINGLE_BLOCK_BYTES = 55;
const LENGTH_WORD = 14;
const TERMINATOR = 0x80;
const state = new Int32Array(4);

const begin = (): void => {
  state[0] = 0x67452301;
  state[1] = 0xefcdab89 | 0;
  state[2] = 0x98badcfe | 0;
  state[3] = 0x10325476;
};

/** The 64 steps are written out over local variables: a loop over tables takes three times as long, and nothing in an evaluation is dearer. */
// eslint-disable-next-line max-lines-per-function -- see above; engines don't inline 64 calls either
const absorb = (over: Int32Array, under: Int32Array): void => {
  const x0 = over[0]! | under[0]!, x1 = over[1]! | under[1]!, x2 = over[2]! | under[2]!, x3 = over[3]! | under[3]!;
  const x4 = over[4]! | under[4]!, x5 = over[5]! | under[5]!, x6 = over[6]! | under[6]!, x7 = over[7]! | under[7]!;
  const x8 = over[8]! | under[8]!, x9 = over[9]! | under[9]!, x10 = over[10]! | under[10]!, x11 = over[11]! | under[11]!;
  const x12 = over[12]! | under[12]!, x13 = over[13]! | under[13]!, x14 = over[14]! | under[14]!, x15 = over[15]! | under[15]!;
  let a = state[0]!, b = state[1]!, c = state[2]!, d = state[3]!, t: number;
  t = (a + (((c ^ d) & b) ^ d) + x0 - 680876936) | 0; a = (((t << 7) | (t >>> 25)) + b) | 0;
  t = (d + (((b ^ c) & a) ^ c) + x1 - 389564586) | 0; d = (((t << 12) | (t >>> 20)) + a) | 0;
  t = (c + (((a ^ b) & d) ^ b) + x2 + 606105819) | 0; c = (((t << 17) | (t >>> 15)) + d) | 0;
  t = (b + (((d ^ a) & c) ^ a) + x3 - 1044525330) | 0; b = (((t << 22) | (t >>> 10)) + c) | 0;
  t = (a + (((c ^ d) & b) ^ d) + x4 - 176418897) | 0; a = (((t << 7) | (t >>> 25)) + b) | 0;
  t = (d + (((b ^ c) & a) ^ c) + x5 + 1200080426) | 0; d = (((t << 12) | (t >>> 20)) + a) | 0;
  t = (c + (((a ^ b) & d) ^ b) + x6 - 1473231341) | 0; c = (((t << 17) | (t >>> 15)) + d) | 0;
  t = (b + (((d ^ a) & c) ^ a) + x7 - 45705983) | 0; b = (((t << 22) | (t >>> 10)) + c) | 0;
  t = (a + (((c ^ d) & b) ^ d) + x8 + 1770035416) | 0; a = (((t << 7) | (t >>> 25)) + b) | 0;
  t = (d + (((b ^ c) & a) ^ c) + x9 - 1958414417) | 0; d = (((t << 12) | (t >>> 20)) + a) | 0;
  t = (c + (((a ^ b) & d) ^ b) + x10 - 42063) | 0; c = (((t << 17) | (t >>> 15)) + d) | 0;
  t = (b + (((d ^ a) & c) ^ a) + x11 - 1990404162) | 0; b = (((t << 22) | (t >>> 10)) + c) | 0;
  t = (a + (((c ^ d) & b) ^ d) + x12 + 1804603682) | 0; a = (((t << 7) | (t >>> 25)) + b) | 0;
  t = (d + (((b ^ c) & a) ^ c) + x13 - 40341101) | 0; d = (((t << 12) | (t >>> 20)) + a) | 0;
  t = (c + (((a ^ b) & d) ^ b) + x14 - 1502002290) | 0; c = (((t << 17) | (t >>> 15)) + d) | 0;
  t = (b + (((d ^ a) & c) ^ a) + x15 + 1236535329) | 0; b = (((t << 22) | (t >>> 10)) + c) | 0;
  t = (a + (((b ^ c) & d) ^ c) + x1 - 165796510) | 0; a = (((t << 5) | (t >>> 27)) + b) | 0;
  t = (d + (((a ^ b) & c) ^ b) + x6 - 1069501632) | 0; d = (((t << 9) | (t >>> 23)) + a) | 0;
  t = (c + (((d ^ a) & b) ^ a) + x11 + 643717713) | 0; c = (((t << 14) | (t >>> 18)) + d) | 0;
  t = (b + (((c ^ d) & a) ^ d) + x0 - 373897302) | 0; b = (((t << 20) | (t >>> 12)) + c) | 0;
  t = (a + (((b ^ c) & d) ^ c) + x5 - 701558691) | 0; a = (((t << 5) | (t >>> 27)) + b) | 0;
  t = (d + (((a ^ b) & c) ^ b) + x10 + 38016083) | 0; d = (((t << 9) | (t >>> 23)) + a) | 0;
  t = (c + (((d ^ a) & b) ^ a) + x15 - 660478335) | 0; c = (((t << 14) | (t >>> 18)) + d) | 0;
  t = (b + (((c ^ d) & a) ^ d) + x4 - 405537848) | 0; b = (((t << 20) | (t >>> 12)) + c) | 0;
  t = (a + (((b ^ c) & d) ^ c) + x9 + 568446438) | 0; a = (((t << 5) | (t >>> 27)) + b) | 0;
  t = (d + (((a ^ b) & c) ^ b) + x14 - 1019803690) | 0; d = (((t << 9) | (t >>> 23)) + a) | 0;
  t = (c + (((d ^ a) & b) ^ a) + x3 - 187363961) | 0; c = (((t << 14) | (t >>> 18)) + d) | 0;
  t = (b + (((c ^ d) & a) ^ d) + x8 + 1163531501) | 0; b = (((t << 20) | (t >>> 12)) + c) | 0;
  t = (a + (((b ^ c) & d) ^ c) + x13 - 1444681467) | 0; a = (((t << 5) | (t >>> 27)) + b) | 0;
  t = (d + (((a ^ b) & c) ^ b) + x2 - 51403784) | 0; d = (((t << 9) | (t >>> 23)) + a) | 0;
  t = (c + (((d ^ a) & b) ^ a) + x7 + 1735328473) | 0; c = (((t << 14) | (t >>> 18)) + d) | 0;
  t = (b + (((c ^ d) & a) ^ d) + x12 - 1926607734) | 0; b = (((t << 20) | (t >>> 12)) + c) | 0;
  t = (a + (b ^ c ^ d) + x5 - 378558) | 0; a = (((t << 4) | (t >>> 28)) + b) | 0;
  t = (d + (a ^ b ^ c) + x8 - 2022574463) | 0; d = (((t << 11) | (t >>> 21)) + a) | 0;
  t = (c + (d ^ a ^ b) + x11 + 1839030562) | 0; c = (((t << 16) | (t >>> 16)) + d) | 0;
  t = (b + (c ^ d ^ a) + x14 - 35309556) | 0; b = (((t << 23) | (t >>> 9)) + c) | 0;
  t = (a + (b ^ c ^ d) + x1 - 1530992060) | 0; a = (((t << 4) | (t >>> 28)) + b) | 0;
  t = (d + (a ^ b ^ c) + x4 + 1272893353) | 0; d = (((t << 11) | (t >>> 21)) + a) | 0;
  t = (c + (d ^ a ^ b) + x7 - 155497632) | 0; c = (((t << 16) | (t >>> 16)) + d) | 0;
  t = (b + (c ^ d ^ a) + x10 - 1094730640) | 0; b = (((t << 23) | (t >>> 9)) + c) | 0;
  t = (a + (b ^ c ^ d) + x13 + 681279174) | 0; a = (((t << 4) | (t >>> 28)) + b) | 0;
  t = (d + (a ^ b ^ c) + x0 - 358537222) | 0; d = (((t << 11) | (t >>> 21)) + a) | 0;
  t = (c + (d ^ a ^ b) + x3 - 722521979) | 0; c = (((t << 16) | (t >>> 16)) + d) | 0;
  t = (b + (c ^ d ^ a) + x6 + 76029189) | 0; b = (((t << 23) | (t >>> 9)) + c) | 0;
  t = (a + (b ^ c ^ d) + x9 - 640364487) | 0; a = (((t << 4) | (t >>> 28)) + b) | 0;
  t = (d + (a ^ b ^ c) + x12 - 421815835) | 0; d = (((t << 11) | (t >>> 21)) + a) | 0;
  t = (c + (d ^ a ^ b) + x15 + 530742520) | 0; c = (((t << 16) | (t >>> 16)) + d) | 0;
  t = (b + (c ^ d ^ a) + x2 - 995338651) | 0; b = (((t << 23) | (t >>> 9)) + c) | 0;
  t = (a + (c ^ (b | ~d)) + x0 - 198630844) | 0; a = (((t << 6) | (t >>> 26)) + b) | 0;
  t = (d + (b ^ (a | ~c)) + x7 + 1126891415) | 0; d = (((t << 10) | (t >>> 22)) + a) | 0;
  t = (c + (a ^ (d | ~b)) + x14 - 1416354905) | 0; c = (((t << 15) | (t >>> 17)) + d) | 0;
  t = (b + (d ^ (c | ~a)) + x5 - 57434055) | 0; b = (((t << 21) | (t >>> 11)) + c) | 0;
  t = (a + (c ^ (b | ~d)) + x12 + 1700485571) | 0; a = (((t << 6) | (t >>> 26)) + b) | 0;
  t = (d + (b ^ (a | ~c)) + x3 - 1894986606) | 0; d = (((t << 10) | (t >>> 22)) + a) | 0;
  t = (c + (a ^ (d | ~b)) + x10 - 1051523) | 0; c = (((t << 15) | (t >>> 17)) + d) | 0;
  t = (b + (d ^ (c | ~a)) + x1 - 2054922799) | 0; b = (((t << 21) | (t >>> 11)) + c) | 0;
  t = (a + (c ^ (b | ~d)) + x8 + 1873313359) | 0; a = (((t << 6) | (t >>> 26)) + b) | 0;
  t = (d + (b ^ (a | ~c)) + x15 - 30611744) | 0; d = (((t << 10) | (t >>> 22)) + a) | 0;
  t = (c + (a ^ (d | ~b)) + x6 - 1560198380) | 0; c = (((t << 15) | (t >>> 17)) + d) | 0;
  t = (b + (d ^ (c | ~a)) + x13 + 1309151649) | 0; b = (((t << 21) | (t >>> 11)) + c) | 0;
  t = (a + (c ^ (b | ~d)) + x4 - 145523070) | 0; a = (((t << 6) | (t >>> 26)) + b) | 0;
  t = (d + (b ^ (a | ~c)) + x11 - 1120210379) | 0; d = (((t << 10) | (t >>> 22)) + a) | 0;
  t = (c + (a ^ (d | ~b)) + x2 + 718787259) | 0; c = (((t << 15) | (t >>> 17)) + d) | 0;
  t = (b + (d ^ (c | ~a)) + x9 - 343485551) | 0; b = (((t << 21) | (t >>> 11)) + c) | 0;
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

const putByte = (words: Int32Array, at: number, byte: number): void => {
  words[at >> 2]! |= byte << ((at & 3) << 3);
};

const NOTHING = new Int32Array(BLOCK_WORDS);

/** Any length, block by block. */
const hashBytes = (bytes: readonly number[]): number => {
  const padded = [...bytes, TERMINATOR];
  const blocks = Math.floor((bytes.length + 8) / BLOCK_BYTES) + 1;
  begin();
  for (let index = 0; index < blocks; index += 1) {
    const block = new Int32Array(BLOCK_WORDS);
    padded.slice(index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES).forEach((byte, at) => putByte(block, at, byte));
    if (index === blocks - 1) {
      block[LENGTH_WORD] = bytes.length << 3;
      block[LENGTH_WORD + 1] = Math.floor(bytes.length / 0x20000000);
    }
    absorb(block, NOTHING);
  }
  return firstWord();
};

/** A text that is hashed after many different keys, encoded once; `blocks` holds it as it stands after a key of each length. */
export type Suffix = { readonly text: string; readonly bytes: readonly number[]; readonly blocks: (Int32Array | undefined)[] };

/** Prepares the constant end of a hashed text. */
export const suffixOf = (text: string): Suffix => ({ text, bytes: encodeUtf8(text), blocks: [] });

const blockAfter = ({ bytes }: Suffix, keyLength: number): Int32Array => {
  const block = new Int32Array(BLOCK_WORDS);
  bytes.forEach((byte, index) => putByte(block, keyLength + index, byte));
  putByte(block, keyLength + bytes.length, TERMINATOR);
  block[LENGTH_WORD] = (keyLength + bytes.length) << 3;
  return block;
};

// The key hashed last, as words: rules of one evaluation, and flags of one context, hash the same key again and again.
const keyWords = new Int32Array(BLOCK_WORDS);
let lastKey = '';

const clearKey = (): false => {
  keyWords.fill(0);
  lastKey = '';
  return false;
};

/** Lays an ASCII key of at most 55 characters into {@link keyWords}; false as soon as a character is not ASCII. */
const layKey = (key: string): boolean => {
  let word = 0;
  const end = key.length >> 2;
  const stale = lastKey.length >> 2;
  for (let index = 0; index < key.length; index += 1) {
    const code = key.charCodeAt(index);
    if (code > 0x7f) return clearKey();
    word |= code << ((index & 3) << 3);
    if ((index & 3) === 3) {
      keyWords[index >> 2] = word;
      word = 0;
    }
  }
  keyWords[end] = word;
  for (let index = end + 1; index <= stale; index += 1) keyWords[index] = 0;
  lastKey = key;
  return true;
};

/** The first 32 bits of md5(key + suffix): the first eight hex digits of the digest as an unsigned integer. */
export const hashWithSuffix = (key: string, suffix: Suffix): number => {
  const { length } = key;
  if (length + suffix.bytes.length > SINGLE_BLOCK_BYTES || (key !== lastKey && !layKey(key))) return hashBytes(encodeUtf8(key + suffix.text));
  const under = (suffix.blocks[length] ??= blockAfter(suffix, length));
  begin();
  absorb(keyWords, under);
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
