import { randomUUID } from 'node:crypto';
import type { JsonObject } from '@pataka/contracts';
import { compileRuleset, type Context, ENGINE_VERSION, evaluate, prepareContext, type Ruleset } from '@pataka/evaluation';
import type { Client } from '../api/client';
import { randomFrom } from './random';
import { type Scenario, valueOf } from './scenarios';

/** What was sent, for the comparison with what is reported. */
export interface Sent { subjects: number; included: Record<string, number>; events: number }

const DAY_MS = 24 * 60 * 60 * 1000;
const DAYS = 27;
const BATCH = 1_000;
const PARALLEL = 4;

interface Request { client: Client; scenario: Scenario; flagKey: string; ruleset: Ruleset; subjects: number; endMs: number; seed: number; onProgress: (subjects: number) => void }

/** One subject's exposure and conversions, with the receipt that says how its variant came about; [] for those not in the experiment. */
const eventsOf = (subject: JsonObject & { targetingKey: string }, request: Request, compiled: ReturnType<typeof compileRuleset>, random: () => number, sent: Sent): JsonObject[] => {
  const atMs = request.endMs - Math.floor(random() * DAYS * DAY_MS) - DAY_MS;
  const answer = evaluate(compiled, request.flagKey, prepareContext(subject) as Context, atMs);
  if (answer.experimentId === undefined || answer.variant === undefined) return [];
  const { experimentId, variant, flagVersion = 0, ruleId = '', bucket = 0, probability = 1, phase = 1 } = answer;
  sent.included[variant] = (sent.included[variant] ?? 0) + 1;
  const { targetingKey, ...attributes } = subject;
  const at = (offsetMs: number): string => new Date(atMs + offsetMs).toISOString();
  const exposure = {
    id: randomUUID(), type: 'exposure', targetingKey, unit: targetingKey, experimentId, phase, flagKey: request.flagKey, variant, occurredAt: at(0), attributes,
    receipt: { flagVersion, position: compiled.position, ruleId, bucket, probability, engine: ENGINE_VERSION },
  };
  const conversions = request.scenario.metrics.flatMap((metric) => {
    const value = valueOf(metric, variant, random);
    return value === null ? [] : [{ id: randomUUID(), type: 'conversion', targetingKey, metric: metric.key, value, occurredAt: at(Math.floor(random() * 20 * 60 * 60 * 1000)) }];
  });
  return [exposure, ...conversions];
};

/** Lets simulated people evaluate a flag as a server SDK would, and sends what they did through `/v1/events`. */
export const playTraffic = async (request: Request): Promise<Sent> => {
  const random = randomFrom(request.seed);
  const compiled = compileRuleset(request.ruleset);
  const sent: Sent = { subjects: request.subjects, included: {}, events: 0 };
  const pending: JsonObject[] = [];
  let sending: Promise<void>[] = [];
  const send = async (events: JsonObject[]): Promise<void> => {
    const { accepted, rejected } = await request.client.post<{ accepted: number; rejected: object[] }>('/v1/events', { events });
    if (rejected.length > 0) throw new Error(`events were refused: ${JSON.stringify(rejected[0])}`);
    sent.events += accepted;
  };
  for (let index = 0; index < request.subjects; index += 1) {
    pending.push(...eventsOf(request.scenario.subject(index, random), request, compiled, random, sent));
    if (pending.length >= BATCH) {
      sending.push(send(pending.splice(0, BATCH)));
      if (sending.length >= PARALLEL) {
        await Promise.all(sending);
        sending = [];
        request.onProgress(index + 1);
      }
    }
  }
  if (pending.length > 0) sending.push(send(pending));
  await Promise.all(sending);
  request.onProgress(request.subjects);
  return sent;
};
