import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { DomainError, type KeyListName, type KeyListRef } from '@pataka/contracts';
import { type EventStore, handle, type Handled } from '@pataka/event-sourcing';
import { foldKeyListSteps, type KeyListText } from '@pataka/evaluation';
import type { HttpCommandContext } from '@pataka/platform';
import type { CatalogueCommand, CatalogueDocument, CatalogueEvent, CatalogueState } from '../catalogue/catalogue.decider';
import { listMember, segmentAggregate } from '../catalogue/segments';
import { countOf, paced, refuseLarge } from './key-collector';
import { hashOfList, type KeyListStore } from './key-list-store';
import { chunkKey, listChunkAggregate, type ListChunk } from './list-chunk.decider';
import { chunksBetween, CUT } from './list-chunks';

const NONE = new Uint8Array();

type Segment = CatalogueDocument & { includedList?: KeyListRef; excludedList?: KeyListRef };
interface Found { version: number; document: Segment }

/**
 * Changes and reads the lists beside segments. A change is appended chunk by chunk, each in a transaction of its own, so that other commands
 * come in between; only the last event, the segment's own, puts it into force. What breaks off before that changes nothing, and is taken up
 * where it ended when it is repeated.
 */
export class SegmentLists {
  constructor(private readonly store: EventStore, private readonly lists: KeyListStore) {}

  /** The segment and its list's text; null where it has none. @throws DomainError `not-found` */
  async read(key: string, list: KeyListName): Promise<{ version: number; text: KeyListText | null }> {
    const { version, document } = await this.segment(key);
    const ref = document[listMember(list)];
    return { version, text: ref === undefined ? null : await this.textOf(key, list, ref) };
  }

  /** Makes a list these keys alone. */
  async replace(key: string, list: KeyListName, target: KeyListText, context: HttpCommandContext): Promise<Handled<CatalogueDocument>> {
    return (await this.answered(context)) ?? this.change(key, list, await this.segment(key), () => Promise.resolve(target), context);
  }

  /** Adds keys to a list and takes keys from it. */
  async amend(key: string, list: KeyListName, added: KeyListText, removed: KeyListText, context: HttpCommandContext): Promise<Handled<CatalogueDocument>> {
    const amended = async (base: KeyListText): Promise<KeyListText> => refuseLarge(await paced(foldKeyListSteps(base, added, removed)));
    return (await this.answered(context)) ?? this.change(key, list, await this.segment(key), amended, context);
  }

  remove(key: string, list: KeyListName, context: HttpCommandContext): Promise<Handled<CatalogueDocument>> {
    return this.name(key, { type: 'list', list, named: null }, context);
  }

  private async change(
    key: string, list: KeyListName, found: Found, change: (base: KeyListText) => Promise<KeyListText>, context: HttpCommandContext,
  ): Promise<Handled<CatalogueDocument>> {
    const { version, document } = found;
    if ((context.expectedVersion ?? version) !== version) {
      throw new DomainError('version-conflict', `expected version ${context.expectedVersion}, found ${version}`, [], { currentVersion: version });
    }
    const before = document[listMember(list)];
    const base = before === undefined ? NONE : await this.textOf(key, list, before);
    const target = await change(base);
    const named: KeyListRef = { hash: hashOfList(target), size: countOf(target) };
    // Chunks lead from this version to the next: under another one they would lead astray.
    const held = { ...context, expectedVersion: version };
    if (named.hash === before?.hash) return this.name(key, { type: 'list', list, named }, held);
    await this.lists.put(named.hash, named.size, target);
    const upload = createHash('sha256').update(JSON.stringify([key, list, version, before?.hash ?? null, named.hash, CUT])).digest('hex').slice(0, 32);
    await this.append({ key, list, upload }, base, target, context);
    const handled = await this.name(key, { type: 'list', list, named, upload }, held);
    await this.lists.prune();
    return handled;
  }

  private async append(of: Pick<ListChunk, 'key' | 'list' | 'upload'>, base: KeyListText, target: KeyListText, { meta }: HttpCommandContext): Promise<void> {
    let index = 0;
    for (const change of chunksBetween(base, target)) {
      await handle(this.store, listChunkAggregate, chunkKey(of.upload, index), { type: 'add', chunk: { ...of, index, ...change } }, { meta });
      index += 1;
      await nextTurn();
    }
  }

  private name(key: string, command: CatalogueCommand & { type: 'list' }, context: HttpCommandContext): Promise<Handled<CatalogueDocument>> {
    return handle<CatalogueState, CatalogueCommand, CatalogueEvent, CatalogueDocument>(this.store, segmentAggregate, key, command, context);
  }

  /** The answer given before to the same request: its segment has moved on since, and must not refuse it now. */
  private async answered({ idempotency }: HttpCommandContext): Promise<Handled<CatalogueDocument> | null> {
    return idempotency === undefined ? null : this.store.serialised((sql) => this.store.answers.find<CatalogueDocument>(sql, idempotency));
  }

  private async segment(key: string): Promise<Found> {
    const row = await this.store.document<Segment>('segment', key);
    if (row === null) throw new DomainError('not-found', 'There is no such segment');
    return row;
  }

  private async textOf(key: string, list: KeyListName, ref: KeyListRef): Promise<KeyListText> {
    const kept = await this.lists.get(ref.hash);
    if (kept !== null) return kept;
    const text = await this.folded(key, list, ref.hash);
    await this.lists.put(ref.hash, ref.size, text);
    return text;
  }

  /** A list from the events alone. */
  private async folded(key: string, list: KeyListName, hash: string): Promise<KeyListText> {
    let [text, at]: [KeyListText, string | undefined] = [NONE, undefined];
    for (const { data } of await this.store.load(`segment:${key}`)) {
      const { after, upload } = data as { after?: Segment; upload?: string };
      const next = after?.[listMember(list)]?.hash;
      if (next === at) continue;
      text = next === undefined || upload === undefined ? NONE : await this.afterUpload(text, upload);
      at = next;
      if (next === hash && hashOfList(text) === hash) return text;
    }
    throw new Error(`the list ${hash} of segment ${key} is not what its events say`);
  }

  private async afterUpload(base: KeyListText, upload: string): Promise<KeyListText> {
    const [added, removed]: [string[], string[]] = [[], []];
    for (let index = 0; ; index += 1) {
      const [event] = await this.store.load(`segment-list:${chunkKey(upload, index)}`);
      if (event === undefined) return paced(foldKeyListSteps(base, Buffer.from(added.join('')), Buffer.from(removed.join(''))));
      const chunk = event.data as ListChunk;
      added.push(chunk.added);
      removed.push(chunk.removed);
    }
  }
}
