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

/** Every flag's answer for a context, as the text of a list, and the list's entity tag. */
export const bulkAnswer = (all: readonly FlagAnswers[], ruleset: CompiledRuleset, context: Context, nowMs: number): { flags: string; etag: string } => {
  const tag = new Tag();
  const texts: string[] = [];
  for (const answers of all) {
    const { key } = answers.flag;
    const evaluation = evaluate(ruleset, key, context, nowMs);
    if (evaluation.errorCode !== undefined) {
      answers.failed(evaluation.errorCode).count += 1;
      const { text } = failureText(key, evaluation.errorCode, evaluation.errorDetails);
      tag.addText(text);
      texts.push(text);
      continue;
    }
    const fragment = answers.of(evaluation);
    fragment.counter.count += 1;
    tag.add(fragment.digest);
    if (!fragment.experiment) texts.push(fragment.text);
    else {
      const tail = experimentTail(evaluation);
      tag.addText(tail);
      texts.push(fragment.text + tail);
    }
  }
  return { flags: `[${texts.join(',')}]`, etag: tag.toString() };
};
