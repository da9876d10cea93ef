import type { CompiledRuleset, Context } from '@pataka/evaluation';
import type { AnswerPage, Bound } from './answer-page';
import { Digest } from './digest';

const COMMA = 0x2c;
const OPENING = Buffer.from('{"flags":[');

/** The pages as one list of flags, and what comes after it: to copy bytes is far cheaper than to join texts and write them out. */
const bodyOf = (pages: readonly Bound[], length: number, after: string): Buffer => {
  // What comes after the list is ASCII.
  const bytes = Buffer.allocUnsafe(OPENING.length + length + after.length);
  bytes.set(OPENING, 0);
  let at = OPENING.length;
  for (let index = 0; index < pages.length; index += 1) {
    const page = pages[index]!.bytes;
    if (index > 0) bytes[at++] = COMMA;
    bytes.set(page, at);
    at += page.length;
  }
  bytes.write(after, at, 'latin1');
  return bytes;
};

/** Every flag's answer for a context: its entity tag, and its body given what comes after the list, in ASCII. */
export const bulkAnswer = (pages: readonly AnswerPage[], ruleset: CompiledRuleset, context: Context, nowMs: number): { etag: string; body: (after: string) => Buffer } => {
  const tag = new Digest();
  const bound: Bound[] = [];
  let length = Math.max(0, pages.length - 1);
  for (const page of pages) {
    const answered = page.answer(ruleset, context, nowMs);
    tag.add(answered.digest);
    bound.push(answered);
    length += answered.bytes.length;
  }
  return { etag: tag.etag(), body: (after) => bodyOf(bound, length, `]${after}`) };
};
