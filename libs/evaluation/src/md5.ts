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

/**
 * The 64 steps are written out over local variables: a loop over tables takes three times as long, and nothing in an evaluation
 * is dearer. Each step waits for the one before, so what does not need its result is added up first.
 */
// eslint-disable-next-line max-lines-per-function -- see above; engines don't inline 64 calls either
const absorb = (over: Int32Array, under: Int32Array): void => {
  const x0 = over[0]! | under[0]!, x1 = over[1]! | under[1]!, x2 = over[2]! | under[2]!, x3 = over[3]! | under[3]!;
  const x4 = over[4]! | under[4]!, x5 = over[5]! | under[5]!, x6 = over[6]! | under[6]!, x7 = over[7]! | under[7]!;
  const x8 = over[8]! | under[8]!, x9 = over[9]! | under[9]!, x10 = over[10]! | under[10]!, x11 = over[11]! | under[11]!;
  const x12 = over[12]! | under[12]!, x13 = over[13]! | under[13]!, x14 = over[14]! | under[14]!, x15 = over[15]! | under[15]!;
  let a = state[0]!, b = state[1]!, c = state[2]!, d = state[3]!, t: number;
  t = (((x0 - 680876936 + a) | 0) + (((c ^ d) & b) ^ d)) | 0; a = (((t << 7) | (t >>> 25)) + b) | 0;
  t = (((x1 - 389564586 + d) | 0) + (((b ^ c) & a) ^ c)) | 0; d = (((t << 12) | (t >>> 20)) + a) | 0;
  t = (((x2 + 606105819 + c) | 0) + (((a ^ b) & d) ^ b)) | 0; c = (((t << 17) | (t >>> 15)) + d) | 0;
  t = (((x3 - 1044525330 + b) | 0) + (((d ^ a) & c) ^ a)) | 0; b = (((t << 22) | (t >>> 10)) + c) | 0;
  t = (((x4 - 176418897 + a) | 0) + (((c ^ d) & b) ^ d)) | 0; a = (((t << 7) | (t >>> 25)) + b) | 0;
  t = (((x5 + 1200080426 + d) | 0) + (((b ^ c) & a) ^ c)) | 0; d = (((t << 12) | (t >>> 20)) + a) | 0;
  t = (((x6 - 1473231341 + c) | 0) + (((a ^ b) & d) ^ b)) | 0; c = (((t << 17) | (t >>> 15)) + d) | 0;
  t = (((x7 - 45705983 + b) | 0) + (((d ^ a) & c) ^ a)) | 0; b = (((t << 22) | (t >>> 10)) + c) | 0;
  t = (((x8 + 1770035416 + a) | 0) + (((c ^ d) & b) ^ d)) | 0; a = (((t << 7) | (t >>> 25)) + b) | 0;
  t = (((x9 - 1958414417 + d) | 0) + (((b ^ c) & a) ^ c)) | 0; d = (((t << 12) | (t >>> 20)) + a) | 0;
  t = (((x10 - 42063 + c) | 0) + (((a ^ b) & d) ^ b)) | 0; c = (((t << 17) | (t >>> 15)) + d) | 0;
  t = (((x11 - 1990404162 + b) | 0) + (((d ^ a) & c) ^ a)) | 0; b = (((t << 22) | (t >>> 10)) + c) | 0;
  t = (((x12 + 1804603682 + a) | 0) + (((c ^ d) & b) ^ d)) | 0; a = (((t << 7) | (t >>> 25)) + b) | 0;
  t = (((x13 - 40341101 + d) | 0) + (((b ^ c) & a) ^ c)) | 0; d = (((t << 12) | (t >>> 20)) + a) | 0;
  t = (((x14 - 1502002290 + c) | 0) + (((a ^ b) & d) ^ b)) | 0; c = (((t << 17) | (t >>> 15)) + d) | 0;
  t = (((x15 + 1236535329 + b) | 0) + (((d ^ a) & c) ^ a)) | 0; b = (((t << 22) | (t >>> 10)) + c) | 0;
  t = (((x1 - 165796510 + a) | 0) + ((c & ~d) | (b & d))) | 0; a = (((t << 5) | (t >>> 27)) + b) | 0;
  t = (((x6 - 1069501632 + d) | 0) + ((b & ~c) | (a & c))) | 0; d = (((t << 9) | (t >>> 23)) + a) | 0;
  t = (((x11 + 643717713 + c) | 0) + ((a & ~b) | (d & b))) | 0; c = (((t << 14) | (t >>> 18)) + d) | 0;
  t = (((x0 - 373897302 + b) | 0) + ((d & ~a) | (c & a))) | 0; b = (((t << 20) | (t >>> 12)) + c) | 0;
  t = (((x5 - 701558691 + a) | 0) + ((c & ~d) | (b & d))) | 0; a = (((t << 5) | (t >>> 27)) + b) | 0;
  t = (((x10 + 38016083 + d) | 0) + ((b & ~c) | (a & c))) | 0; d = (((t << 9) | (t >>> 23)) + a) | 0;
  t = (((x15 - 660478335 + c) | 0) + ((a & ~b) | (d & b))) | 0; c = (((t << 14) | (t >>> 18)) + d) | 0;
  t = (((x4 - 405537848 + b) | 0) + ((d & ~a) | (c & a))) | 0; b = (((t << 20) | (t >>> 12)) + c) | 0;
  t = (((x9 + 568446438 + a) | 0) + ((c & ~d) | (b & d))) | 0; a = (((t << 5) | (t >>> 27)) + b) | 0;
  t = (((x14 - 1019803690 + d) | 0) + ((b & ~c) | (a & c))) | 0; d = (((t << 9) | (t >>> 23)) + a) | 0;
  t = (((x3 - 187363961 + c) | 0) + ((a & ~b) | (d & b))) | 0; c = (((t << 14) | (t >>> 18)) + d) | 0;
  t = (((x8 + 1163531501 + b) | 0) + ((d & ~a) | (c & a))) | 0; b = (((t << 20) | (t >>> 12)) + c) | 0;
  t = (((x13 - 1444681467 + a) | 0) + ((c & ~d) | (b & d))) | 0; a = (((t << 5) | (t >>> 27)) + b) | 0;
  t = (((x2 - 51403784 + d) | 0) + ((b & ~c) | (a & c))) | 0; d = (((t << 9) | (t >>> 23)) + a) | 0;
  t = (((x7 + 1735328473 + c) | 0) + ((a & ~b) | (d & b))) | 0; c = (((t << 14) | (t >>> 18)) + d) | 0;
  t = (((x12 - 1926607734 + b) | 0) + ((d & ~a) | (c & a))) | 0; b = (((t << 20) | (t >>> 12)) + c) | 0;
  t = (((x5 - 378558 + a) | 0) + ((c ^ d) ^ b)) | 0; a = (((t << 4) | (t >>> 28)) + b) | 0;
  t = (((x8 - 2022574463 + d) | 0) + ((b ^ c) ^ a)) | 0; d = (((t << 11) | (t >>> 21)) + a) | 0;
  t = (((x11 + 1839030562 + c) | 0) + ((a ^ b) ^ d)) | 0; c = (((t << 16) | (t >>> 16)) + d) | 0;
  t = (((x14 - 35309556 + b) | 0) + ((d ^ a) ^ c)) | 0; b = (((t << 23) | (t >>> 9)) + c) | 0;
  t = (((x1 - 1530992060 + a) | 0) + ((c ^ d) ^ b)) | 0; a = (((t << 4) | (t >>> 28)) + b) | 0;
  t = (((x4 + 1272893353 + d) | 0) + ((b ^ c) ^ a)) | 0; d = (((t << 11) | (t >>> 21)) + a) | 0;
  t = (((x7 - 155497632 + c) | 0) + ((a ^ b) ^ d)) | 0; c = (((t << 16) | (t >>> 16)) + d) | 0;
  t = (((x10 - 1094730640 + b) | 0) + ((d ^ a) ^ c)) | 0; b = (((t << 23) | (t >>> 9)) + c) | 0;
  t = (((x13 + 681279174 + a) | 0) + ((c ^ d) ^ b)) | 0; a = (((t << 4) | (t >>> 28)) + b) | 0;
  t = (((x0 - 358537222 + d) | 0) + ((b ^ c) ^ a)) | 0; d = (((t << 11) | (t >>> 21)) + a) | 0;
  t = (((x3 - 722521979 + c) | 0) + ((a ^ b) ^ d)) | 0; c = (((t << 16) | (t >>> 16)) + d) | 0;
  t = (((x6 + 76029189 + b) | 0) + ((d ^ a) ^ c)) | 0; b = (((t << 23) | (t >>> 9)) + c) | 0;
  t = (((x9 - 640364487 + a) | 0) + ((c ^ d) ^ b)) | 0; a = (((t << 4) | (t >>> 28)) + b) | 0;
  t = (((x12 - 421815835 + d) | 0) + ((b ^ c) ^ a)) | 0; d = (((t << 11) | (t >>> 21)) + a) | 0;
  t = (((x15 + 530742520 + c) | 0) + ((a ^ b) ^ d)) | 0; c = (((t << 16) | (t >>> 16)) + d) | 0;
  t = (((x2 - 995338651 + b) | 0) + ((d ^ a) ^ c)) | 0; b = (((t << 23) | (t >>> 9)) + c) | 0;
  t = (((x0 - 198630844 + a) | 0) + (c ^ (b | ~d))) | 0; a = (((t << 6) | (t >>> 26)) + b) | 0;
  t = (((x7 + 1126891415 + d) | 0) + (b ^ (a | ~c))) | 0; d = (((t << 10) | (t >>> 22)) + a) | 0;
  t = (((x14 - 1416354905 + c) | 0) + (a ^ (d | ~b))) | 0; c = (((t << 15) | (t >>> 17)) + d) | 0;
  t = (((x5 - 57434055 + b) | 0) + (d ^ (c | ~a))) | 0; b = (((t << 21) | (t >>> 11)) + c) | 0;
  t = (((x12 + 1700485571 + a) | 0) + (c ^ (b | ~d))) | 0; a = (((t << 6) | (t >>> 26)) + b) | 0;
  t = (((x3 - 1894986606 + d) | 0) + (b ^ (a | ~c))) | 0; d = (((t << 10) | (t >>> 22)) + a) | 0;
  t = (((x10 - 1051523 + c) | 0) + (a ^ (d | ~b))) | 0; c = (((t << 15) | (t >>> 17)) + d) | 0;
  t = (((x1 - 2054922799 + b) | 0) + (d ^ (c | ~a))) | 0; b = (((t << 21) | (t >>> 11)) + c) | 0;
  t = (((x8 + 1873313359 + a) | 0) + (c ^ (b | ~d))) | 0; a = (((t << 6) | (t >>> 26)) + b) | 0;
  t = (((x15 - 30611744 + d) | 0) + (b ^ (a | ~c))) | 0; d = (((t << 10) | (t >>> 22)) + a) | 0;
  t = (((x6 - 1560198380 + c) | 0) + (a ^ (d | ~b))) | 0; c = (((t << 15) | (t >>> 17)) + d) | 0;
  t = (((x13 + 1309151649 + b) | 0) + (d ^ (c | ~a))) | 0; b = (((t << 21) | (t >>> 11)) + c) | 0;
  t = (((x4 - 145523070 + a) | 0) + (c ^ (b | ~d))) | 0; a = (((t << 6) | (t >>> 26)) + b) | 0;
  t = (((x11 - 1120210379 + d) | 0) + (b ^ (a | ~c))) | 0; d = (((t << 10) | (t >>> 22)) + a) | 0;
  t = (((x2 + 718787259 + c) | 0) + (a ^ (d | ~b))) | 0; c = (((t << 15) | (t >>> 17)) + d) | 0;
  t = (((x9 - 343485551 + b) | 0) + (d ^ (c | ~a))) | 0; b = (((t << 21) | (t >>> 11)) + c) | 0;
  state[0] = (state[0]! + a) | 0;
  state[1] = (state[1]! + b) | 0;
  state[2] = (state[2]! + c) | 0;
  state[3] = (state[3]! + d) | 0;
};

