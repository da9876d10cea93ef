import { AnswerCache } from './answer-cache';
import type { BulkOutcome } from './bulk-client';
import { ChangeFeed } from './change-feed';
import { type Details, detailsOf, type Kind, kindOf } from './details';
import { type EventCounts, EventQueue } from './event-queue';
import { exposureName, exposureOf } from './exposure';
import { completeHost, type Visibility } from './host';
import type { JsonObject, JsonValue, Widened } from './json';
import { Listeners, type PatakaEvents, type Status } from './listeners';
import { completeOptions, contextOf, isAnonymous, type PatakaOptions } from './options';
import { Refresher } from './refresher';
import { Shelf, shortName } from './shelf';
import { type BulkAnswer, bulkAnswerOf, canonical, type EvaluationContext, type FlagAnswer, type Snapshot, snapshotOf, succeed, targetingKeyOf } from './snapshot';
import { newId } from './uuid';

/** What goes with a tracked metric. `experimentId` and `variant` confine it to one experiment. */
export interface TrackOptions { value?: number; properties?: JsonObject; experimentId?: string; variant?: string; unit?: string }

/** `rendered`: by the bootstrap that the page was rendered with, whatever has been learnt since; for drawing it once more alike. */
export interface LookOptions { rendered?: boolean }

const ANONYMOUS_KEY = 'pataka:anonymous';
const SKEW_MS = 60_000;
const MAX_KEY = 256;

/**
 * A client of Pataka: the answers for one context at a time, read synchronously from memory and kept up to date in the background. Nothing it
 * offers throws or blocks; without an answer the caller's fallback is returned.
 */
export class Pataka {
  readonly #options;
  readonly #listeners = new Listeners();
  readonly #shelf: Shelf;
  readonly #cache: AnswerCache;
  readonly #queue: EventQueue;
  readonly #refresher: Refresher;
  readonly #feed: ChangeFeed;
  readonly #exposed = new Set<string>();
  readonly #ready: Promise<void>;
  #isReady = (): void => undefined;
  #stops: (() => void)[] = [];
  #snapshot: Snapshot | null = null;
  #rendered: Snapshot | null = null;
  #context: EvaluationContext = {};
  #contextText = '';
  #anonymousKey = '';
  #status: Status = 'starting';
  #skewMs = 0;
  #started = false;
  #closed = false;

