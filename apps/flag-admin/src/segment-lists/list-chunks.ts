import { KeyListCursor, type KeyListText } from '@pataka/evaluation';

/** Keys that come and go, as texts. */
export interface ListChange { added: string; removed: string }

const MOST_KEYS = 10_000;
/** A record on Kafka has a megabyte at most, and JSON needs up to two bytes for one. */
const MOST_BYTES = 262_144;
const LARGEST_KEY = 1_025;

/** Names the way lists are cut, so that a retry by another version of this program mixes no chunks of two ways. */
export const CUT = `${MOST_KEYS}/${MOST_BYTES}`;

class Side {
  private readonly bytes = Buffer.allocUnsafe(MOST_BYTES + LARGEST_KEY);
  size = 0;

  take(cursor: KeyListCursor): void {
    this.size = cursor.copyTo(this.bytes, this.size);
  }

  /** What was taken, which is forgotten. */
  text(): string {
    const text = this.bytes.toString('utf8', 0, this.size);
    this.size = 0;
    return text;
  }
}

/**
 * What leads from one list to another, in byte order, cut into chunks. The same two lists give the same chunks, so that an upload that broke
 * off is repeated where it ended.
 */
export function* chunksBetween(base: KeyListText, target: KeyListText): Generator<ListChange> {
  const [old, next] = [new KeyListCursor(base), new KeyListCursor(target)];
  const [added, removed] = [new Side(), new Side()];
  let keys = 0;
  while (!old.atEnd || !next.atEnd) {
    const order = old.compare(next);
    if (order === 0) {
      old.skip();
      next.skip();
      continue;
    }
    if (order < 0) removed.take(old);
    else added.take(next);
    keys += 1;
    if (keys === MOST_KEYS || added.size + removed.size >= MOST_BYTES) {
      yield { added: added.text(), removed: removed.text() };
      keys = 0;
    }
  }
  if (keys > 0) yield { added: added.text(), removed: removed.text() };
}
