import { compileRuleset, Evaluator, type CompiledRuleset, type Ruleset, type RulesetChange } from '@pataka/evaluation';
import { setTimeout as sleep } from 'node:timers/promises';
import { ListStore } from './key-lists';
import type { Notifications } from './notifications';
import { affectedKeys, changeTo, withoutOld } from './ruleset-change';
import type { KnownRuleset, RulesetFiles } from './ruleset-files';
import type { Server } from './server';

const WRITE_DELAY_MS = 1_000;
const REWIND_AFTER_MS = 30_000;

/** The rules in use: what evaluations read, what the server's answers are applied to, and what is kept in a file. */
export class Rules {
  /** What evaluations go through; undefined before any rules are known. */
  evaluator: Evaluator | undefined = undefined;
  /** The entity tag of the whole ruleset, while nothing has been applied since. */
  etag: string | undefined = undefined;
  private readonly lists: ListStore;
  private writing: Promise<void> = Promise.resolve();
  private writeTimer: NodeJS.Timeout | undefined;
  private behindSince: number | undefined;

  constructor(private readonly files: RulesetFiles | undefined, server: Server | undefined, private readonly notifications: Notifications) {
    this.lists = new ListStore(server, files);
  }

  /** The rules; undefined before any are known. */
  get compiled(): CompiledRuleset | undefined {
    return this.evaluator?.ruleset;
  }

  /** Starts from what was known before: the cache file, or what the application brought along where that is newer. */
  async restore(bootstrap: () => Promise<KnownRuleset | undefined>, signal: AbortSignal): Promise<void> {
    const told = (error: unknown): undefined => void this.notifications.tell('error', error as Error);
    const [kept, brought] = await Promise.all([this.files?.read().catch(told), bootstrap().catch(told)]);
    const known = kept === undefined || (brought !== undefined && brought.ruleset.position > kept.ruleset.position) ? brought : kept;
    if (known === undefined) return;
    await this.lists.provide(known.ruleset.segments, signal).catch(told);
    this.use({ ...known.ruleset, lists: this.lists });
    this.etag = known.etag;
  }

  /**
   * Takes a whole ruleset of the server. One that is older than what is known is left alone for a while: a replica that is behind
   * answered. One that stays older comes from a server that started anew.
   * @throws Error where a list of keys that it names can't be had
   */
  async takeWhole(ruleset: Ruleset, etag: string | undefined, signal: AbortSignal): Promise<void> {
    const known = this.compiled;
    if (known === undefined) return this.takeFirst(ruleset, etag, signal);
    const isBehind = ruleset.position < known.position;
    if (isBehind && !this.isRewindDue()) return;
    this.behindSince = undefined;
    const startsAnew = isBehind || ruleset.environment !== known.environment;
    const change = changeTo(ruleset, startsAnew ? compileRuleset({ ...ruleset, flags: [] }) : known);
    await this.lists.provide([...known.toRuleset().segments, ...ruleset.segments], signal);
    if (startsAnew) this.use({ ...ruleset, lists: this.lists });
    else known.apply({ ...change, lists: this.lists });
    this.settle(startsAnew ? ruleset.flags.map(({ key }) => key) : affectedKeys(change, known), etag);
  }

  /** Takes a change that the stream brought. @throws Error where a list of keys that it names can't be had */
  async takeChange(change: RulesetChange, signal: AbortSignal): Promise<void> {
    const known = this.compiled!;
    const news = withoutOld(change, known);
    if (news.segments !== undefined) await this.lists.provide([...known.toRuleset().segments, ...news.segments], signal);
    known.apply({ ...news, lists: this.lists });
    this.settle(affectedKeys(news, known), undefined);
  }

  /** Whether the server last answered rules older than these. */
  get isAhead(): boolean {
    return this.behindSince !== undefined;
  }

  /** Writes the cache file if anything is still to be written. */
  async close(): Promise<void> {
    if (this.writeTimer !== undefined) this.write();
    await Promise.race([this.writing, sleep(5_000, undefined, { ref: false })]);
  }

  /** The first rules serve at once; flags that need a list which is not here fall back until it is. */
  private async takeFirst(ruleset: Ruleset, etag: string | undefined, signal: AbortSignal): Promise<void> {
    let failure: unknown;
    await this.lists.provide(ruleset.segments, signal).catch((error: unknown) => void (failure = error));
    this.use({ ...ruleset, lists: this.lists });
    this.settle(ruleset.flags.map(({ key }) => key), failure === undefined ? etag : undefined);
    if (failure !== undefined) throw failure;
  }

  private use(ruleset: Ruleset): void {
    this.evaluator = new Evaluator(compileRuleset(ruleset), Date.now);
  }

  private isRewindDue(): boolean {
    const now = Date.now();
    this.behindSince ??= now;
    return now - this.behindSince >= REWIND_AFTER_MS;
  }

  private settle(keys: readonly string[], etag: string | undefined): void {
    this.etag = etag;
    this.lists.keepOnly(this.compiled!.toRuleset().segments);
    if (keys.length > 0) this.notifications.tell('change', keys);
    if (this.files === undefined || this.writeTimer !== undefined) return;
    // Changes come in bursts; the file is for the next start.
    this.writeTimer = setTimeout(() => this.write(), WRITE_DELAY_MS);
    this.writeTimer.unref();
  }

  private write(): void {
    clearTimeout(this.writeTimer);
    this.writeTimer = undefined;
    const { lists: _lists, ...ruleset } = this.compiled!.toRuleset();
    const known = { ruleset, etag: this.etag };
    this.writing = this.writing.then(() => this.files?.write(known)).catch((error: unknown) => this.notifications.tell('error', error as Error));
  }
}
