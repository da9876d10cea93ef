/** How often a flag was evaluated in one minute with one outcome. */
export type EvaluationCount = {
  readonly flagKey: string;
  readonly variant?: string | undefined;
  readonly errorCode?: string | undefined;
  /** Start of the minute, an instant. */
  readonly minute: string;
  readonly count: number;
};

/** One outcome that a flag's evaluations can have, how often it came, and who of an experiment has met it. */
export class Outcome {
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
}

const MINUTE_MS = 60_000;

const minuteOf = (nowMs: number): number => nowMs - (nowMs % MINUTE_MS);

/** Outcomes of evaluations, counted by the minute. Bounded; counting makes nothing once an outcome has been seen. */
export class Counts {
  private readonly outcomes = new Map<string, Outcome[]>();
  private size = 0;
  private minuteMs = 0;
  private finished: EvaluationCount[] = [];
  /** Stands in for all outcomes beyond the limit. */
  private readonly rest = new Outcome('', undefined, undefined, undefined, undefined);

  constructor(private readonly limit: number) {}

  /** Counts an outcome and returns where it is counted. */
  add(flagKey: string, answer: { readonly variant: string | undefined; readonly errorCode: string | undefined; readonly experimentId: string | undefined; readonly phase: number | undefined }, nowMs: number): Outcome {
    if (nowMs - this.minuteMs >= MINUTE_MS) this.turn(nowMs);
    const outcomes = this.outcomes.get(flagKey);
    if (outcomes !== undefined) {
      for (let index = 0; index < outcomes.length; index += 1) {
        const outcome = outcomes[index]!;
        if (outcome.variant !== answer.variant || outcome.errorCode !== answer.errorCode || outcome.experimentId !== answer.experimentId || outcome.phase !== answer.phase) continue;
        outcome.count += 1;
        return outcome;
      }
    }
    const made = this.make(flagKey, new Outcome(flagKey, answer.variant, answer.errorCode, answer.experimentId, answer.phase), outcomes);
    made.count += 1;
    return made;
  }

  /** Every outcome there is. */
  *all(): Iterable<Outcome> {
    for (const outcomes of this.outcomes.values()) yield* outcomes;
  }

  /** The counts since they were last taken, the minute under way included. */
  take(nowMs: number): EvaluationCount[] {
    this.turn(nowMs);
    const taken = this.finished;
    this.finished = [];
    return taken;
  }

  private make(flagKey: string, outcome: Outcome, known: Outcome[] | undefined): Outcome {
    // Errors can be had for any key; what is served is bounded by the ruleset.
    if (this.size >= this.limit && outcome.errorCode !== undefined) return this.rest;
    this.size += 1;
    if (known === undefined) this.outcomes.set(flagKey, [outcome]);
    else known.push(outcome);
    return outcome;
  }

  private turn(nowMs: number): void {
    const minute = new Date(this.minuteMs).toISOString();
    for (const outcome of this.all()) {
      const { flagKey, variant, errorCode, count } = outcome;
      if (count > 0 && this.finished.length < this.limit) this.finished.push({ flagKey, variant, errorCode, minute, count });
      outcome.count = 0;
    }
    this.minuteMs = minuteOf(nowMs);
  }
}
