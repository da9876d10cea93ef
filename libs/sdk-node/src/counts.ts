import type { Evaluation, Tally } from '@pataka/evaluation';

/** How often a flag was evaluated in one minute with one outcome. */
export type EvaluationCount = {
  readonly flagKey: string;
  readonly variant?: string | undefined;
  readonly errorCode?: string | undefined;
  /** Start of the minute, an instant. */
  readonly minute: string;
  readonly count: number;
};

/** One outcome that a flag's evaluations can have, how often it came, and who of an experiment has met it. Hangs at the engine's answers. */
export class Outcome implements Tally {
  count = 0;
  recent: Set<string> | undefined = undefined;
  older: Set<string> | undefined = undefined;

  constructor(
    readonly flagKey: string,
    readonly variant: string | undefined,
    readonly errorCode: string | undefined,
    readonly experimentId: string | undefined,
    readonly phase: number | undefined,
  ) {}

  stands(answer: Evaluation): boolean {
    return this.variant === answer.variant && this.errorCode === answer.errorCode && this.experimentId === answer.experimentId && this.phase === answer.phase;
  }
}

const MINUTE_MS = 60_000;

/** Outcomes of evaluations, counted by the minute; bounded. Who counts adds to an outcome's `count` and says so by `begin`. */
export class Counts {
  private readonly outcomes = new Map<string, Outcome[]>();
  private size = 0;
  private minuteMs = 0;
  private finished: EvaluationCount[] = [];
  private timer: NodeJS.Timeout | undefined = undefined;
  /** Stands in for all outcomes beyond the limit. */
  private readonly rest = new Outcome('', undefined, undefined, undefined, undefined);

  /** @param onMinute - called when a minute with counts has ended */
  constructor(private readonly limit: number, private readonly onMinute: (nowMs: number) => void) {}

  /** Before counting: a minute begins with its first evaluation, so that no evaluation has to read the clock. */
  begin(): void {
    if (this.timer === undefined) this.start();
  }

  /** Where an outcome is counted, whatever version of the flag it comes of. */
  outcomeOf(flagKey: string, answer: Evaluation): Outcome {
    const known = this.outcomes.get(flagKey);
    const found = known?.find((outcome) => outcome.stands(answer));
    if (found !== undefined) return found;
    // Errors can be had for any key; what is served is bounded by the ruleset.
    if (this.size >= this.limit && answer.errorCode !== undefined) return this.rest;
    this.size += 1;
    const outcome = new Outcome(flagKey, answer.variant, answer.errorCode, answer.experimentId, answer.phase);
    if (known === undefined) this.outcomes.set(flagKey, [outcome]);
    else known.push(outcome);
    return outcome;
  }

  /** Every outcome there is. */
  *all(): Iterable<Outcome> {
    for (const outcomes of this.outcomes.values()) yield* outcomes;
  }

  /** The counts since they were last taken, the minute under way included. */
  take(): EvaluationCount[] {
    this.end();
    const taken = this.finished;
    this.finished = [];
    return taken;
  }

  private start(): void {
    const now = Date.now();
    this.minuteMs = now - (now % MINUTE_MS);
    this.timer = setTimeout(() => {
      this.end();
      this.onMinute(Date.now());
    }, MINUTE_MS - (now % MINUTE_MS));
    this.timer.unref();
  }

  private end(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const minute = new Date(this.minuteMs).toISOString();
    for (const outcome of this.all()) {
      const { flagKey, variant, errorCode, count } = outcome;
      if (count > 0 && this.finished.length < this.limit) this.finished.push({ flagKey, variant, errorCode, minute, count });
      outcome.count = 0;
    }
  }
}
