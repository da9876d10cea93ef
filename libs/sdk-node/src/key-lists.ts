import { createHash } from 'node:crypto';
import { setImmediate as breathe } from 'node:timers/promises';
import { keyListsNamedBy, keyListSteps, type KeyList, type KeyLists, type Ruleset } from '@pataka/evaluation';
import type { RulesetFiles } from './ruleset-files';
import type { Server } from './server';

const hashOf = (text: Uint8Array): string => createHash('sha256').update(text).digest('hex');

/** The lists of keys that segments name by hash: fetched once, checked, kept in files, forgotten when nothing names them any more. */
export class ListStore implements KeyLists {
  private readonly lists = new Map<string, KeyList>();

  constructor(private readonly server: Server | undefined, private readonly files: RulesetFiles | undefined) {}

  get(hash: string): KeyList | undefined {
    return this.lists.get(hash);
  }

  /** Makes every list available that the segments name. @throws Error where one can't be had; the others are there then */
  async provide(segments: Ruleset['segments'], signal: AbortSignal): Promise<void> {
    let failure: unknown;
    for (const { hash } of keyListsNamedBy(segments)) {
      if (this.lists.has(hash)) continue;
      const list = await this.load(hash, signal).catch((error: unknown) => void (failure = error));
      if (list !== undefined) this.lists.set(hash, list);
    }
    if (failure !== undefined) throw failure;
  }

  /** Forgets the lists that no segment names any more. */
  keepOnly(segments: Ruleset['segments']): void {
    const named = new Set(keyListsNamedBy(segments).map(({ hash }) => hash));
    for (const hash of this.lists.keys()) {
      if (named.has(hash)) continue;
      this.lists.delete(hash);
      void this.files?.removeList(hash);
    }
  }

  private async load(hash: string, signal: AbortSignal): Promise<KeyList> {
    const kept = await this.files?.readList(hash);
    if (kept !== undefined && hashOf(kept) === hash) return build(kept, hash);
    if (this.server === undefined) throw new Error(`the list ${hash} is not here`);
    const answer = await this.server.get(`/v1/lists/${hash}`, signal);
    const text = answer!.bytes;
    if (hashOf(text) !== hash) throw new Error(`the list ${hash} arrived broken`);
    // The file only spares the next start a request.
    await this.files?.writeList(hash, text).catch(() => undefined);
    return build(text, hash);
  }
}

/** A million keys must not hold up whoever shares the process. */
const build = async (text: Uint8Array, hash: string): Promise<KeyList> => {
  const steps = keyListSteps(text, hash);
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done === true) return step.value;
    await breathe();
  }
};
