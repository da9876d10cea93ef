import { compileRuleset, Evaluator, type Evaluation, type Ruleset } from '@pataka/evaluation';
import { Connection, type ConnectionOptions } from './connection';
import type { ContactStatus } from './contact';
import { conversionOf, type TrackDetails } from './conversion';
import type { EvaluationCount } from './counts';
import type { DeliveryStats } from './delivery';
import { detailsOf, expectedOf, failure, type Details, type Expected } from './details';
import type { AnyFlags, EvaluationContext, FlagValue, KeyOf } from './flag-types';
import { withHooks, type Hook } from './hooks';
import { Notifications, type Notices } from './notifications';
import { Outbox } from './outbox';
import type { OutgoingEvent } from './outgoing-event';
import { Recorder } from './recorder';
import { testFlag, testRuleset } from './test-flags';

/** How a client without a server behaves. */
export type OfflineOptions = {
  /** Count evaluations and collect exposures, for `takeCounts` and `takeEvents`. Default false. */
  readonly recordExposures?: boolean | undefined;
  readonly hooks?: readonly Hook[] | undefined;
};

/** How a client behaves that follows a server. */
export type ConnectOptions = ConnectionOptions & {
  /** Send counts of evaluations, and exposures. Default true. */
  readonly recordExposures?: boolean | undefined;
  readonly hooks?: readonly Hook[] | undefined;
};

/** A client for tests. */
export type TestPataka<Flags extends object = AnyFlags> = Pataka<Flags> & {
  /** From now on the flag serves this value to everybody. */
  set(key: KeyOf<Flags, unknown>, value: FlagValue): void;
};

/** What evaluations go through. */
type RulesSource = { readonly evaluator: Evaluator | undefined };

type Parts = {
  readonly source: RulesSource;
  readonly outbox: Outbox;
  readonly notifications: Notifications;
  readonly connection?: Connection;
  readonly options: OfflineOptions & { readonly recordExposures: boolean };
};

const QUEUE_LIMIT = 10_000;
const NO_CONTEXT: EvaluationContext = {};

/**
 * Decides on flags in this process. Evaluations are synchronous, never throw and never wait: they answer from the last rules that
 * are known, or with the caller's fallback.
 *
 * @typeParam Flags - the flags' types by key, as `pataka generate` writes them
 */
export class Pataka<Flags extends object = AnyFlags> {
  private readonly source: RulesSource;
  private readonly recorder: Recorder | undefined;
  private readonly hooks: readonly Hook[] | undefined;
  private readonly outbox: Outbox;
  private readonly notifications: Notifications;
  private readonly connection: Connection | undefined;

  private constructor({ source, outbox, notifications, connection, options: { recordExposures, hooks = [] } }: Parts) {
    this.source = source;
    this.outbox = outbox;
    this.notifications = notifications;
    this.connection = connection;
    this.hooks = hooks.length === 0 ? undefined : hooks;
    this.recorder = recordExposures ? new Recorder(outbox, connection !== undefined) : undefined;
    if (connection !== undefined && this.recorder !== undefined) connection.beforeFlush = this.recorder.tellCounts.bind(this.recorder);
  }

  /**
   * A client that follows a server: it streams changes, sends exposures and conversions, and goes on with what it has when the server,
   * the network or its directory are away. Resolves once there are rules, or once waiting longer makes no sense; see `status`.
   * @throws TypeError for options that can't be meant; nothing else
   */
  static async connect<Flags extends object = AnyFlags>(options: ConnectOptions): Promise<Pataka<Flags>> {
    const notifications = new Notifications();
    const connection = new Connection(options, notifications);
    await connection.open();
    const { rules, outbox } = connection;
    return new Pataka<Flags>({ source: rules, outbox, notifications, connection, options: { ...options, recordExposures: options.recordExposures ?? true } });
  }

  /** A client on a ruleset that stays as it is, without any server: for tests, benchmarks, the edge. */
  static fromRuleset<Flags extends object = AnyFlags>(ruleset: Ruleset, options: OfflineOptions = {}): Pataka<Flags> {
    const parts = { source: { evaluator: new Evaluator(compileRuleset(ruleset), Date.now) }, outbox: new Outbox(QUEUE_LIMIT), notifications: new Notifications() };
    return new Pataka<Flags>({ ...parts, options: { ...options, recordExposures: options.recordExposures ?? false } });
  }

  /** A client for tests: every flag serves the given value to everybody, until `set` says otherwise. It records; see `takeEvents`. */
  static forTesting<Flags extends object = AnyFlags>(values: Readonly<Record<string, FlagValue>>, { hooks }: Pick<OfflineOptions, 'hooks'> = {}): TestPataka<Flags> {
    const pataka = Pataka.fromRuleset<Flags>(testRuleset(values), { recordExposures: true, hooks });
    const set = (key: string, value: FlagValue): void => {
      const rules = pataka.source.evaluator!.ruleset;
      const position = rules.position + 1;
      rules.apply({ position, flags: [testFlag(key, value, position)] });
      pataka.notifications.tell('change', [key]);
    };
    return Object.assign(pataka, { set });
  }

  /** The value of a flag of type BOOLEAN, or the fallback. */
  boolean(key: KeyOf<Flags, boolean>, fallback: boolean, context?: EvaluationContext): boolean {
    const value = this.hooks === undefined ? this.plain(key, context) : this.hooked(key, fallback, 'boolean', context).value;
    return typeof value === 'boolean' ? value : fallback;
  }

  /** The value of a flag of type STRING, or the fallback. */
  string(key: KeyOf<Flags, string>, fallback: string, context?: EvaluationContext): string {
    const value = this.hooks === undefined ? this.plain(key, context) : this.hooked(key, fallback, 'string', context).value;
    return typeof value === 'string' ? value : fallback;
  }

