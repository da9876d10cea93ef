import { setImmediate as breathe } from 'node:timers/promises';
import { type Calendar, DomainError, type ExplainedChange, type FlagChange, flagChangeOf, type JsonValue, type Region, type Segment, type SegmentChange } from '@pataka/contracts';
import { compileRuleset, type CompiledRuleset, type KeyList, type KeyLists, keyListsNamedBy } from '@pataka/evaluation';
import type { ChangeHistory } from './change-history';
import { prerequisitesOf, segmentsBehind } from './segments-behind';
import type { PastRecord, TopicHistory } from './topic-history';

/** What held at a position, with as many of its flags as somebody asked for. */
interface Past { ruleset: CompiledRuleset; flags: Set<string>; lists: Map<string, KeyList> }
interface Catalogue { segments: Segment[]; regions: Region[]; calendars: Calendar[] }

/** A ruleset of the past that has a flag and all that the flag rests on; the newest change of the flag in it; what could not be read. */
export interface PastAnswer { ruleset: CompiledRuleset; lastChange: ExplainedChange | undefined; unreadable: readonly string[] }

const KEPT = 8;
const WAITING = 16;
const SLICE_MS = 4;
const lists = { segment: 'segments', region: 'regions', calendar: 'calendars' } as const;

const schemaVersionOf = (type: string): number => Number(/\.v([1-9]\d{0,5})$/.exec(type)?.[1] ?? 1);

const changeIn = ({ type, value }: PastRecord): FlagChange => flagChangeOf(schemaVersionOf(type), JSON.parse(value.toString('utf8')) as JsonValue);

/**
 * Rulesets as they were. The catalogue of then is built once per position, flags are added when they are asked for, with their
 * prerequisites; the newest few are kept. One question at a time, so that many cost no more memory than one.
 */
export class PastRulesets {
  readonly #kept = new Map<string, Past>();
  #queue: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(private readonly history: ChangeHistory, private readonly listsOf: (segments: readonly Segment[]) => Promise<KeyLists> = () => Promise.resolve(new Map())) {}

  /** @throws DomainError `rate-limited` when too many ask about the past at once */
  async at(position: number, environment: string, flagKey: string): Promise<PastAnswer> {
    if (this.#waiting >= WAITING) throw new DomainError('rate-limited', `${WAITING} questions about the past are being answered`, [], { retryAfterSeconds: 1 });
    this.#waiting += 1;
    const answer = this.#queue.then(() => this.#answer(position, environment, flagKey)).finally(() => { this.#waiting -= 1; });
    this.#queue = answer.catch(() => undefined);
    return answer;
  }

  async #answer(position: number, environment: string, flagKey: string): Promise<PastAnswer> {
    const unreadable: string[] = [];
    const { flags, catalogue } = this.history;
    const configuration = this.history.configurationAt(position);
    const name = `${environment} ${configuration}`;
    const past = this.#kept.get(name) ?? { flags: new Set(), lists: new Map(), ruleset: compileRuleset({ environment, position: configuration, flags: [], ...(await readCatalogue(catalogue, configuration, unreadable)) }) };
    // What could not be read is told with every answer, so such a past is built anew.
    if (unreadable.length === 0) this.#keep(name, past);
    await addFlags(past, flags, flagKey, unreadable);
    await this.#addLists(past, segmentsBehind(past.ruleset, flagKey));
    return { ruleset: past.ruleset, lastChange: await lastChangeOf(flags, flagKey, configuration), unreadable };
  }

