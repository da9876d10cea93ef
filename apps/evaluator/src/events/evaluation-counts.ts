import { topics } from '@pataka/contracts';
import { cloudEventJson, partitionFor } from '@pataka/event-sourcing';
import type { BackgroundEvents } from './event-buffer';

interface Count { flagKey: string; environment: string; variant?: string; errorCode?: string; minuteMs: number; count: number }

const MINUTE_MS = 60_000;
const MAX_SERIES = 50_000;

/** Counts evaluations per flag, environment, variant, error code and minute, and publishes them now and then instead of one by one. */
export class EvaluationCounts {
  #counts = new Map<string, Count>();
  readonly #timer: NodeJS.Timeout;

  constructor(private readonly events: BackgroundEvents, private readonly newId: () => string, private readonly now: () => number, intervalMs = 10_000) {
    this.#timer = setInterval(() => this.flush(), intervalMs);
    this.#timer.unref();
  }

  add(flagKey: string, environment: string, variant: string | undefined, errorCode: string | undefined): void {
    const minuteMs = Math.floor(this.now() / MINUTE_MS) * MINUTE_MS;
    const name = `${minuteMs} ${environment} ${flagKey} ${variant ?? ''} ${errorCode ?? ''}`;
    const known = this.#counts.get(name);
    if (known !== undefined) known.count += 1;
    else if (this.#counts.size < MAX_SERIES) {
      this.#counts.set(name, { flagKey, environment, minuteMs, count: 1, ...(variant === undefined ? {} : { variant }), ...(errorCode === undefined ? {} : { errorCode }) });
    }
  }

  flush(): void {
    const counts = this.#counts;
    this.#counts = new Map();
    const topic = topics.evaluationCounts;
    for (const { minuteMs, ...count } of counts.values()) {
      const minute = new Date(minuteMs).toISOString();
      const id = this.newId();
      const json = cloudEventJson({ id, type: 'pataka.evaluation-count.v1', source: '/pataka/evaluator', subject: count.flagKey, time: minute, data: { ...count, minute } });
      this.events.add({ topic: topic.name, partition: partitionFor(count.flagKey, topic.partitions), json });
    }
  }

  close(): void {
    clearInterval(this.#timer);
    this.flush();
  }
}
