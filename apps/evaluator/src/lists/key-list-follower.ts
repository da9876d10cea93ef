import { type KeyListChunk, type KeyListName, type KeyListRef, type Segment, type SegmentChange, topics } from '@pataka/contracts';
import { decodeBatch, type EventLog } from '@pataka/event-sourcing';
import { type KeyList, type KeyLists, keyListsNamedBy, keyListSteps, type KeyListText } from '@pataka/evaluation';
import { type Logger, untilDone } from '@pataka/platform';
import type { KeyListArchive } from './key-list-archive';
import { hashOf, KeyListLibrary, paced } from './key-list-library';
import { KeyListUploads } from './key-list-uploads';

type Change = SegmentChange | KeyListChunk;
interface Parts { log: EventLog; archive: KeyListArchive; logger: Logger; signal: AbortSignal }

const NONE: KeyListText = new Uint8Array();
const names: readonly KeyListName[] = ['included', 'excluded'];
const ARCHIVE_DEADLINE_MS = 5_000;

const listOf = (segment: Segment | null | undefined, name: KeyListName): KeyListRef | undefined => segment?.[`${name}List`];

/** Null where the look-up fails or takes too long: there are other sources. */
const bounded = async <T>(lookup: Promise<T>): Promise<T | null> => {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<null>((resolve) => { timer = setTimeout(() => resolve(null), ARCHIVE_DEADLINE_MS); });
  return Promise.race([lookup.catch(() => null), deadline]).finally(() => clearTimeout(timer));
};

/**
 * Has every list in memory before a segment that names it is served. A list is the one before with an upload's chunks, which came earlier on
 * the topic; where this process has not seen them (it started from a snapshot), the database has the list, and else the log.
 */
export class KeyListFollower {
  readonly library = new KeyListLibrary();
  readonly #uploads = new KeyListUploads();
  /** Lists that are read from the log behind, or were sought there in vain. */
  readonly #sought = new Set<string>();

  constructor(private readonly parts: Parts) {}

  chunk(chunk: KeyListChunk): void {
    this.#uploads.add(chunk);
  }

  /** Before a segment changes. @throws Unavailable when the log is needed and away: then nothing may change yet */
  async prepare({ key, after, upload }: SegmentChange, before: Segment | undefined): Promise<void> {
    for (const name of names) {
      const named = listOf(after as Segment | null, name);
      if (named === undefined || this.library.get(named.hash) !== undefined) continue;
      const base = this.#baseOf(listOf(before, name));
      const folded = upload !== undefined && base !== undefined && (await this.#add(named.hash, await this.#uploads.fold(base, upload)));
      if (!folded && !(await this.#fromArchive(named.hash))) await this.#addFromLog(key, name, named.hash);
    }
  }

  /** After a segment has changed: forgets what none of the segments names any more. */
  settle(key: string, segments: Iterable<Segment>): void {
    this.#uploads.forget(key);
    this.library.keepOnly(new Set(keyListsNamedBy([...segments]).map(({ hash }) => hash)));
  }

  /** The lists of segments that came with a snapshot; what the database has not is read from the log behind, and its flags fail until then. */
  async provide(segments: Iterable<Segment>): Promise<void> {
    for (const segment of segments) for (const name of names) await this.#provideOne(segment.key, name, listOf(segment, name)?.hash);
  }

  /** The lists of segments as they were, for whoever looks into the past; they are not kept here. @throws Unavailable without the log */
  async past(segments: readonly Segment[]): Promise<KeyLists> {
    const found = new Map<string, KeyList>();
    for (const segment of segments) {
      for (const name of names) {
        const hash = listOf(segment, name)?.hash;
        const list = hash === undefined ? undefined : (this.library.get(hash) ?? (await this.#pastOne(segment.key, name, hash)));
        if (list !== undefined) found.set(list.hash, list);
      }
    }
    return found;
  }

  /** A list that is not in force any more is kept for a day, for those who have just read its hash. */
  async archived(hash: string): Promise<KeyListText | null> {
    return bounded(this.parts.archive.get(hash));
  }

  async #provideOne(key: string, name: KeyListName, hash: string | undefined): Promise<void> {
    const { signal, logger } = this.parts;
    if (hash === undefined || this.library.get(hash) !== undefined || this.#sought.has(hash) || (await this.#fromArchive(hash))) return;
    this.#sought.add(hash);
    const onError = (error: Error): void => logger.warn({ segment: key, list: name, error: error.message }, 'a list is not in the database, and the log cannot be read');
    const seek = async (): Promise<void> => void ((await this.#addFromLog(key, name, hash)) && this.#sought.delete(hash));
    void untilDone(seek, { signal, onError });
  }

  /** undefined where the list before is not here itself. */
  #baseOf(named: KeyListRef | undefined): KeyListText | undefined {
    return named === undefined ? NONE : this.library.text(named.hash);
  }

  async #add(hash: string, text: KeyListText): Promise<boolean> {
    const { archive, logger } = this.parts;
    if (!(await this.library.add(hash, text))) return false;
    // Behind: the log has everything, so nothing waits for the database.
    void archive.put(hash, text, this.library.hashes()).catch((error: Error) => logger.warn({ error: error.message }, 'a list was not kept in the database; the log has it'));
    return true;
  }

  async #fromArchive(hash: string): Promise<boolean> {
    const text = await bounded(this.parts.archive.get(hash));
    return text !== null && this.library.add(hash, text);
  }

  async #pastOne(key: string, name: KeyListName, hash: string): Promise<KeyList | undefined> {
    const kept = await bounded(this.parts.archive.get(hash));
    const text = kept !== null && hashOf(kept) === hash ? kept : await this.#fromLog(key, name, hash);
    return text === null ? undefined : paced(keyListSteps(text, hash));
  }

  async #addFromLog(key: string, name: KeyListName, hash: string): Promise<boolean> {
    const text = await this.#fromLog(key, name, hash);
    if (text !== null) return this.#add(hash, text);
    // Waiting would help nobody: the flags that need it say so, and all others go on.
    this.parts.logger.error({ segment: key, list: name, hash }, 'a list is not on the log as its segment names it');
    return false;
  }

  /** Folds one list of one segment from the beginning of the topic. */
  async #fromLog(key: string, name: KeyListName, hash: string): Promise<KeyListText | null> {
    const past = new PastList(name);
    for await (const batch of this.parts.log.read(topics.segmentChanges.name, 0, '0')) {
      for (const event of decodeBatch(batch).events) {
        const change = event.data as unknown as Change;
        if (change.key !== key) continue;
        await past.apply(change);
        if (past.hash === hash && hashOf(past.text) === hash) return past.text;
      }
    }
    return null;
  }
}

/** A list of one segment as its changes go by. */
class PastList {
  text: KeyListText = NONE;
  hash: string | undefined;
  readonly #uploads = new KeyListUploads();

  constructor(private readonly name: KeyListName) {}

  async apply(change: Change): Promise<void> {
    if (change.kind === 'segment-list') this.#uploads.add(change);
    if (change.kind !== 'segment') return;
    const next = listOf(change.after as Segment | null, this.name)?.hash;
    if (next !== this.hash) this.text = next === undefined || change.upload === undefined ? NONE : await this.#uploads.fold(this.text, change.upload);
    this.hash = next;
    this.#uploads.forget(change.key);
  }
}
