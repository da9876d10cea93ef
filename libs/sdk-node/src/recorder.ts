import type { JsonObject, OutcomeCount } from '@pataka/contracts';
import { ENGINE_VERSION, type CompiledRuleset, type Context, type Evaluation, type Evaluator } from '@pataka/evaluation';
import { Counts, type EvaluationCount, type Outcome } from './counts';
import type { NewEvent } from './outgoing-event';

/** Where new events go. */
export type EventSink = { add(event: NewEvent): void };

const MAX_OUTCOMES = 10_000;
const MAX_REMEMBERED = 200_000;
const WINDOW_MS = 30 * 60 * 1000;
const MAX_ATTRIBUTES = 100;
const MAX_TEXT = 256;
/** Counts of one event; what `POST /v1/events` takes. */
const MAX_COUNTS = 500;
/** Within how long after a minute its counts are told: not every client at once. */
const SPREAD_MS = 10_000;

const isPlain = (value: unknown): value is boolean | number | string =>
  typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value)) || (typeof value === 'string' && value.length <= MAX_TEXT);

/** What an exposure tells of its context: plain attributes, none of them long; a top-level one wins over a custom one of its name. */
const attributesOf = ({ attributes, custom }: Context): JsonObject => {
  const told: JsonObject = {};
  let room = MAX_ATTRIBUTES;
  for (const source of [attributes, custom]) {
    for (const name in source) {
      const value = source[name];
      if (!isPlain(value) || name === 'targetingKey' || room === 0 || Object.hasOwn(told, name)) continue;
      told[name] = value;
      room -= 1;
    }
  }
  return told;
};

const outcomeOf = ({ flagKey, variant, errorCode, count }: EvaluationCount): OutcomeCount => ({
  flagKey, count, ...(variant === undefined ? {} : { variant }), ...(errorCode === undefined ? {} : { errorCode }),
});

/**
 * Records evaluations: counts each, and tells of each subject's first meeting with a variant of an experiment, once per experiment,
 * phase, variant and unit in a window of 30 to 60 minutes. Two generations of sets forget together: bounded, without an instant or
 * a joined text per subject.
 */
export class Recorder {
  private readonly counts = new Counts(MAX_OUTCOMES, (nowMs) => this.minuteEnded(nowMs));
  private remembered = 0;
  private rotatedAt = Date.now();

  /** @param tells - whether counts go to the sink by themselves, or wait for `takeCounts` */
  constructor(private readonly sink: EventSink, private readonly tells: boolean) {}

  /** Records what the evaluator decided last. */
  record(flagKey: string, answer: Evaluation, evaluator: Evaluator): void {
    this.counts.begin();
    let outcome = answer.tally as Outcome | undefined;
    if (outcome === undefined) answer.tally = outcome = this.counts.outcomeOf(flagKey, answer);
    outcome.count += 1;
    if (outcome.experimentId !== undefined) this.expose(flagKey, answer, outcome, evaluator);
  }

  /** The counts since they were last taken. */
  takeCounts(): EvaluationCount[] {
    return this.counts.take();
  }

  /** Tells the counts so far, an event for each minute; more where there are very many. */
  tellCounts(): void {
    const byMinute = new Map<string, EvaluationCount[]>();
    for (const count of this.counts.take()) {
      const known = byMinute.get(count.minute);
      if (known === undefined) byMinute.set(count.minute, [count]);
      else known.push(count);
    }
    for (const [minute, all] of byMinute) {
      for (let from = 0; from < all.length; from += MAX_COUNTS) this.sink.add({ type: 'counts', minute, counts: all.slice(from, from + MAX_COUNTS).map(outcomeOf) });
    }
  }

  private expose(flagKey: string, answer: Evaluation, outcome: Outcome, { context, ruleset }: Evaluator): void {
    const { unit } = context;
    if (unit === undefined || this.isKnown(outcome, unit)) return;
    try {
      this.sink.add(this.exposureOf(flagKey, answer, context, ruleset));
    } catch {
      // A getter in the caller's context threw: an evaluation never does.
    }
  }

  private isKnown(outcome: Outcome, unit: string): boolean {
    const { recent, older } = outcome;
    if ((recent !== undefined && recent.has(unit)) || (older !== undefined && older.has(unit))) return true;
    if (this.remembered >= MAX_REMEMBERED) this.rotate();
    if (outcome.recent === undefined) outcome.recent = new Set();
    outcome.recent.add(unit);
    this.remembered += 1;
    return false;
  }

  private minuteEnded(nowMs: number): void {
    if (this.tells) setTimeout(() => this.tellCounts(), Math.random() * SPREAD_MS).unref();
    if (nowMs - this.rotatedAt < WINDOW_MS) return;
    this.rotatedAt = nowMs;
    this.rotate();
  }

  private rotate(): void {
    for (const outcome of this.counts.all()) {
      outcome.older = outcome.recent;
      outcome.recent = undefined;
    }
    this.remembered = 0;
  }

  private exposureOf(flagKey: string, answer: Evaluation, context: Context, { environment, position }: CompiledRuleset): NewEvent {
    const { phase, probability, ruleId, flagVersion } = answer;
    const { targetingKey, bucket } = context;
    const unit = context.unit!;
    return {
      type: 'exposure',
      targetingKey: targetingKey ?? unit,
      unit,
      experimentId: answer.experimentId!,
      flagKey,
      variant: answer.variant!,
      environment,
      occurredAt: new Date().toISOString(),
      attributes: attributesOf(context),
      ...(phase === undefined ? {} : { phase }),
      ...(ruleId === undefined || bucket === undefined || probability === undefined
        ? {}
        : { receipt: { flagVersion: flagVersion ?? 0, position, ruleId, bucket, probability, engine: ENGINE_VERSION } }),
    };
  }
}
