import { setTimeout as sleep } from 'node:timers/promises';
import type { ExplainAnswer, ExplainRequest, Exposure, JsonObject } from '@pataka/contracts';
import type { Explanation } from '@pataka/evaluation';
import { ApiError, type Client } from './client';

/** An exposure as analytics shows it. */
export type RecordedExposure = Exposure & { id: string };
/** What was recorded, the same computed again, and in what the two differ. */
export interface Joined { recorded: RecordedExposure; recomputed: ExplainAnswer<Explanation>; agrees: boolean; differences: readonly Difference[] }
export interface Difference { of: string; recorded: unknown; recomputed: unknown }
/** Whose exposure of which flag, up to when. */
export interface Sought { key: string; flagKey: string; environment: string; until: string | undefined }

const PAGE = 50;
const RETRY_MS = 2_000;
const PATIENCE = 5;

/** Asks for an explanation. The first question about the past may have to wait until the log is read: as long as that gets on, so does this. */
export const askExplanation = async (client: Client, request: ExplainRequest): Promise<ExplainAnswer<Explanation>> => {
  let progress = '';
  for (let idle = 0; ; await sleep(RETRY_MS)) {
    try {
      return await client.post<ExplainAnswer<Explanation>>('/v1/explain', request);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 503) throw error;
      const said = error.problem.detail ?? error.message;
      idle = said === progress ? idle + 1 : 0;
      if (idle > PATIENCE) throw error;
      if (idle === 0) process.stderr.write(`${said}\n`);
      progress = said;
    }
  }
};

/** The newest exposure that was recorded of a targeting key up to an instant; null without any. */
export const findRecorded = async (client: Client, { key, flagKey, environment, until }: Sought): Promise<RecordedExposure | null> => {
  const query = new URLSearchParams({ flag: flagKey, environment, order: 'desc', limit: String(PAGE), ...(until === undefined ? {} : { until }) });
  const { items } = await client.get<{ items: RecordedExposure[] }>(`/api/subjects/${encodeURIComponent(key)}/exposures?${query.toString()}`);
  // A key may also be what others were bucketed by: a fleet, say.
  return items.find(({ targetingKey }) => targetingKey === key) ?? null;
};

/** The context that was recorded. */
export const contextOf = ({ attributes, targetingKey }: Exposure): JsonObject => ({ ...attributes, targetingKey });

/** Every point on which a recorded exposure and its recomputation differ; what a foreign producer left out is no difference. */
export const differencesOf = (exposure: Exposure, { explanation: { evaluation } }: ExplainAnswer<Explanation>): Difference[] => {
  const { variant, experimentId, unit, phase, receipt } = exposure;
  const pairs: [string, unknown, unknown][] = [
    ['error', undefined, evaluation.errorCode], ['variant', variant, evaluation.variant], ['experimentId', experimentId, evaluation.experimentId], ['unit', unit, evaluation.unit], ['phase', phase, evaluation.phase],
    ['ruleId', receipt?.ruleId, evaluation.ruleId], ['bucket', receipt?.bucket, evaluation.bucket], ['probability', receipt?.probability, evaluation.probability], ['flagVersion', receipt?.flagVersion, evaluation.flagVersion],
  ];
  return pairs.filter(([of, recorded, recomputed]) => (of === 'error' ? recomputed !== undefined : recorded !== undefined && recorded !== recomputed))
    .map(([of, recorded, recomputed]) => ({ of, recorded: recorded ?? null, recomputed: recomputed ?? null }));
};

/** Computes a recorded exposure again, from its attributes and by its receipt's configuration; without a receipt by that of its instant. */
export const recompute = async (client: Client, recorded: RecordedExposure, flagKey: string, environment: string): Promise<Joined> => {
  const { receipt, occurredAt } = recorded;
  const by = receipt === undefined ? {} : { position: receipt.position, engine: receipt.engine };
  const recomputed = await askExplanation(client, { flagKey, environment, context: contextOf(recorded), at: occurredAt, ...by });
  const differences = differencesOf(recorded, recomputed);
  return { recorded, recomputed, agrees: differences.length === 0, differences };
};
