import type { KeyListChunk } from '@pataka/contracts';
import { foldKeyListSteps, type KeyListText } from '@pataka/evaluation';
import { paced } from './key-list-library';

/** What has arrived of an upload, by the chunks' numbers: one that comes twice counts once. */
interface Upload { key: string; chunks: Map<number, { added: string; removed: string }>; characters: number }

/** Orphans of uploads that broke off must not fill the memory. What is dropped here, the log still has. */
const MOST_CHARACTERS = 134_217_728;

/** Parts of lists that have come, and are not in force yet. */
export class KeyListUploads {
  readonly #uploads = new Map<string, Upload>();
  #characters = 0;

  add({ key, upload, index, added, removed }: KeyListChunk): void {
    let known = this.#uploads.get(upload);
    if (known === undefined) this.#uploads.set(upload, (known = { key, chunks: new Map(), characters: 0 }));
    if (known.chunks.has(index)) return;
    known.chunks.set(index, { added, removed });
    known.characters += added.length + removed.length;
    this.#characters += added.length + removed.length;
    for (const oldest of this.#uploads.keys()) {
      if (this.#characters <= MOST_CHARACTERS || oldest === upload) return;
      this.#drop(oldest);
    }
  }

  /** A list after an upload. Chunks are in byte order over all of an upload, so their texts need only be joined. */
  fold(base: KeyListText, upload: string): Promise<KeyListText> {
    const chunks = [...(this.#uploads.get(upload)?.chunks ?? [])].sort(([a], [b]) => a - b).map(([, chunk]) => chunk);
    return paced(foldKeyListSteps(base, Buffer.from(chunks.map(({ added }) => added).join('')), Buffer.from(chunks.map(({ removed }) => removed).join(''))));
  }

  /** A segment has moved on: no upload that began before can come into force any more. */
  forget(key: string): void {
    for (const [name, upload] of this.#uploads) if (upload.key === key) this.#drop(name);
  }

  #drop(name: string): void {
    this.#characters -= this.#uploads.get(name)?.characters ?? 0;
    this.#uploads.delete(name);
  }
}
