import type { JsonObject } from '@pataka/contracts';
import { ENGINE_VERSION, type Context, type Evaluation, type Served } from '@pataka/evaluation';
import { Counts, type EvaluationCount, type Outcome } from './counts';
import type { NewEvent } from './outgoing-event';

/** Where new events go. */
export type EventSink = { add(event: NewEvent): void };

const MAX_OUTCOMES = 10_000;
const MAX_REMEMBERED = 200_000;
const WINDOW_MS = 30 * 60 * 1000;
const MAX_ATTRIBUTES = 100;
const MAX_TEXT = 256;

/** What an exposure tells of its context: plain attributes, none of them long. */
const attributesOf = ({ attributes, custom }: Context): JsonObject => {
  const told: JsonObject = {};
  let room = MAX_ATTRIBUTES;
  for (const source of [custom, attributes]) {
    for (const name in source) {
      const value = source[name];
      const isPlain = typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value)) || (typeof value === 'string' && value.length <= MAX_TEXT);
      if (!isPlain || name === 'targetingKey' || room === 0) continue;
      told[name] = value;
      room -= 1;
    }
  }
  return told;
};

/**
 * Records evaluations: counts each, and tells of each subject's first meeting with a variant of an experiment, once per experiment,
 * phase, variant and unit in a window of 30 to 60 minutes. Two generations of sets forget together: bounded, without an instant or
 * a joined text per subject.
 */
export class Recorder {
  private readonly counts = new Counts(MAX_OUTCOMES);
  private remembered = 0;
  private rotatedAt = 0;

  constructor(private readonly sink: EventSink, private readonly environment: () => string) {}

  /** Records one evaluation. */
  record(flagKey: string, answer: Evaluation, context: Context | undefined, position: number, nowMs: number): void {
    const outcome = this.counts.add(flagKey, answer, nowMs);
    if (answer.errorCode !== undefined || answer.experimentId === undefined || answer.unit === undefined || context === undefined) return;
    if (this.isKnown(outcome, answer.unit, nowMs)) return;
    this.sink.add(this.exposureOf(flagKey, answer, context, position, nowMs));
  }

  /** The counts since they were last taken. */
  takeCounts(nowMs: number): EvaluationCount[] {
    return this.counts.take(nowMs);
  }

  private isKnown(outcome: Outcome, unit: string, nowMs: number): boolean {
    if (this.remembered >= MAX_REMEMBERED || nowMs - this.rotatedAt > WINDOW_MS) this.rotate(nowMs);
    const recent = (outcome.recent ??= new Set());
    if (recent.has(unit) || outcome.older?.has(unit) === true) return true;
    recent.add(unit);
    this.remembered += 1;
    return false;
  }

  private rotate(nowMs: number): void {
    for (const outcome of this.counts.all()) {
      outcome.older = outcome.recent;
      outcome.recent = undefined;
    }
    this.remembered = 0;
    this.rotatedAt = nowMs;
  }

  private exposureOf(flagKey: string, answer: Served, context: Context, position: number, nowMs: number): NewEvent {
    const { unit, phase, bucket, probability, ruleId, flagVersion } = answer;
    return {
      type: 'exposure',
      targetingKey: context.targetingKey ?? unit!,
      unit: unit!,
      experimentId: answer.experimentId!,
      flagKey,
      variant: answer.variant,
      environment: this.environment(),
      occurredAt: new Date(nowMs).toISOString(),
      attributes: attributesOf(context),
      ...(phase === undefined ? {} : { phase }),
      ...(ruleId === undefined || bucket === undefined || probability === undefined
        ? {}
        : { receipt: { flagVersion: flagVersion ?? 0, position, ruleId, bucket, probability, engine: ENGINE_VERSION } }),
    };
  }
}
