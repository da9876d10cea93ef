import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { type KeyList, type KeyLists, keyListSteps, type KeyListText } from '@pataka/evaluation';

const compress = promisify(gzip);

/** Runs steps to their end and lets evaluations have a turn in between. */
export const paced = async <T>(steps: Generator<void, T>): Promise<T> => {
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done === true) return step.value;
    await nextTurn();
  }
};

export const hashOf = (text: KeyListText): string => createHash('sha256').update(text).digest('hex');

interface Shelved { list: KeyList; text: KeyListText; gzipped: Promise<Buffer> | null }

/** The lists in memory, by hash: what evaluations look into, and what others fetch. */
export class KeyListLibrary implements KeyLists {
  readonly #shelf = new Map<string, Shelved>();

  get(hash: string): KeyList | undefined {
    return this.#shelf.get(hash)?.list;
  }

  hashes(): string[] {
    return [...this.#shelf.keys()];
  }

  text(hash: string): KeyListText | undefined {
    return this.#shelf.get(hash)?.text;
  }

  /** A list's text compressed, once for all that ask for it. */
  gzipped(hash: string): Promise<Buffer> | undefined {
    const shelved = this.#shelf.get(hash);
    return shelved && (shelved.gzipped ??= compress(shelved.text));
  }

  /** Takes a list in; false for a text that is not what the hash says. */
  async add(hash: string, text: KeyListText): Promise<boolean> {
    if (this.#shelf.has(hash)) return true;
    if (hashOf(text) !== hash) return false;
    this.#shelf.set(hash, { list: await paced(keyListSteps(text, hash)), text, gzipped: null });
    return true;
  }

  keepOnly(hashes: ReadonlySet<string>): void {
    for (const hash of this.#shelf.keys()) if (!hashes.has(hash)) this.#shelf.delete(hash);
  }
}