  private constructor(options: PatakaOptions) {
    const complete = (this.#options = completeOptions(options));
    const { url, clientKey, timeoutMs, pollMs, refreshMs, flushMs, maxEvents } = complete;
    const host = completeHost(options.host);
    const headers = { authorization: `Bearer ${clientKey}` };
    const { fetch } = host;
    const { random } = Math;
    const endpoint = { url, headers, fetch, timeoutMs, now: () => Date.now() };
    const scope = shortName(`${url} ${clientKey}`);
    this.#shelf = new Shelf(host.storage);
    this.#cache = new AnswerCache(this.#shelf, `pataka:answers:${scope}`, () => Date.now());
    this.#queue = new EventQueue({ endpoint, shelf: this.#shelf, key: `pataka:events:${scope}`, random, maxEvents, flushMs, offline: complete.offline, rejected: (rejections) => this.#listeners.tell('rejected', rejections) });
    this.#refresher = new Refresher({ endpoint, random, context: () => this.#context, snapshot: () => this.#snapshot, settle: (outcome) => this.#settle(outcome) });
    this.#feed = new ChangeFeed({ url, headers, fetch, random, streaming: host.streaming, pollMs, refreshMs, position: () => this.#snapshot?.position, changed: (hint) => void this.#refresher.refresh(hint) });
    this.#ready = new Promise((done) => (this.#isReady = done));
    this.#setContext(contextOf(options.context ?? options.bootstrap?.context));
    this.#bootstrap(options.bootstrap);
    if (!complete.offline) this.#stops = [host.onVisibility((visibility) => this.#see(visibility)), host.onConnectivity((online) => this.#connect(online))];
    this.#shelf.read([ANONYMOUS_KEY, this.#cache.key, `pataka:events:${scope}`], (texts) => this.#begin(texts));
  }

  /** A client that can be used at once; see {@link Pataka.ready}. */
  static create(options: PatakaOptions): Pataka {
    return new Pataka(options);
  }

  /** A client that is ready. Never rejects: see {@link Pataka.status}. */
  static async connect(options: PatakaOptions): Promise<Pataka> {
    const pataka = new Pataka(options);
    await pataka.ready();
    return pataka;
  }

  /** A client that serves given answers and nothing else: for rendering on a server, and for tests. */
  static fromBootstrap(bootstrap: BulkAnswer | undefined): Pataka {
    return new Pataka({ url: '', clientKey: '', offline: true, anonymous: false, host: { storage: null }, ...(bootstrap === undefined ? {} : { bootstrap }) });
  }

  /** Resolves once there is something to answer from (storage and a bootstrap count), or the first attempt has failed. */
  ready(): Promise<void> {
    return this.#ready;
  }

  get status(): Status {
    return this.#status;
  }

  /** The context in use, with the key that was made for an anonymous one. */
  get context(): EvaluationContext {
    return this.#context;
  }

  /** What became of the events so far. */
  get eventCounts(): EventCounts {
    return this.#queue.counts;
  }

  boolean(key: string, fallback: boolean): boolean {
    return this.#used(key, fallback, 'boolean').value;
  }

  /** `T` can name the values that the flag has; nothing checks that it has no others. */
  string<T extends string = string>(key: string, fallback: NoInfer<T>): T {
    return this.#used<T>(key, fallback, 'string').value;
  }

  number(key: string, fallback: number): number {
    return this.#used(key, fallback, 'number').value;
  }

  json<T extends JsonObject = JsonObject>(key: string, fallback: T): T {
    return this.#used(key, fallback, 'object').value;
  }

  /** A value of the fallback's type; of any type where the fallback is `null`. */
  value<T extends JsonValue>(key: string, fallback: T): Widened<T> {
    return this.details(key, fallback).value;
  }

  /** A value and how it came about. Like every reading so far, it records the exposure where an experiment decided. */
  details<T extends JsonValue>(key: string, fallback: T): Details<Widened<T>> {
    return this.#used(key, fallback as Widened<T>, kindOf(fallback));
  }

  /** Like {@link Pataka.details}, without recording an exposure: for what is looked at and not shown. */
  peek<T extends JsonValue>(key: string, fallback: T, { rendered = false }: LookOptions = {}): Details<Widened<T>> {
    const [snapshot, stale] = rendered ? [this.#rendered, false] : [this.#snapshot, this.#reconciling];
    return detailsOf(snapshot, key, fallback as Widened<T>, kindOf(fallback), stale);
  }

  /** The answer as it came; the same object as long as nothing about it has changed. Records nothing. */
  answer(key: string, { rendered = false }: LookOptions = {}): FlagAnswer | undefined {
    return (rendered ? this.#rendered : this.#snapshot)?.flags.get(key);
  }

  /** Whether the page was rendered with answers. */
  get bootstrapped(): boolean {
    return this.#rendered !== null;
  }

  /** Records that the present answer of a flag has been shown, once per session, if an experiment decided it. */
  expose(key: string): void {
    const answer = this.#snapshot?.flags.get(key);
    if (answer?.metadata?.['experimentId'] === undefined || this.#snapshot === null || !this.#options.exposures) return;
    const exposure = exposureOf(this.#snapshot, answer, this.#instant());
    if (exposure === null || this.#exposed.has(exposureName(exposure))) return;
    this.#exposed.add(exposureName(exposure));
    this.#queue.add(exposure);
  }

  /** Records that the subject did a measured thing. */
  track(metric: string, { value, ...more }: TrackOptions = {}): void {
    const targetingKey = targetingKeyOf(this.#context);
    if (targetingKey === undefined) return;
    this.#queue.add({ type: 'conversion', targetingKey, metric, ...(typeof value === 'number' && Number.isFinite(value) ? { value } : {}), occurredAt: this.#instant(), ...more });
  }

  /** Asks for somebody else, or the same with other attributes. Until there is an answer the last ones stay, so that nothing flickers. */
  setContext(context: EvaluationContext): Promise<void> {
    const before = this.#contextText;
    this.#setContext(this.#identified(contextOf(context)));
    if (this.#contextText === before || !this.#started) return this.#ready;
    const cached = this.#cache.find(this.#context);
    if (cached !== null) this.#adopt(cached, 'cached');
    return this.#options.offline ? Promise.resolve() : this.#refresher.restart();
  }

  /** Asks now; resolves when that has settled, well or not. */
  refresh(): Promise<void> {
    return this.#options.offline ? Promise.resolve() : this.#refresher.refresh();
  }

  /** Sends events now; resolves when they are sent, or at the first failure. */
  flush(): Promise<void> {
    return this.#queue.flush();
  }

  on<Event extends keyof PatakaEvents>(event: Event, listener: PatakaEvents[Event]): () => void {
    return this.#listeners.on(event, listener);
  }

  /** Sends what is left, and stops. What cannot be sent stays in storage for the next start. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#stops.forEach((stop) => stop());
    this.#feed.close();
    this.#refresher.close();
    await this.flush();
    this.#queue.close();
  }

  /** Whether the answers are those of another context than the present one. */
  get #reconciling(): boolean {
    return this.#snapshot !== null && this.#snapshot.contextText !== this.#contextText;
  }

  #used<T>(key: string, fallback: T, kind: Kind): Details<T> {
    const details = detailsOf(this.#snapshot, key, fallback, kind, this.#reconciling);
    if (details.experimentId !== undefined && details.errorCode === undefined) this.expose(key);
    return details;
  }

  #instant(): string {
    return new Date(Date.now() + this.#skewMs).toISOString();
  }

  #setContext(context: EvaluationContext): void {
    this.#contextText = canonical(context);
    this.#context = context;
  }

  #identified(context: EvaluationContext): EvaluationContext {
    if (!this.#options.anonymous || !isAnonymous(context) || !this.#started) return context;
    return { ...context, targetingKey: this.#anonymousKey };
  }

  #bootstrap(raw: BulkAnswer | undefined): void {
    const bootstrap = raw === undefined ? null : bulkAnswerOf(raw);
    if (bootstrap === null) return;
    if (isAnonymous(this.#context)) this.#setContext({ ...this.#context, ...bootstrap.context });
    this.#adopt(snapshotOf(bootstrap, false), 'ready');
    this.#rendered = this.#snapshot;
  }

  /** Storage has been read. */
  #begin([anonymous, answers, events]: (string | null)[]): void {
    this.#nameAnonymous(anonymous ?? '');
    this.#started = true;
    this.#setContext(this.#identified(this.#context));
    this.#cache.restore(answers ?? null);
    this.#queue.restore(events ?? null);
    const cached = this.#snapshot === null ? this.#cache.find(this.#context) : null;
    if (cached !== null) this.#adopt(cached, 'cached');
    if (this.#options.offline) return this.#failed('failed');
    if (this.#closed) return;
    void this.#refresher.refresh();
  }

  #nameAnonymous(stored: string): void {
    const usable = stored !== '' && stored.length <= MAX_KEY;
    this.#anonymousKey = usable ? stored : newId();
    if (!usable && this.#options.anonymous) this.#shelf.write(ANONYMOUS_KEY, this.#anonymousKey);
  }

  #see(visibility: Visibility): void {
    if (visibility !== 'visible') this.#queue.leave();
    this.#feed.hidden(visibility !== 'visible');
  }

  #connect(online: boolean): void {
    if (!online) return;
    void this.#refresher.hurry();
    this.#feed.reconnect();
    this.#queue.hurry();
  }

  #settle(outcome: BulkOutcome): void {
    const dateMs = 'dateMs' in outcome ? outcome.dateMs : NaN;
    const skewMs = dateMs - Date.now();
    if (!Number.isNaN(skewMs)) this.#skewMs = Math.abs(skewMs) > SKEW_MS ? skewMs : 0;
    if (outcome.kind === 'answer') this.#answered(outcome.snapshot, outcome.streams);
    else if (outcome.kind === 'same') this.#confirmed();
    else if (outcome.kind === 'refused') this.#adopt({ ...snapshotOf({ context: this.#context, flags: [], at: Date.now() }, false), fault: outcome }, 'failed');
    else this.#failed(outcome.kind);
    this.#feed.start(); // not before: the answer names the stream, and from where to follow it
  }

  #answered(snapshot: Snapshot, streams: Parameters<ChangeFeed['streams']>[0]): void {
    this.#adopt(snapshot, 'ready');
    this.#cache.put(snapshot);
    this.#feed.streams(streams);
  }

  #confirmed(): void {
    if (this.#snapshot === null) return;
    this.#adopt({ ...this.#snapshot, cached: false, at: Date.now() }, 'ready');
    this.#cache.put(this.#snapshot);
  }

  /** The last known stay, but nobody is served what is known to be another's. */
  #failed(status: 'failed' | 'denied'): void {
    const served = this.#snapshot === null ? undefined : targetingKeyOf(this.#snapshot.context);
    if (served !== undefined && served !== targetingKeyOf(this.#context)) this.#forget();
    if (this.#snapshot === null) this.#setStatus(status);
    else if (!this.#options.offline) this.#setStatus('stale');
    this.#isReady();
  }

  #forget(): void {
    const keys = [...(this.#snapshot?.flags.keys() ?? [])];
    this.#snapshot = null;
    if (keys.length > 0) this.#listeners.tell('change', keys);
  }

  #adopt(next: Snapshot, status: Status): void {
    const { snapshot, changed } = succeed(this.#snapshot, next);
    this.#snapshot = snapshot;
    this.#isReady();
    this.#setStatus(status);
    if (changed.length > 0) this.#listeners.tell('change', changed);
  }

  #setStatus(status: Status): void {
    if (this.#status === status) return;
    this.#status = status;
    this.#listeners.tell('status', status);
  }
}
