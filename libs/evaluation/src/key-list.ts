import type { KeyListRef, Segment } from '@pataka/contracts';

/** The listed keys of a segment, too many for its document. */
export interface KeyList {
  /** SHA-256, in hex, of the list's text; see {@link KeyListText}. */
  readonly hash: string;
  readonly size: number;
  /** Exact, in constant time, without allocating. */
  has(key: string): boolean;
}

/** Lists by hash: a Map will do. */
export interface KeyLists { get(hash: string): KeyList | undefined }

/**
 * A list as text in UTF-8: its keys in ascending order of their bytes, each once, each followed by a line feed. So equal sets have equal
 * text, and `LC_ALL=C sort -u | sha256sum` gives a list's hash.
 */
export type KeyListText = Uint8Array;

/** Bytes of a list's text at most: an entry of the table has 26 bits for a place in it. */
export const MAX_KEY_LIST_BYTES = 64_000_000;

const LINE_FEED = 10;
// Where code runs in a context of its own (tests, plug-ins), looking a global up costs more than the rest of the loop.
const { imul } = Math;
const PLACE_BITS = 26;
const PLACE_MASK = 2 ** PLACE_BITS - 1;
const FNV_PRIME = 16_777_619;
const KEYS_A_STEP = 16_384;
const NO_TEXT_OF_A_KEY = -1;

/** Spreads what the last bytes did over all bits (the finaliser of MurmurHash3, public domain). */
const spread = (hash: number): number => {
  let mixed = imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
};

const mix = (hash: number, byte: number): number => imul(hash ^ byte, FNV_PRIME);

/** The code point at an index; -1 for half a surrogate pair, which no UTF-8 has, and for a line feed, which no key has. */
const codePointOf = (key: string, index: number): number => {
  const code = key.codePointAt(index)!;
  return code === LINE_FEED || (code >= 0xd800 && code <= 0xdfff) ? NO_TEXT_OF_A_KEY : code;
};

const mixBeyondAscii = (hash: number, code: number): number => {
  if (code < 0x800) return mix(mix(hash, 0xc0 | (code >> 6)), 0x80 | (code & 0x3f));
  const head = code < 0x10000 ? mix(hash, 0xe0 | (code >> 12)) : mix(mix(hash, 0xf0 | (code >> 18)), 0x80 | ((code >> 12) & 0x3f));
  return mix(mix(head, 0x80 | ((code >> 6) & 0x3f)), 0x80 | (code & 0x3f));
};

/** FNV-1a over a key's UTF-8, which is never made; -1 for what can be no key. */
const hashOfKey = (key: string, seed: number): number => {
  let hash = seed;
  for (let index = 0; index < key.length; index += 1) {
    // Nearly all are ASCII, and charCodeAt is three times as fast as codePointAt.
    const unit = key.charCodeAt(index);
    if (unit < 0x80 && unit !== LINE_FEED) hash = imul(hash ^ unit, FNV_PRIME);
    else {
      const code = codePointOf(key, index);
      if (code === NO_TEXT_OF_A_KEY) return code;
      hash = mixBeyondAscii(hash, code);
      if (code > 0xffff) index += 1;
    }
  }
  return spread(hash);
};

/** The character that starts at a place in UTF-8. */
const codePointIn = (text: KeyListText, place: number): number => {
  const first = text[place]!;
  if (first < 0x80) return first;
  const tail = (offset: number): number => text[place + offset]! & 0x3f;
  if (first < 0xe0) return ((first & 0x1f) << 6) | tail(1);
  if (first < 0xf0) return ((first & 0x0f) << 12) | (tail(1) << 6) | tail(2);
  return ((first & 0x07) << 18) | (tail(1) << 12) | (tail(2) << 6) | tail(3);
};

const bytesOf = (code: number): number => (code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4);

/** Whether the line that starts at a place is the key. */
const isAt = (text: KeyListText, start: number, key: string): boolean => {
  let place = start;
  for (let index = 0; index < key.length; index += 1) {
    const unit = key.charCodeAt(index);
    if (unit < 0x80) {
      if (text[place] !== unit) return false;
      place += 1;
    } else {
      const code = key.codePointAt(index)!;
      if (codePointIn(text, place) !== code) return false;
      place += bytesOf(code);
      if (code > 0xffff) index += 1;
    }
  }
  return text[place] === LINE_FEED;
};

const countKeys = (text: KeyListText): number => {
  let count = 0;
  for (let place = text.indexOf(LINE_FEED); place !== -1; place = text.indexOf(LINE_FEED, place + 1)) count += 1;
  return count;
};

/** At least twice as many slots as keys, so that a search ends after one or two. */
const slotsFor = (size: number): number => 2 ** Math.max(1, Math.ceil(Math.log2(size * 2)));

/**
 * A list as its text and an open-addressing table of places in it: 8 to 16 bytes a key beside the text, where a Set of strings takes 70 and
 * more. A slot holds the place of a key plus one, and above it six bits of its hash, which spare most comparisons.
 */
class CompactKeyList implements KeyList {
  private readonly slots: Uint32Array;
  private readonly mask: number;

  constructor(readonly hash: string, readonly size: number, private readonly text: KeyListText, private readonly seed: number) {
    this.slots = new Uint32Array(slotsFor(size));
    this.mask = this.slots.length - 1;
  }

  has(key: string): boolean {
    const hash = hashOfKey(key, this.seed);
    if (hash === NO_TEXT_OF_A_KEY) return false;
    const mark = hash >>> PLACE_BITS;
    for (let slot = hash & this.mask; ; slot = (slot + 1) & this.mask) {
      const entry = this.slots[slot]!;
      if (entry === 0) return false;
      if (entry >>> PLACE_BITS === mark && isAt(this.text, (entry & PLACE_MASK) - 1, key)) return true;
    }
  }

  put(hash: number, place: number): void {
    let slot = hash & this.mask;
    while (this.slots[slot] !== 0) slot = (slot + 1) & this.mask;
    this.slots[slot] = ((hash >>> PLACE_BITS) << PLACE_BITS) | (place + 1);
  }
}

/**
 * Makes a list from its text, which it keeps. Yields now and then, so that a million keys need not hold up a server: see {@link finish}.
 * @param hash - the text's hash; it is believed, so check it where the text comes from outside
 */
export function* keyListSteps(text: KeyListText, hash: string): Generator<void, KeyList> {
  if (text.length > MAX_KEY_LIST_BYTES) throw new RangeError(`a list has ${MAX_KEY_LIST_BYTES} bytes at most`);
  // The seed follows from the content: nobody can choose keys that all fall into one slot.
  const seed = Number.parseInt(hash.slice(0, 8), 16) | 0;
  const list = new CompactKeyList(hash, countKeys(text), text, seed);
  let count = 0;
  for (let place = 0; place < text.length; ) {
    const start = place;
    let mixed = seed;
    for (; text[place] !== LINE_FEED && place < text.length; place += 1) mixed = mix(mixed, text[place]!);
    list.put(spread(mixed), start);
    place += 1;
    count += 1;
    if (count % KEYS_A_STEP === 0) yield;
  }
  return list;
}

/** Runs steps to their end in one go. */
export const finish = <T>(steps: Generator<void, T>): T => {
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return step.value;
};

/** The lists that segments name: what has to be there before they can be evaluated. */
export const keyListsNamedBy = (segments: readonly Segment[]): KeyListRef[] =>
  segments.flatMap(({ includedList, excludedList }) => [includedList, excludedList]).filter((list) => list !== undefined && list !== null);