  /** The value of a flag of type NUMBER, or the fallback. */
  number(key: KeyOf<Flags, number>, fallback: number, context?: EvaluationContext): number {
    const value = this.hooks === undefined ? this.plain(key, context) : this.hooked(key, fallback, 'number', context).value;
    return typeof value === 'number' ? value : fallback;
  }

  /** The value of a flag of type JSON, or the fallback. The object is shared between all who ask: don't change it. */
  json<T extends object>(key: KeyOf<Flags, object>, fallback: T, context?: EvaluationContext): T {
    const value = this.hooks === undefined ? this.plain(key, context) : this.hooked(key, fallback, 'object', context).value;
    return typeof value === 'object' && value !== null ? (value as T) : fallback;
  }

  /** The value of a flag that is of the fallback's type, or the fallback; of any type where the fallback is null or undefined. */
  value<T>(key: KeyOf<Flags, unknown>, fallback: T, context?: EvaluationContext): T {
    if (this.hooks !== undefined) return this.hooked(key, fallback, expectedOf(fallback), context).value;
    const value = this.plain(key, context);
    if (value === undefined) return fallback;
    return fallback === null || fallback === undefined || typeof value === typeof fallback ? (value as T) : fallback;
  }

  /** As {@link value}, with how it came about. */
  details<T>(key: KeyOf<Flags, unknown>, fallback: T, context?: EvaluationContext): Details<T> {
    const expected = expectedOf(fallback);
    return this.hooks === undefined ? this.detailed(key, fallback, expected, context) : this.hooked(key, fallback, expected, context);
  }

  /**
   * Tells that a subject did a measured thing. Returns at once and never throws; what can't be counted is told as an `error`.
   * @param metric - the metric's event, as its definition names it
   */
  track(metric: string, context: EvaluationContext | undefined, details: TrackDetails = {}): void {
    try {
      this.outbox.add(conversionOf(metric, context, details, this.source.evaluator?.ruleset.environment, Date.now()));
    } catch (error) {
      this.notifications.tell('error', error as Error);
    }
  }

  /**
   * Listens. Who comes late to `ready`, `stale` or `error` hears at once how it stands.
   * @returns how to stop listening
   */
  on<Name extends keyof Notices>(name: Name, listener: Notices[Name]): () => void {
    const off = this.notifications.on(name, listener);
    const { lastError } = this.notifications;
    if (name === 'error' && lastError !== undefined) queueMicrotask(() => (listener as Notices['error'])(lastError));
    else if (name === this.status && name !== 'error') queueMicrotask(listener as () => void);
    return off;
  }

  /** How it stands with the server; a client without one is always `ready`. */
  get status(): ContactStatus {
    return this.connection?.status ?? 'ready';
  }

  /** What went wrong last, in reaching the server or with events. */
  get lastError(): Error | undefined {
    return this.notifications.lastError;
  }

  /** The position of the configuration in use; undefined before any rules are known. */
  get position(): number | undefined {
    return this.source.evaluator?.ruleset.position;
  }

  /** A flag's own metadata. */
  metadata(key: KeyOf<Flags, unknown>): Readonly<Record<string, string | number | boolean>> | undefined {
    return this.source.evaluator?.ruleset.flagAt(key)?.metadata;
  }

  /** What became of events so far. */
  get events(): DeliveryStats {
    return this.connection?.stats ?? { queued: this.outbox.queue.size, accepted: 0, rejected: 0, dropped: this.outbox.queue.dropped };
  }

  /** Sends what is queued now. Resolves when it is delivered, or after `timeoutMs`; true when nothing of it is left. */
  async flush(): Promise<boolean> {
    return (await this.connection?.flush()) ?? true;
  }

  /** Sends what is queued, within `timeoutMs`, and lets go of everything. Evaluations go on with the last known rules. */
  async close(): Promise<void> {
    await this.connection?.close();
    this.notifications.clear();
  }

  /** Without a server: the evaluations counted since this was last asked, per flag, outcome and minute, where they are recorded. With one they are sent instead. */
  takeCounts(): EvaluationCount[] {
    return this.connection === undefined ? (this.recorder?.takeCounts() ?? []) : [];
  }

  /** Without a server: the events collected since this was last asked, the newest ten thousand at most. With one they are sent instead. */
  takeEvents(): OutgoingEvent[] {
    if (this.connection !== undefined) return [];
    const { queue } = this.outbox;
    const events = queue.peek(queue.size);
    queue.settle(queue.first + events.length);
    return events;
  }

  /** The flag's value; undefined where there is none. Written without `?.`, which bundlers rewrite: every evaluation goes through here. */
  private plain(key: string, context: EvaluationContext | undefined): unknown {
    const { evaluator } = this.source;
    if (evaluator === undefined) return undefined;
    if (this.recorder === undefined) return evaluator.value(key, context, undefined);
    const answer = evaluator.decide(key, context);
    this.recorder.record(key, answer, evaluator);
    return answer.value;
  }

  private detailed<T>(key: string, fallback: T, expected: Expected, context: EvaluationContext | undefined): Details<T> {
    const { evaluator } = this.source;
    if (evaluator === undefined) return failure(fallback, 'PROVIDER_NOT_READY', 'no rules have arrived yet');
    const answer: Evaluation = evaluator.decide(key, context);
    if (this.recorder !== undefined) this.recorder.record(key, answer, evaluator);
    return detailsOf(answer, fallback, expected);
  }

  private hooked<T>(key: string, fallback: T, expected: Expected, context: EvaluationContext = NO_CONTEXT): Details<T> {
    return withHooks(this.hooks!, { flagKey: key, fallback, expected, context }, (merged) => this.detailed(key, fallback, expected, merged));
  }
}
