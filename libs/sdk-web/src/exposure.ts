import type { Exposure } from '@pataka/contracts';
import type { JsonObject, JsonValue } from './json';
import { type EvaluationContext, type FlagAnswer, type Snapshot, targetingKeyOf } from './snapshot';

const MAX_ATTRIBUTES = 100;
const MAX_TEXT = 256;
type Receipt = NonNullable<Exposure['receipt']>;

const isPlain = (value: JsonValue | undefined): value is JsonValue =>
  typeof value === 'number' || typeof value === 'boolean' || (typeof value === 'string' && value.length <= MAX_TEXT);

const attributesOf = (context: EvaluationContext): JsonObject =>
  Object.fromEntries(Object.entries(context).filter(([name, value]) => name !== 'targetingKey' && isPlain(value)).slice(0, MAX_ATTRIBUTES)) as JsonObject;

const isNumber = (value: unknown): value is number => typeof value === 'number';

/** By which configuration, rule and bucket the variant came about, as far as the server told; the server computes it again. */
const receiptOf = ({ position, engine }: Snapshot, metadata: Readonly<Record<string, unknown>>): Receipt | null => {
  const { flagVersion, ruleId, bucket, probability } = metadata;
  return isNumber(flagVersion) && typeof ruleId === 'string' && isNumber(bucket) && isNumber(probability) && position !== undefined && engine !== undefined
    ? { flagVersion, position, ruleId, bucket, probability, engine }
    : null;
};

/** The exposure that using this answer makes; null where no experiment decided it. */
export const exposureOf = (snapshot: Snapshot, answer: FlagAnswer, occurredAt: string): (Exposure & { type: 'exposure' }) | null => {
  const metadata: Readonly<Record<string, unknown>> = answer.metadata ?? {};
  const { experimentId, unit, phase } = metadata;
  const targetingKey = targetingKeyOf(snapshot.context) ?? (typeof unit === 'string' ? unit : undefined);
  if (typeof experimentId !== 'string' || answer.variant === undefined || targetingKey === undefined) return null;
  const receipt = receiptOf(snapshot, metadata);
  return {
    type: 'exposure', targetingKey, experimentId, flagKey: answer.key, variant: answer.variant, occurredAt, attributes: attributesOf(snapshot.context),
    ...(typeof unit === 'string' ? { unit } : {}),
    ...(isNumber(phase) ? { phase } : {}),
    ...(receipt === null ? {} : { receipt }),
  };
};

/** What tells one exposure from another: who met which variant of what, in which phase. */
export const exposureName = ({ experimentId, phase, variant, unit, targetingKey }: Exposure): string => JSON.stringify([experimentId, phase ?? 1, variant, unit ?? targetingKey]);
