import { randomUUID } from 'node:crypto';
import type { JsonObject } from '@pataka/contracts';
import { compileRuleset, type Context, ENGINE_VERSION, evaluate, prepareContext, type Ruleset } from '@pataka/evaluation';
import type { Client } from '../api/client';
import { type Person, type Scenario, valuesOf } from './scenarios';

/** What was sent, for the comparison with what is reported. */
export interface Sent { people: number; included: Record<string, number>; events: number }

const HOUR_MS = 60 * 60 * 1000;
const BATCH = 1_000;
const PARALLEL = 4;

export interface Traffic {
  client: Client; scenario: Scenario; flagKey: string; ruleset: Ruleset; random: () => number;
  /** When people come: from, and until. */
  fromMs: number; untilMs: number;
  /** The first person's number; how many come, or how many of them have to be in the experiment before no more come. */
  first: number; people: number; included: number;
  sent: Sent;
  onProgress: (people: number) => void;
}

/** One person's exposure and conversions, with the receipt that says how the variant came about; [] for those not in the experiment. */
const eventsOf = (person: Person, { scenario, flagKey, random, fromMs, untilMs, sent }: Traffic, compiled: ReturnType<typeof compileRuleset>): JsonObject[] => {
  const atMs = fromMs + Math.floor(random() * (untilMs - fromMs));
  const answer = evaluate(compiled, flagKey, prepareContext(person) as Context, atMs);
  if (answer.experimentId === undefined || answer.variant === undefined || answer.unit === undefined) return [];
  const { experimentId, variant, unit, flagVersion = 0, ruleId = '', bucket = 0, probability = 1, phase = 1 } = answer;
  sent.included[variant] = (sent.included[variant] ?? 0) + 1;
  const { targetingKey, ...attributes } = person;
  const at = (ms: number): string => new Date(ms).toISOString();
  const exposure = {
    id: randomUUID(), type: 'exposure', targetingKey, unit, experimentId, phase, flagKey, variant, occurredAt: at(atMs), attributes,
    receipt: { flagVersion, position: compiled.position, ruleId, bucket, probability, engine: ENGINE_VERSION },
  };
  // They name the experiment: played a second time, the same people must not add to the first.
  const conversions = valuesOf(scenario, variant, random).map(({ metric, value }) =>
    ({ id: randomUUID(), type: 'conversion', targetingKey, unit, experimentId, metric, value, occurredAt: at(atMs + Math.floor(random() * Math.min(20 * HOUR_MS, untilMs - atMs))) }));
  return [exposure, ...conversions];
};

const includedIn = ({ included }: Sent): number => Object.values(included).reduce((sum, count) => sum + count, 0);

/** Lets simulated people evaluate a flag as a server SDK would, and sends what they did through `/v1/events`. Answers the number after the last one's. */
export const playTraffic = async (traffic: Traffic): Promise<number> => {
  const { client, scenario, sent, random } = traffic;
  const compiled = compileRuleset(traffic.ruleset);
  const pending: JsonObject[] = [];
  let sending: Promise<void>[] = [];
  const send = async (events: JsonObject[]): Promise<void> => {
    const { accepted, rejected } = await client.post<{ accepted: number; rejected: object[] }>('/v1/events', { events });
    if (rejected.length > 0) throw new Error(`events were refused: ${JSON.stringify(rejected[0])}`);
    sent.events += accepted;
  };
  const before = includedIn(sent);
  let index = traffic.first;
  for (; index - traffic.first < traffic.people && includedIn(sent) - before < traffic.included; index += 1) {
    pending.push(...eventsOf(scenario.person(index, random), traffic, compiled));
    if (pending.length < BATCH) continue;
    sending.push(send(pending.splice(0, BATCH)));
    if (sending.length < PARALLEL) continue;
    await Promise.all(sending);
    sending = [];
    traffic.onProgress(index + 1 - traffic.first);
  }
  if (pending.length > 0) sending.push(send(pending));
  await Promise.all(sending);
  sent.people += index - traffic.first;
  traffic.onProgress(index - traffic.first);
  return index;
};
