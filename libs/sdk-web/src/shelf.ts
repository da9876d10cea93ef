import type { KeyValueStore } from './host';

const isPromise = (value: unknown): value is Promise<string | null> => typeof (value as { then?: unknown } | null)?.then === 'function';

/**
 * A host's storage that never fails: what cannot be read counts as absent, what cannot be written is forgotten. Where storage answers
 * at once, so does this, so that a page starts from its cache before it is drawn first.
 */
export class Shelf {
  constructor(private readonly store: KeyValueStore | null) {}

  /** Reads several entries and hands them over, at once where the store is synchronous. */
  read(keys: readonly string[], use: (texts: (string | null)[]) => void): void {
    const found = keys.map((key) => this.get(key));
    if (!found.some(isPromise)) return use(found as (string | null)[]);
    void Promise.all(found.map((one) => Promise.resolve(one).catch(() => null))).then(use);
  }

  get(key: string): string | null | Promise<string | null> {
    try {
      return this.store?.getItem(key) ?? null;
    } catch {
      return null;
    }
  }

  write(key: string, text: string): void {
    try {
      const written = this.store?.setItem(key, text);
      if (isPromise(written)) written.catch(() => undefined);
    } catch {
      // full or forbidden: everything goes on without
    }
  }
}

/** A JSON text's value; undefined where it is none. */
export const parsed = (text: string | null): unknown => {
  try {
    return text === null ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** A short name for a text (FNV-1a, 32 bits): tells storage entries apart, secures nothing. */
export const shortName = (text: string): string => {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return (hash >>> 0).toString(36);
};
