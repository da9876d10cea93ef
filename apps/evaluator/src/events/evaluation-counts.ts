import { topics } from '@pataka/contracts';
import { cloudEventJson, partitionFor } from '@pataka/event-sourcing';
import type { BackgroundEvents } from './event-buffer';

/** How often something was evaluated; whoever evaluates it holds on to its counter and adds one. */
export interface Counter { count: number }
interface Counted { flagKey: string; environment: string; variant?: string; errorCode?: string }
interface Series { counted: Counted; name: string; total: string; counter: Counter }
interface Ended extends Counted { count: number; minuteMs: number }

/** An evaluation as monitoring sees it: of no flag. `outcome` is `success` or OpenFeature's error code. */
export interface Outcome { environment: string; reason: string; outcome: string }

const MINUTE_MS = 60_000;
const MAX_SERIES = 50_000;
const MAX_ENDED = 100_000;
const SUCCESS = 'success';
const ERROR = 'ERROR';

/**
 * Counts evaluations per flag, environment, variant, error code and minute, and publishes them now and then instead of one by one. Whoever
 * counts says the time first (`at`), once for all that it counts then.
 */
export class EvaluationCounts {
  readonly #series = new Map<string, Series>();
  /** What monitoring is told, by environment, reason and outcome. */
  readonly #totals = new Map<string, { of: Outcome; count: number }>();
  readonly #timer: NodeJS.Timeout;
  #ended: Ended[] = [];
  #minuteEndsMs = 0;
  readonly #readers: (() => void)[] = [];

  constructor(private readonly events: BackgroundEvents, private readonly newId: () => string, private readonly now: () => number, intervalMs = 10_000) {
    this.#timer = setInterval(() => this.flush(), intervalMs);
    this.#timer.unref();
  }

  /** What is counted from now on belongs to this instant's minute. */
  at(nowMs: number): void {
    if (nowMs >= this.#minuteEndsMs) this.#endMinute(nowMs);
  }

  /** Called before counters are read and begin again at zero: whoever counts several at once says so then. */
  beforeReading(listener: () => void): void {
    this.#readers.push(listener);
  }

  /** The counter of a flag's variant or error, the same one each time. */
  counter(flagKey: string, environment: string, served: { variant: string; reason: string; errorCode?: undefined } | { errorCode: string; variant?: undefined }): Counter {
    const [of, what] = served.errorCode !== undefined ? [{ environment, reason: ERROR, outcome: served.errorCode }, { errorCode: served.errorCode }] : [{ environment, reason: served.reason, outcome: SUCCESS }, { variant: served.variant }];
    const name = `${environment} ${flagKey} ${served.variant ?? ''} ${served.errorCode ?? ''}`;
    const { reason } = of;
    const known = this.#series.get(`${name} ${reason}`)?.counter;
    if (known !== undefined) return known;
    const counter: Counter = { count: 0 };
    if (this.#series.size < MAX_SERIES) this.#series.set(`${name} ${reason}`, { counted: { flagKey, environment, ...what }, name, total: this.#total(of), counter });
    return counter;
  }

  /** An evaluation that came to no flag: there is none of that key, or the context is not valid. */
  refused(environment: string, errorCode: string): void {
    this.#add(this.#total({ environment, reason: ERROR, outcome: errorCode }), 1);
  }

  /** All evaluations since the start, flags aside. */
  totals(): { of: Outcome; count: number }[] {
    this.#settle(this.#minuteEndsMs - MINUTE_MS);
    return [...this.#totals.values()];
  }

  flush(): void {
    this.#endMinute(this.now());
    const topic = topics.evaluationCounts;
    for (const { minuteMs, ...count } of this.#ended) {
      const minute = new Date(minuteMs).toISOString();
      const id = this.newId();
      const json = cloudEventJson({ id, type: 'pataka.evaluation-count.v1', source: '/pataka/evaluator', subject: count.flagKey, time: minute, data: { ...count, minute } });
      this.events.add({ topic: topic.name, partition: partitionFor(count.flagKey, topic.partitions), json });
    }
    this.#ended = [];
  }

  close(): void {
    clearInterval(this.#timer);
    this.flush();
  }

  #endMinute(nowMs: number): void {
    this.#settle(this.#minuteEndsMs - MINUTE_MS);
    this.#minuteEndsMs = (Math.floor(nowMs / MINUTE_MS) + 1) * MINUTE_MS;
  }

  /** Reads the counters, which begin again at zero. What differs by its reason alone is one count of the minute. */
  #settle(minuteMs: number): void {
    for (const listener of this.#readers) listener();
    const ended = new Map<string, Ended>();
    for (const { counted, name, total, counter } of this.#series.values()) {
      if (counter.count === 0) continue;
      this.#add(total, counter.count);
      const same = ended.get(name);
      if (same === undefined) ended.set(name, { ...counted, count: counter.count, minuteMs });
      else same.count += counter.count;
      counter.count = 0;
    }
    this.#ended.push(...[...ended.values()].slice(0, MAX_ENDED - this.#ended.length));
  }

  #total(of: Outcome): string {
    const name = `${of.environment} ${of.reason} ${of.outcome}`;
    if (!this.#totals.has(name)) this.#totals.set(name, { of, count: 0 });
    return name;
  }

  #add(total: string, count: number): void {
    this.#totals.get(total)!.count += count;
  }
}
