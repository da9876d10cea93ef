import { DomainError, topics } from '@pataka/contracts';
import type { EventLog, LogRecord } from '@pataka/event-sourcing';
import { TopicHistory } from './topic-history';

/** What the history is read from; `settled` is the position up to which every event is known to be on the log, `patienceMs` how long a question waits for it. */
export interface ChangeHistoryOptions { log: EventLog; settled: () => number; patienceMs?: number }

const FLAG_BYTES = 32 * 1024 * 1024;
const CATALOGUE_BYTES = 16 * 1024 * 1024;
const PATIENCE_MS = 10_000;
const IDLE_MS = 10 * 60_000;
const RETRY_SECONDS = 2;
const EARLIER = 'lies before the first change that the log still has';

const REFUSAL = /^pataka\.experiment-flag\.refused\./;
const flagOf = ({ key, headers }: LogRecord): string | null => (REFUSAL.test(headers['ce_type'] ?? '') ? null : key);

const documents = new Set<string | undefined>(['segment', 'region', 'calendar']);

/** `segment:drivers`, from the type `pataka.segment.created.v1` and the record's key; nothing for parts of lists, which are large and read elsewhere. */
const catalogueObjectOf = ({ key, headers }: LogRecord): string | null => {
  const kind = headers['ce_type']?.split('.')[1];
  return key === null || !documents.has(kind) ? null : `${kind}:${key}`;
};

interface Topics { flags: TopicHistory; catalogue: TopicHistory; access: TopicHistory }

/**
 * Every change that the log holds, read when somebody first asks about the past, and forgotten when nobody has asked for a while. Topics
 * are read side by side: events lie in order of position on each, so nothing has to be merged to find a state.
 */
export class ChangeHistory {
  #topics: Topics;
  /** Everything up to here is in the index. */
  #head = -1;
  #reading: Promise<void> | null = null;
  #idle: NodeJS.Timeout | undefined;
  readonly #closing = new AbortController();

  constructor(private readonly options: ChangeHistoryOptions) {
    this.#topics = this.#open();
  }

  get flags(): TopicHistory { return this.#topics.flags; }
  get catalogue(): TopicHistory { return this.#topics.catalogue; }

  /**
   * The position of the configuration that held at an instant: every event before the first one committed after it. Clocks may step back,
   * a configuration that never was must not come of it.
   */
  async positionAt(timeMs: number): Promise<number> {
    this.#stayAwake();
    let upTo = this.#lastBefore(timeMs);
    if (upTo > this.#head && this.#head < this.options.settled()) {
      await this.#extended();
      upTo = this.#lastBefore(timeMs);
    }
    const position = Math.min(upTo, this.#head);
    this.#refuseForgotten(position, '/at');
    return position;
  }

  /** Makes sure that everything up to a position is known. @throws DomainError `validation` for one that is yet to come */
  async need(position: number): Promise<void> {
    this.#stayAwake();
    if (position > this.#head && this.#head < this.options.settled()) await this.#extended();
    if (position > this.#head) throw invalid('/position', `is ahead of the newest change, which is ${Math.max(0, this.#head)}`);
    this.#refuseForgotten(position, '/position');
  }

  /** The first event that the log holds: before it there was nothing. */
  first(): { position: number; timeMs: number } | null {
    const firsts = Object.values(this.#topics).flatMap(({ index }: TopicHistory) => (index.firstPosition === undefined ? [] : [{ position: index.firstPosition, timeMs: index.firstTimeMs! }]));
    return firsts.reduce<(typeof firsts)[0] | null>((first, one) => (first === null || one.position < first.position ? one : first), null);
  }

  /** The newest change up to a position that a ruleset can show. */
  configurationAt(position: number): number {
    return Math.max(0, this.flags.index.upTo(position)?.position ?? 0, this.catalogue.index.upTo(position)?.position ?? 0);
  }

  close(): void {
    clearTimeout(this.#idle);
    this.#closing.abort();
  }

  #open(): Topics {
    const { log } = this.options;
    return {
      flags: new TopicHistory({ log, topic: topics.flagChanges.name, objectOf: flagOf, cacheBytes: FLAG_BYTES }),
      catalogue: new TopicHistory({ log, topic: topics.segmentChanges.name, objectOf: catalogueObjectOf, cacheBytes: CATALOGUE_BYTES }),
      // Only their positions and times count: they tell which instants lie between two changes of rules.
      access: new TopicHistory({ log, topic: topics.accessChanges.name, objectOf: () => null, cacheBytes: 0 }),
    };
  }

  /** Infinity where nothing known was committed later. */
  #lastBefore(timeMs: number): number {
    return Math.min(...Object.values(this.#topics).map(({ index }: TopicHistory) => (index.firstAfter(timeMs) ?? Infinity) - 1));
  }

  /** What came before the log's first record is lost, unless that is the very first event. */
  #refuseForgotten(position: number, pointer: string): void {
    const first = this.first();
    if (first !== null && first.position > 1 && position < first.position) throw invalid(pointer, `${EARLIER}: position ${first.position} of ${new Date(first.timeMs).toISOString()}`);
  }

  /** Waits for the reading under way, which goes on when patience ends: whoever comes again finds it further. */
  async #extended(): Promise<void> {
    this.#reading ??= this.#extend().finally(() => { this.#reading = null; });
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<never>((_resolve, reject) => { timer = setTimeout(() => reject(this.#stillReading()), this.options.patienceMs ?? PATIENCE_MS); });
    await Promise.race([this.#reading, patience]).finally(() => clearTimeout(timer));
  }

  async #extend(): Promise<void> {
    const settled = this.options.settled();
    await Promise.all(Object.values(this.#topics).map((topic: TopicHistory) => topic.extend(this.#closing.signal)));
    this.#head = Math.max(this.#head, settled);
  }

  #stillReading(): DomainError {
    const { read, of } = Object.values(this.#topics).map(({ progress }: TopicHistory) => progress).reduce((sum, one) => ({ read: sum.read + one.read, of: sum.of + one.of }));
    return new DomainError('unavailable', `The past is being read: ${read} of ${of} changes so far`, [], { retryAfterSeconds: RETRY_SECONDS });
  }

  #stayAwake(): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.#forget(), IDLE_MS);
    this.#idle.unref();
  }

  #forget(): void {
    if (this.#reading !== null) return this.#stayAwake();
    this.#topics = this.#open();
    this.#head = -1;
  }
}

const invalid = (pointer: string, detail: string): DomainError => new DomainError('validation', detail, [{ pointer, detail }]);
