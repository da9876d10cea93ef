import type { KeyListText } from './key-list';

const LINE_FEED = 10;
const KEYS_A_STEP = 16_384;

/** A place in a list's text that moves on key by key. */
export class KeyListCursor {
  /** Index of the key's first byte. */
  place = 0;

  constructor(readonly text: KeyListText) {}

  /** Whether no key is left. */
  get atEnd(): boolean {
    return this.place >= this.text.length;
  }

  /** Negative, 0 or positive as this key is below, equal to or above the other's; one at its end is above all. */
  compare(other: KeyListCursor): number {
    if (this.atEnd || other.atEnd) return (this.atEnd ? 1 : 0) - (other.atEnd ? 1 : 0);
    let [a, b] = [this.place, other.place];
    // A line feed is below every byte of a key, so the shorter of two comes first.
    while (this.text[a] === other.text[b] && this.text[a] !== LINE_FEED) {
      a += 1;
      b += 1;
    }
    return this.text[a]! - other.text[b]!;
  }

  /** Goes on to the next key. */
  skip(): void {
    while (this.text[this.place] !== LINE_FEED && this.place < this.text.length) this.place += 1;
    this.place += 1;
  }

  /** Copies this key with its line feed and goes on to the next; returns where the copy ends. */
  copyTo(target: Uint8Array, at: number): number {
    let end = at;
    for (; this.text[this.place] !== LINE_FEED; this.place += 1) target[end++] = this.text[this.place]!;
    this.place += 1;
    target[end] = LINE_FEED;
    return end + 1;
  }
}

/**
 * A list after a change: the keys of `base` and `added` without those of `removed`, all three in the form of a list's text. Linear; yields
 * now and then, so that a million keys need not hold up a server.
 */
export function* foldKeyListSteps(base: KeyListText, added: KeyListText, removed: KeyListText): Generator<void, KeyListText> {
  const target = new Uint8Array(base.length + added.length);
  const [old, fresh, gone] = [new KeyListCursor(base), new KeyListCursor(added), new KeyListCursor(removed)];
  let end = 0;
  for (let count = 1; !old.atEnd || !fresh.atEnd; count += 1) {
    const order = old.compare(fresh);
    const next = order <= 0 ? old : fresh;
    while (gone.compare(next) < 0) gone.skip();
    if (gone.compare(next) === 0) next.skip();
    else end = next.copyTo(target, end);
    if (order === 0) fresh.skip();
    if (count % KEYS_A_STEP === 0) yield;
  }
  return end === target.length ? target : target.slice(0, end);
}
