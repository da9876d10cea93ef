import { topics } from '@pataka/contracts';
import { cloudEventJson, partitionFor } from '@pataka/event-sourcing';
import type { BackgroundEvents } from './event-buffer';

/** How often something was evaluated; whoever evaluates it holds on to its counter and adds one. */
export interface Counter { count: number }
interface Series { flagKey: string; environment: string; variant?: string; errorCode?: string }
interface Ended extends Series { count: number; minuteMs: number }

const MINUTE_MS = 60_000;
const MAX_SERIES = 50_000;
const MAX_ENDED = 100_000;

/**
 * Counts evaluations per flag, environment, variant, error code and minute, and publishes them now and then instead of one by one. Whoever
 * counts says the time first (`at`), once for all that it counts then.
 */
export class EvaluationCounts {
  readonly #series = new Map<string, { series: Series; counter: Counter }>();
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

  /** The counter of a series, the same one each time. */
  counter(flagKey: string, environment: string, variant: string | undefined, errorCode: string | undefined): Counter {
    const name = `${environment} ${flagKey} ${variant ?? ''} ${errorCode ?? ''}`;
    const known = this.#series.get(name)?.counter;
    if (known !== undefined) return known;
    const counter: Counter = { count: 0 };
    const series = { flagKey, environment, ...(variant === undefined ? {} : { variant }), ...(errorCode === undefined ? {} : { errorCode }) };
    if (this.#series.size < MAX_SERIES) this.#series.set(name, { series, counter });
    return counter;
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
    const minuteMs = this.#minuteEndsMs - MINUTE_MS;
    for (const listener of this.#readers) listener();
    this.#minuteEndsMs = (Math.floor(nowMs / MINUTE_MS) + 1) * MINUTE_MS;
    for (const { series, counter } of this.#series.values()) {
      if (counter.count > 0 && this.#ended.length < MAX_ENDED) this.#ended.push({ ...series, count: counter.count, minuteMs });
      counter.count = 0;
    }
  }
}
