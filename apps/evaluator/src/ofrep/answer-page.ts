import { type CompiledRuleset, type Context, evaluate } from '@pataka/evaluation';
import { Digest } from './digest';
import type { FlagAnswers, Part } from './flag-answers';

/** Answers of some flags, side by side as they stand in a list, with what the list's entity tag is made of. */
export interface Bound { bytes: Buffer; digest: Digest }

const PAGE_FLAGS = 4;
// A page's combination of answers is told by three bits a flag.
const MOST_ANSWERS = 8;
const MAX_KEPT = 48;
const COMMA = Buffer.from(',');

const bind = (parts: readonly Part[]): Bound => {
  const digest = new Digest();
  for (const part of parts) digest.add(part.digest);
  return { digest, bytes: Buffer.concat(parts.flatMap(({ bytes }, index) => (index === 0 ? [bytes] : [COMMA, bytes]))) };
};

/**
 * A few flags that are next to each other in every bulk answer. Together they have few combinations of answers, and most contexts meet the
 * same ones: each is put together once, and a bulk answer out of a quarter of the pieces.
 */
export class AnswerPage {
  readonly #kept = new Map<number, Bound>();
  readonly #parts: Part[] = [];

  constructor(private readonly flags: readonly FlagAnswers[]) {}

  static of(flags: readonly FlagAnswers[]): AnswerPage[] {
    return Array.from({ length: Math.ceil(flags.length / PAGE_FLAGS) }, (_, index) => new AnswerPage(flags.slice(index * PAGE_FLAGS, (index + 1) * PAGE_FLAGS)));
  }

  answer(ruleset: CompiledRuleset, context: Context, nowMs: number): Bound {
    const { flags } = this;
    let combination = 0;
    let keeps = true;
    for (let index = 0; index < flags.length; index += 1) {
      const answers = flags[index]!;
      const part = answers.partOf(evaluate(ruleset, answers.flag.key, context, nowMs));
      this.#parts[index] = part;
      keeps &&= part.ordinal >= 0 && part.ordinal < MOST_ANSWERS;
      combination = combination * MOST_ANSWERS + part.ordinal;
    }
    return keeps ? this.#keptOf(combination) : bind(this.#parts);
  }

  #keptOf(combination: number): Bound {
    let bound = this.#kept.get(combination);
    if (bound === undefined) {
      bound = bind(this.#parts);
      if (this.#kept.size < MAX_KEPT) this.#kept.set(combination, bound);
    }
    return bound;
  }
}
