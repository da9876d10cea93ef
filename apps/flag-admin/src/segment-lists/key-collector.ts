import { setImmediate as nextTurn } from 'node:timers/promises';
import { DomainError, KEY_LIST_LIMIT } from '@pataka/contracts';
import { foldKeyListSteps, KeyListCursor, MAX_KEY_LIST_BYTES, type KeyListText } from '@pataka/evaluation';

const KEYS_A_RUN = 16_384;
const NONE = new Uint8Array();
const LINE_FEED = 10;

/** Runs steps to their end and lets others have a turn in between. */
export const paced = async <T>(steps: Generator<void, T>): Promise<T> => {
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done === true) return step.value;
    await nextTurn();
  }
};

export const countOf = (text: KeyListText): number => {
  let count = 0;
  for (let place = text.indexOf(LINE_FEED); place !== -1; place = text.indexOf(LINE_FEED, place + 1)) count += 1;
  return count;
};

/** UTF-8 is ordered as code points are; JavaScript orders by UTF-16, where surrogates come before U+E000. */
const byCodePoint = (a: string, b: string): number => {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index += 1) {
    const order = a.charCodeAt(index) - b.charCodeAt(index);
    if (order !== 0) return a.codePointAt(index)! - b.codePointAt(index)!;
  }
  return a.length - b.length;
};

const runOf = (keys: string[]): KeyListText => {
  const sorted = keys.some((key) => /[\ud800-\uffff]/.test(key)) ? keys.sort(byCodePoint) : keys.sort();
  const once = sorted.filter((key, index) => key !== sorted[index - 1]);
  return Buffer.from(once.length === 0 ? '' : `${once.join('\n')}\n`);
};

/** @throws DomainError `too-large` beyond what a list may have */
export const refuseLarge = (text: KeyListText): KeyListText => {
  const size = countOf(text);
  if (size > KEY_LIST_LIMIT) throw new DomainError('too-large', `A list has ${KEY_LIST_LIMIT} keys at most, not ${size}`);
  if (text.length > MAX_KEY_LIST_BYTES) throw new DomainError('too-large', `A list has ${MAX_KEY_LIST_BYTES} bytes at most`);
  return text;
};

/** Whether all of one text comes before the other: of a sorted file the runs need only be joined. */
const isBefore = (one: KeyListText, other: KeyListText): boolean => {
  const last = one.lastIndexOf(LINE_FEED, one.length - 2) + 1;
  return new KeyListCursor(one.subarray(last)).compare(new KeyListCursor(other)) < 0;
};

/** Sorts keys in runs while they come in, and merges the runs: no more than a run is ever held as strings. */
export class KeyCollector {
  private run: string[] = [];
  private runs: KeyListText[] = [];

  readonly add = (key: string): void => {
    this.run.push(key);
    if (this.run.length >= KEYS_A_RUN) this.flush();
  };

  /** The text of all keys, each once. @throws DomainError `too-large` */
  async text(): Promise<KeyListText> {
    this.flush();
    while (this.runs.length > 1) await this.mergePairs();
    return refuseLarge(this.runs[0] ?? NONE);
  }

  private async mergePairs(): Promise<void> {
    const merged: KeyListText[] = [];
    for (let index = 0; index < this.runs.length; index += 2) {
      const [one, other] = [this.runs[index]!, this.runs[index + 1]];
      if (other === undefined) merged.push(one);
      else merged.push(isBefore(one, other) ? Buffer.concat([one, other]) : await paced(foldKeyListSteps(one, other, NONE)));
    }
    this.runs = merged;
  }

  private flush(): void {
    if (this.run.length > 0) this.runs.push(runOf(this.run));
    this.run = [];
  }
}
