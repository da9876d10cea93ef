import { type Exposure, type JsonObject, type JsonValue, topics } from '@pataka/contracts';
import { cloudEventJson, partitionFor } from '@pataka/event-sourcing';
import { ENGINE_VERSION, type Evaluation } from '@pataka/evaluation';
import type { BackgroundEvents } from './event-buffer';

/** What an evaluation was made of. */
export interface Evaluated { flagKey: string; environment: string; position: number; targetingKey: string; attributes: Record<string, unknown>; evaluation: Evaluation }

const WINDOW_MS = 30 * 60 * 1000;
const MAX_REMEMBERED = 500_000;
const MAX_ATTRIBUTES = 100;
const MAX_TEXT = 256;

const isPlain = (value: unknown): value is JsonValue =>
  typeof value === 'number' || typeof value === 'boolean' || (typeof value === 'string' && value.length <= MAX_TEXT);

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

// At the top they would say who is bucketed and where, which custom attributes never do.
const reserved: ReadonlySet<string> = new Set(['targetingKey', 'user_id', 'environment']);

/** Flat, as evaluation reads them: what it is recomputed from must say the same. */
const flat = ({ custom_attributes: custom, ...attributes }: Record<string, unknown>): Record<string, unknown> => (isRecord(custom) ? { ...attributes, ...withoutNamesOf(attributes, custom) } : attributes);

const withoutNamesOf = (attributes: Record<string, unknown>, custom: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(custom).filter(([name]) => !reserved.has(name) && !Object.hasOwn(attributes, name)));

const attributesOf = (attributes: Record<string, unknown>): JsonObject =>
  Object.fromEntries(Object.entries(flat(attributes)).filter(([name, value]) => name !== 'targetingKey' && isPlain(value)).slice(0, MAX_ATTRIBUTES)) as JsonObject;

/**
 * Records the exposures that single evaluations make: once per subject, experiment, phase and variant in a window of 30 to 60 minutes.
 * Two generations of a set forget together, which costs no timestamp per subject.
 */
export class Exposures {
  #recent = new Set<string>();
  #older = new Set<string>();
  #rotatedAt: number;

  constructor(private readonly events: BackgroundEvents, private readonly newId: () => string, private readonly now: () => number) {
    this.#rotatedAt = now();
  }

  record(evaluated: Evaluated): void {
    const { experimentId, phase, variant, unit } = evaluated.evaluation;
    if (experimentId === undefined || variant === undefined || unit === undefined) return;
    const subject = `${experimentId} ${phase ?? 1} ${variant} ${unit}`;
    if (this.#seen(subject)) return;
    const topic = topics.exposures;
    const exposure = this.#exposureOf(evaluated, experimentId, variant, unit);
    const json = cloudEventJson({ id: this.newId(), type: 'pataka.exposure.v1', source: '/pataka/evaluator', subject: unit, time: exposure.occurredAt, data: exposure });
    this.events.add({ topic: topic.name, partition: partitionFor(unit, topic.partitions), json });
  }

  #seen(subject: string): boolean {
    const now = this.now();
    if (now - this.#rotatedAt > WINDOW_MS || this.#recent.size >= MAX_REMEMBERED) {
      this.#older = this.#recent;
      this.#recent = new Set();
      this.#rotatedAt = now;
    }
    if (this.#recent.has(subject) || this.#older.has(subject)) return true;
    this.#recent.add(subject);
    return false;
  }

  #exposureOf({ flagKey, environment, position, targetingKey, attributes, evaluation }: Evaluated, experimentId: string, variant: string, unit: string): Exposure {
    const occurredAt = new Date(this.now()).toISOString();
    const { phase, flagVersion, ruleId, bucket, probability } = evaluation;
    return {
      targetingKey, unit, experimentId, flagKey, variant, environment, occurredAt, receivedAt: occurredAt,
      attributes: attributesOf(attributes),
      ...(phase === undefined ? {} : { phase }),
      ...(ruleId === undefined || bucket === undefined || probability === undefined ? {} : { receipt: { flagVersion: flagVersion ?? 0, position, ruleId, bucket, probability, engine: ENGINE_VERSION } }),
    };
  }
}
