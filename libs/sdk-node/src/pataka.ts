import { compileRuleset, evaluate, evaluateValue, prepareContext, type CompiledRuleset, type Evaluation, type Failure, type Ruleset } from '@pataka/evaluation';
import type { EvaluationCount } from './counts';
import { detailsOf, expectedOf, failure, type Details, type Expected } from './details';
import type { AnyFlags, EvaluationContext, KeyOf } from './flag-types';
import { withHooks, type Hook } from './hooks';
import { Outbox } from './outbox';
import type { OutgoingEvent } from './outgoing-event';
import { Recorder } from './recorder';

/** How a client without a server behaves. */
export type OfflineOptions = {
  /** Count evaluations and collect exposures, for `takeCounts` and `takeEvents`. Default false. */
  readonly recordExposures?: boolean;
  readonly hooks?: readonly Hook[];
};

const QUEUE_LIMIT = 10_000;
const NO_CONTEXT: EvaluationContext = {};

const refused = ({ errorCode, errorDetails }: Failure): Evaluation => ({
  value: undefined, variant: undefined, reason: undefined, flagVersion: undefined, ruleId: undefined, experimentId: undefined,
  phase: undefined, unit: undefined, bucket: undefined, probability: undefined, errorCode, errorDetails,
});

/**
 * Decides on flags in this process. Evaluations are synchronous, never throw and never wait: they answer from the last rules that
 * are known, or with the caller's fallback.
 *
 * @typeParam Flags - the flags' types by key, as `pataka generate` writes them
 */
export class Pataka<Flags extends object = AnyFlags> {
  private readonly hooks: readonly Hook[] | undefined;

  private constructor(private rules: CompiledRuleset | undefined, private readonly outbox: Outbox, private readonly recorder: Recorder | undefined, hooks: readonly Hook[] = []) {
    this.hooks = hooks.length === 0 ? undefined : hooks;
  }

  /** A client on a ruleset that stays as it is, without any server: for tests, benchmarks, the edge. */
  static fromRuleset<Flags extends object = AnyFlags>(ruleset: Ruleset, { recordExposures = false, hooks }: OfflineOptions = {}): Pataka<Flags> {
    const outbox = new Outbox(QUEUE_LIMIT);
    return new Pataka<Flags>(compileRuleset(ruleset), outbox, recordExposures ? new Recorder(outbox, () => ruleset.environment) : undefined, hooks);
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

  /** The evaluations counted since this was last asked: per flag, outcome and minute. Empty unless exposures are recorded. */
  takeCounts(): EvaluationCount[] {
    return this.recorder?.takeCounts(Date.now()) ?? [];
  }

  /** The events collected since this was last asked, the newest ten thousand at most. */
  takeEvents(): OutgoingEvent[] {
    const { queue } = this.outbox;
    const events = queue.peek(queue.size);
    queue.settle(queue.first + events.length);
    return events;
  }

  /** The flag's value; undefined where there is none. */
  private plain(key: string, context: EvaluationContext | undefined): unknown {
    if (this.recorder !== undefined) return this.recorded(key, context).value;
    try {
      const prepared = prepareContext(context);
      if (this.rules === undefined || 'errorCode' in prepared) return undefined;
      return evaluateValue(this.rules, key, prepared, Date.now(), undefined);
    } catch {
      return undefined; // a getter in the caller's context threw
    }
  }

  private detailed<T>(key: string, fallback: T, expected: Expected, context: EvaluationContext | undefined): Details<T> {
    if (this.rules === undefined) return failure(fallback, 'PROVIDER_NOT_READY', 'no rules have arrived yet');
    return detailsOf(this.recorder === undefined ? this.evaluated(this.rules, key, context) : this.recorded(key, context), fallback, expected);
  }

  private hooked<T>(key: string, fallback: T, expected: Expected, context: EvaluationContext = NO_CONTEXT): Details<T> {
    return withHooks(this.hooks!, { flagKey: key, fallback, expected, context }, (merged) => this.detailed(key, fallback, expected, merged));
  }

  private evaluated(rules: CompiledRuleset, key: string, context: EvaluationContext | undefined): Evaluation {
    try {
      const prepared = prepareContext(context);
      return 'errorCode' in prepared ? refused(prepared) : evaluate(rules, key, prepared, Date.now());
    } catch {
      return refused({ errorCode: 'INVALID_CONTEXT', errorDetails: 'the context could not be read' });
    }
  }

  private recorded(key: string, context: EvaluationContext | undefined): Evaluation {
    try {
      const now = Date.now();
      const prepared = prepareContext(context);
      if (this.rules === undefined) return refused({ errorCode: 'GENERAL', errorDetails: 'no rules have arrived yet' });
      const answer = 'errorCode' in prepared ? refused(prepared) : evaluate(this.rules, key, prepared, now);
      this.recorder!.record(key, answer, 'errorCode' in prepared ? undefined : prepared, this.rules.position, now);
      return answer;
    } catch {
      return refused({ errorCode: 'INVALID_CONTEXT', errorDetails: 'the context could not be read' });
    }
  }
}
