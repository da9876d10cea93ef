import type { JsonObject } from '@pataka/contracts';
import { prepareContext } from '@pataka/evaluation';
import type { EvaluationContext } from './flag-types';
import type { NewEvent } from './outgoing-event';

/** What there is to say of something that a subject did. */
export type TrackDetails = {
  /** What the metric adds up. Default 1. */
  readonly value?: number | undefined;
  /** Anything JSON. */
  readonly properties?: Readonly<Record<string, unknown>> | undefined;
  /** The unit of analysis, where an experiment buckets by another attribute than the targeting key. */
  readonly unit?: string | undefined;
  /** Counts for this experiment alone; else for every experiment that the subject has been exposed to. */
  readonly experimentId?: string | undefined;
  readonly variant?: string | undefined;
};

const given = <T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: Exclude<T[K], undefined> };

/** Makes a conversion. @throws TypeError where it could never be counted */
export const conversionOf = (metric: string, context: EvaluationContext | undefined, details: TrackDetails, environment: string | undefined, nowMs: number): NewEvent => {
  const prepared = prepareContext(context);
  if ('errorCode' in prepared) throw new TypeError(`"${metric}" was not tracked: ${prepared.errorDetails}`);
  const { value, properties, unit, experimentId, variant } = details;
  const targetingKey = prepared.targetingKey ?? unit;
  if (targetingKey === undefined) throw new TypeError(`"${metric}" was not tracked: the context has no targetingKey`);
  if (typeof metric !== 'string' || metric === '') throw new TypeError('a conversion was not tracked: it names no metric');
  if (value !== undefined && !Number.isFinite(value)) throw new TypeError(`"${metric}" was not tracked: ${String(value)} is no value`);
  // A copy as JSON: the caller may go on changing what was given, and what can't be sent is found out here.
  const sent = properties === undefined ? undefined : (JSON.parse(JSON.stringify(properties)) as JsonObject);
  return { type: 'conversion', targetingKey, metric, occurredAt: new Date(nowMs).toISOString(), ...given({ value: value ?? 1, unit, environment, properties: sent, experimentId, variant }) };
};