  /** Lists may have millions of keys: only those that the flag rests on are fetched, and pasts that name the same share it. */
  async #addLists({ ruleset, lists }: Past, segments: readonly Segment[]): Promise<void> {
    const missing = keyListsNamedBy(segments).filter(({ hash }) => !lists.has(hash));
    if (missing.length === 0) return;
    for (const { hash } of missing) {
      const shared = [...this.#kept.values()].find((past) => past.lists.has(hash))?.lists.get(hash);
      if (shared !== undefined) lists.set(hash, shared);
    }
    const unknown = segments.filter((segment) => keyListsNamedBy([segment]).some(({ hash }) => !lists.has(hash)));
    const found = unknown.length === 0 ? undefined : await this.listsOf(unknown);
    for (const { hash } of missing) {
      const list = found?.get(hash);
      if (list !== undefined) lists.set(hash, list);
    }
    ruleset.apply({ position: ruleset.position, lists });
  }

  #keep(name: string, past: Past): void {
    this.#kept.delete(name);
    this.#kept.set(name, past);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= KEPT) return;
      this.#kept.delete(oldest);
    }
  }
}

/** Records in order of position; gives others their turn every few milliseconds. */
const forEachRecord = async (records: Iterable<[string, PastRecord]>, take: (object: string, record: PastRecord) => void): Promise<void> => {
  let since = performance.now();
  for (const [object, record] of records) {
    take(object, record);
    if (performance.now() - since < SLICE_MS) continue;
    await breathe();
    since = performance.now();
  }
};

const newestRecords = async (topic: TopicHistory, objects: Iterable<string>, position: number): Promise<[string, PastRecord][]> => {
  const entries = new Map<number, string>();
  for (const object of objects) {
    const entry = topic.index.newestOf(object, position);
    if (entry !== undefined) entries.set(entry, object);
  }
  const records = await topic.records([...entries.keys()]);
  return [...records].map(([entry, record]): [string, PastRecord] => [entries.get(entry)!, record]).sort(([, a], [, b]) => a.position - b.position);
};

/** One record that cannot be understood must not keep all the past from being told. */
const noting = (unreadable: string[], object: string, record: PastRecord, take: () => void): void => {
  try {
    take();
  } catch (error) {
    unreadable.push(`the change of ${object} at position ${record.position} cannot be read (${(error as Error).message}) and is left out`);
  }
};

const readCatalogue = async (topic: TopicHistory, position: number, unreadable: string[]): Promise<Catalogue> => {
  const found: Catalogue = { segments: [], regions: [], calendars: [] };
  await forEachRecord(await newestRecords(topic, topic.index.objects(), position), (object, record) => noting(unreadable, object, record, () => {
    const { kind, after } = JSON.parse(record.value.toString('utf8')) as SegmentChange;
    if (after !== null) (found[lists[kind]] as unknown[]).push(after);
  }));
  return found;
};

/** Adds a flag and, level by level, whatever its prerequisites reach. */
const addFlags = async ({ ruleset, flags }: Past, topic: TopicHistory, flagKey: string, unreadable: string[]): Promise<void> => {
  for (let wanted = [flagKey]; wanted.length > 0; ) {
    const fresh = [...new Set(wanted)].filter((key) => !flags.has(key));
    const next: string[] = [];
    await forEachRecord(await newestRecords(topic, fresh, ruleset.position), (object, record) => noting(unreadable, `flag ${object}`, record, () => {
      const { flag } = changeIn(record);
      if (flag === undefined) return;
      ruleset.apply({ position: ruleset.position, flags: [flag] });
      next.push(...prerequisitesOf(flag));
    }));
    for (const key of fresh) flags.add(key);
    wanted = next;
  }
};

const lastChangeOf = async (topic: TopicHistory, flagKey: string, position: number): Promise<ExplainedChange | undefined> => {
  const [found] = await newestRecords(topic, [flagKey], position);
  if (found === undefined) return undefined;
  const [, { position: at, timeMs, type, value }] = found;
  const { change, actor, reason } = JSON.parse(value.toString('utf8')) as Partial<FlagChange>;
  return { position: at, at: new Date(timeMs).toISOString(), type: change?.type ?? type, actor: String(actor), ...(reason === undefined ? {} : { reason }) };
};
