import { type Context, evaluateTogether, type FlagPlace } from '@pataka/evaluation';
import type { Counter } from '../events/evaluation-counts';
import type { AnswerList, Piece } from './answer-list';
import { Digest } from './digest';
import type { FlagAnswers, Part } from './flag-answers';

/** A flag of a list: where the ruleset has it, and its answers. */
export interface Listed { place: FlagPlace; answers: FlagAnswers }

/** Some flags that are next to each other in every bulk answer. */
export interface Page {
  /** Adds their answers, and counts them. */
  answer(context: Context, nowMs: number, into: AnswerList): void;
  /** Gives what has been counted here to the counters of the answers. */
  settle(): void;
}

/** Answers put together once, and how often they have been served since they were last settled. */
class Bound implements Piece {
  readonly bytes: Buffer;
  readonly digest = new Digest();
  readonly #counters: readonly Counter[];
  served = 0;

  constructor(parts: readonly Part[]) {
    this.bytes = Buffer.concat(parts.map(({ bytes }) => bytes));
    this.#counters = parts.map(({ counter }) => counter);
    for (const { digest } of parts) this.digest.add(digest);
  }

  settle(): void {
    for (const counter of this.#counters) counter.count += this.served;
    this.served = 0;
  }
}

/** Flags with one answer each, whatever the context: together they are one piece. */
export class ConstantPage implements Page {
  readonly #bound: Bound;

  constructor(parts: readonly Part[]) {
    this.#bound = new Bound(parts);
  }

  answer(_context: Context, _nowMs: number, into: AnswerList): void {
    this.#bound.served += 1;
    into.add(this.#bound);
  }

  settle(): void {
    this.#bound.settle();
  }
}

const PAGE_FLAGS = 4;
// A page's combination of answers is told by three bits a flag.
const MOST_ANSWERS = 8;
const MAX_KEPT = 64;

/**
 * A few flags that have rules. Together they have few combinations of answers, and most contexts meet the same ones: each is put together
 * once, and a bulk answer out of a quarter of the pieces.
 */
export class RuledPage implements Page {
  readonly #kept = new Map<number, Bound>();
  readonly #parts: Part[] = [];

  constructor(private readonly flags: readonly Listed[]) {}

  static of(flags: readonly Listed[]): RuledPage[] {
    return Array.from({ length: Math.ceil(flags.length / PAGE_FLAGS) }, (_, index) => new RuledPage(flags.slice(index * PAGE_FLAGS, (index + 1) * PAGE_FLAGS)));
  }

  answer(context: Context, nowMs: number, into: AnswerList): void {
    const { flags } = this;
    let combination = 0;
    let keeps = true;
    for (let index = 0; index < flags.length; index += 1) {
      const { answers, place } = flags[index]!;
      const part = answers.partOf(evaluateTogether(place, context, nowMs), context);
      this.#parts[index] = part;
      keeps &&= part.ordinal < MOST_ANSWERS;
      combination = combination * MOST_ANSWERS + part.ordinal;
    }
    const bound = keeps ? this.#keptOf(combination) : undefined;
    if (bound === undefined) return this.#addSingly(into);
    bound.served += 1;
    into.add(bound);
  }

  settle(): void {
    for (const bound of this.#kept.values()) bound.settle();
  }

  #addSingly(into: AnswerList): void {
    for (const part of this.#parts) {
      part.counter.count += 1;
      into.add(part);
    }
  }

  #keptOf(combination: number): Bound | undefined {
    let bound = this.#kept.get(combination);
    if (bound === undefined && this.#kept.size < MAX_KEPT) this.#kept.set(combination, (bound = new Bound(this.#parts)));
    return bound;
  }
}