/** The state is little-endian, the hex digits of a digest are read byte by byte: the first four bytes are the word turned round. */
const firstWord = (): number => {
  const word = state[0]!;
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
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
let lastKey: string | undefined;
let lastWord = 0;

/** The characters from `start` on, at most three of them, as one word; -1 if one is not ASCII. */
const layTail = (key: string, start: number): number => {
  let word = 0;
  let all = 0;
  for (let index = start; index < key.length; index += 1) {
    const code = key.charCodeAt(index);
    all |= code;
    word |= code << ((index & 3) << 3);
  }
  return all < 0x80 ? word : -1;
};

/** Lays an ASCII key of at most 55 characters into {@link keyWords}; false if a character is not ASCII. */
const layKey = (key: string): boolean => {
  let all = 0;
  let index = 0;
  for (; index + 3 < key.length; index += 4) {
    const first = key.charCodeAt(index), second = key.charCodeAt(index + 1), third = key.charCodeAt(index + 2), fourth = key.charCodeAt(index + 3);
    all |= first | second | third | fourth;
    keyWords[index >> 2] = first | (second << 8) | (third << 16) | (fourth << 24);
  }
  const tail = layTail(key, index);
  const end = index >> 2;
  keyWords[end] = tail;
  for (let word = end + 1; word <= lastWord; word += 1) keyWords[word] = 0;
  lastWord = end;
  const isAscii = all < 0x80 && tail >= 0;
  lastKey = isAscii ? key : undefined;
  return isAscii;
};

/**
 * The first 32 bits of md5(key + suffix), as a signed integer: an unsigned one would be too large for what engines keep without
 * making an object of it.
 */
export const hashWithSuffix = (key: string, suffix: Suffix): number => {
  const { length } = key;
  if (length + suffix.bytes.length > SINGLE_BLOCK_BYTES || (key !== lastKey && !layKey(key))) return hashBytes(encodeUtf8(key + suffix.text));
  let under = suffix.blocks[length];
  if (under === undefined) under = suffix.blocks[length] = blockAfter(suffix, length);
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
export const md5First32 = (text: string): number => hashWithSuffix(text, NO_SUFFIX) >>> 0;
