import { type CompiledRuleset, type Context, evaluate } from '@pataka/evaluation';
import { experimentTail, type FlagAnswers } from './flag-answers';
import { failureText } from './ofrep-errors';

const MULTIPLIER = 0x01000193;
const SEEDS = [0x811c9dc5, 0x050c5d1f, 0x1b873593, 0x2f0b4a87] as const;
const hex = (lane: number): string => (lane >>> 0).toString(16).padStart(8, '0');

/** Entity tag of a bulk answer, from digests of its parts: four FNV-1a of 32 bits side by side, each over its own words of them. */
class Tag {
  private a: number = SEEDS[0];
  private b: number = SEEDS[1];
  private c: number = SEEDS[2];
  private d: number = SEEDS[3];

  add(digest: Int32Array): void {
    this.a = Math.imul(this.a ^ digest[0]!, MULTIPLIER);
    this.b = Math.imul(this.b ^ digest[1]!, MULTIPLIER);
    this.c = Math.imul(this.c ^ digest[2]!, MULTIPLIER);
    this.d = Math.imul(this.d ^ digest[3]!, MULTIPLIER);
  }

  addText(text: string): void {
    for (let at = 0; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      this.a = Math.imul(this.a ^ code, MULTIPLIER);
      this.b = Math.imul(this.b ^ code, MULTIPLIER);
      this.c = Math.imul(this.c ^ code, MULTIPLIER);
      this.d = Math.imul(this.d ^ code, MULTIPLIER);
    }
  }

  toString(): string {
    return `"${hex(this.a)}${hex(this.b)}${hex(this.c)}${hex(this.d)}"`;
  }
}

const COMMA = 0x2c;
const OPENING = Buffer.from('{"flags":[');

/** Parts of a body, put together at once: to copy bytes is far cheaper than to join texts and write them out. */
class Parts {
  private readonly parts: Buffer[] = [];
  private length = 0;

  add(part: Buffer): void {
    this.parts.push(part);
    this.length += part.length + 1;
  }

  /** The parts as a list of flags, and what comes after it. */
  body(after: Buffer): Buffer {
    const bytes = Buffer.allocUnsafe(OPENING.length + Math.max(0, this.length - 1) + after.length);
    bytes.set(OPENING, 0);
    let at = OPENING.length;
    for (const part of this.parts) {
      if (at > OPENING.length) bytes[at++] = COMMA;
      bytes.set(part, at);
      at += part.length;
    }
    bytes.set(after, at);
    return bytes;
  }
}

/** Every flag's answer for a context: its entity tag, and its body given what comes after the list. */
export const bulkAnswer = (all: readonly FlagAnswers[], ruleset: CompiledRuleset, context: Context, nowMs: number): { etag: string; body: (after: string) => Buffer } => {
  const tag = new Tag();
  const parts = new Parts();
  for (const answers of all) {
    const { key } = answers.flag;
    const evaluation = evaluate(ruleset, key, context, nowMs);
    if (evaluation.errorCode !== undefined) {
      answers.failed(evaluation.errorCode).count += 1;
      const { text } = failureText(key, evaluation.errorCode, evaluation.errorDetails);
      tag.addText(text);
      parts.add(Buffer.from(text));
      continue;
    }
    const fragment = answers.of(evaluation);
    fragment.counter.count += 1;
    tag.add(fragment.digest);
    if (!fragment.experiment) parts.add(fragment.bytes);
    else {
      const tail = experimentTail(evaluation);
      tag.addText(tail);
      parts.add(Buffer.from(fragment.text + tail));
    }
  }
  return { etag: tag.toString(), body: (after) => parts.body(Buffer.from(`]${after}`)) };
};
