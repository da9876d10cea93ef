import type { CompiledRuleset, Context } from '@pataka/evaluation';
import type { AnswerPage, Bound } from './answer-page';
import { Digest } from './digest';

const COMMA = 0x2c;
const OPENING = Buffer.from('{"flags":[');

const MAX_SPARE = 8;
const MAX_SPARE_BYTES = 256 * 1024;
const GRAIN = 4_096;

/** Room for bodies, used again once a body has gone out: a new buffer for each would be most of the garbage of a bulk answer. */
export class BodyRoom {
  readonly #spare: Buffer[] = [];

  take(size: number): Buffer {
    const spare = this.#spare.pop();
    return spare !== undefined && spare.length >= size ? spare : Buffer.allocUnsafeSlow(Math.ceil(size / GRAIN) * GRAIN);
  }

  /** Only of a body that the system has taken whole. */
  giveBack(room: Buffer): void {
    if (this.#spare.length < MAX_SPARE && room.length <= MAX_SPARE_BYTES) this.#spare.push(room);
  }
}

/** A body, and the room that it stands in. */
export interface Body { bytes: Buffer; room: Buffer }

/** The pages as one list of flags, and what comes after it: to copy bytes is far cheaper than to join texts and write them out. */
const bodyOf = (rooms: BodyRoom, pages: readonly Bound[], length: number, after: string): Body => {
  // What comes after the list is ASCII.
  const size = OPENING.length + length + after.length;
  const bytes = rooms.take(size);
  bytes.set(OPENING, 0);
  let at = OPENING.length;
  for (let index = 0; index < pages.length; index += 1) {
    const page = pages[index]!.bytes;
    if (index > 0) bytes[at++] = COMMA;
    bytes.set(page, at);
    at += page.length;
  }
  bytes.write(after, at, 'latin1');
  return { room: bytes, bytes: bytes.subarray(0, size) };
};

/** Every flag's answer for a context: its entity tag, and its body given what comes after the list, in ASCII. */
export const bulkAnswer = (pages: readonly AnswerPage[], ruleset: CompiledRuleset, context: Context, nowMs: number): { etag: string; body: (rooms: BodyRoom, after: string) => Body } => {
  const tag = new Digest();
  const bound: Bound[] = [];
  let length = Math.max(0, pages.length - 1);
  for (const page of pages) {
    const answered = page.answer(ruleset, context, nowMs);
    tag.add(answered.digest);
    bound.push(answered);
    length += answered.bytes.length;
  }
  return { etag: tag.etag(), body: (rooms, after) => bodyOf(rooms, bound, length, `]${after}`) };
};
