import { parsed, type Shelf } from './shelf';
import { type BulkAnswer, bulkAnswerFrom, bulkAnswerOf, canonical, type EvaluationContext, type Snapshot, snapshotOf } from './snapshot';

const MAX_AGE_MS = 30 * 24 * 3600 * 1000;
const MAX_CONTEXTS = 3;

/** The last answers of a few contexts, kept over restarts for 30 days. */
export class AnswerCache {
  #answers: BulkAnswer[] = [];

  /** @param key - the storage entry; one for each server and client key, and with the key for each environment */
  constructor(private readonly shelf: Shelf, readonly key: string, private readonly now: () => number) {}

  /** Takes what storage holds. */
  restore(text: string | null): void {
    const raw = parsed(text);
    if (Array.isArray(raw)) this.#answers = raw.map(bulkAnswerOf).filter((answer) => answer !== null);
  }

  find(context: EvaluationContext): Snapshot | null {
    const contextText = canonical(context);
    const found = this.#answers.find((answer) => canonical(answer.context) === contextText);
    return found === undefined || Math.abs(this.now() - found.at) > MAX_AGE_MS ? null : snapshotOf(found, true);
  }

  put(snapshot: Snapshot): void {
    const others = this.#answers.filter((answer) => canonical(answer.context) !== snapshot.contextText);
    this.#answers = [bulkAnswerFrom(snapshot), ...others].slice(0, MAX_CONTEXTS);
    this.shelf.write(this.key, JSON.stringify(this.#answers));
  }
}
