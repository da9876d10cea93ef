import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ruleset } from '@pataka/evaluation';
import { replaceFile } from './atomic-file';
import { isRuleset } from './ruleset-change';

/** A ruleset as it was last known, with the entity tag of exactly that answer, where there is one. */
export type KnownRuleset = { readonly ruleset: Ruleset; readonly etag?: string | undefined };

const readJson = async (path: string): Promise<unknown> => {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  return text === null ? undefined : JSON.parse(text);
};

/** Reads a ruleset that was saved from `GET /v1/ruleset`. @throws Error where the file is missing or holds something else */
export const readBootstrap = async (path: string): Promise<KnownRuleset> => {
  const ruleset = await readJson(path);
  if (!isRuleset(ruleset)) throw new Error(`${path} holds no ruleset`);
  return { ruleset };
};

/** The last known rules of one key at one server, kept over restarts; and the lists of keys that they name, which never change. */
export class RulesetFiles {
  private readonly file: string;
  private readonly lists: string;

  constructor(directory: string, url: string, key: string) {
    const name = createHash('sha256').update(`${url} ${key}`).digest('hex').slice(0, 16);
    this.file = join(directory, `ruleset-${name}.json`);
    this.lists = join(directory, 'lists');
  }

  /** @throws Error where the file can't be read or is broken */
  async read(): Promise<KnownRuleset | undefined> {
    const kept = (await readJson(this.file)) as Partial<KnownRuleset> | undefined;
    if (kept === undefined) return undefined;
    if (!isRuleset(kept.ruleset)) throw new Error(`${this.file} holds no ruleset`);
    return { ruleset: kept.ruleset, ...(typeof kept.etag === 'string' ? { etag: kept.etag } : {}) };
  }

  async write(known: KnownRuleset): Promise<void> {
    await replaceFile(this.file, JSON.stringify(known));
  }

  async readList(hash: string): Promise<Uint8Array | undefined> {
    return readFile(join(this.lists, hash)).catch(() => undefined);
  }

  async writeList(hash: string, text: Uint8Array): Promise<void> {
    await replaceFile(join(this.lists, hash), text);
  }

  /** Whoever still needs it fetches it again. */
  async removeList(hash: string): Promise<void> {
    await rm(join(this.lists, hash), { force: true }).catch(() => undefined);
  }
}
