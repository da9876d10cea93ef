import { setTimeout as sleep } from 'node:timers/promises';
import type { CreateExperiment, Experiment, ExperimentResults, JsonObject } from '@pataka/contracts';
import type { Ruleset } from '@pataka/evaluation';
import { ApiError, type Client } from '../api/client';
import { named, type Scenario } from './scenarios';
import type { Sent } from './traffic';

const WAIT_MS = 60_000;
const LOOK_MS = 250;

/** Asks until the answer is as wished. */
export const until = async <T>(what: string, ask: () => Promise<T | null>): Promise<T> => {
  const deadline = Date.now() + WAIT_MS;
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    if (Date.now() > deadline) throw new Error(`${what}: waited ${WAIT_MS / 1000} s in vain`);
    await sleep(LOOK_MS);
  }
};

const define = async (admin: Client, metric: JsonObject): Promise<void> => {
  await admin.post('/api/metrics', metric).catch((error: unknown) => {
    if (!(error instanceof ApiError) || error.problem.code !== 'already-exists') throw error;
  });
};

/** Makes and starts an example; `strategy` in the place of its own where it is given. */
export const startExperiment = async (admin: Client, scenario: Scenario, suffix: string, strategy?: CreateExperiment['strategy']): Promise<Experiment> => {
  for (const metric of scenario.metrics) await define(admin, metric);
  const { id } = await admin.post<Experiment>('/api/experiments', named(scenario, suffix, strategy));
  await until('its flag', async () => ((await admin.get<Experiment>(`/api/experiments/${id}`)).linked ? true : null));
  return admin.post<Experiment>(`/api/experiments/${id}/start`, strategy === undefined ? {} : { force: true });
};

/** A ruleset in which the experiment is as far as it is said to be. */
export const rulesetWith = (server: Client, { id, flagKey, rollout }: Experiment): Promise<Ruleset> =>
  until('the experiment in the ruleset', async () => {
    const ruleset = await server.get<Ruleset>('/v1/ruleset');
    const flag = ruleset.flags.find(({ key }) => key === flagKey);
    const rule = flag?.environments['production']?.rules.find(({ experimentId }) => experimentId === id);
    return flag?.status === 'ACTIVE' && rule?.percentage === rollout.percentage ? ruleset : null;
  });

/** The report, once it tells of everyone who was sent. */
export const resultsOf = (admin: Client, experiment: Experiment, sent: Sent, from: string): Promise<ExperimentResults> => {
  const expected = Object.values(sent.included).reduce((a, b) => a + b, 0);
  let before = '';
  return until('the report', async () => {
    const results = await admin.get<ExperimentResults>(`/api/experiments/${experiment.id}/results?startDate=${from}`);
    const counted = results.variants.reduce((sum, { sampleSize }) => sum + sampleSize, 0);
    const settled = results.coverage.name === before;
    before = results.coverage.name;
    // The newest conversions may still be under way when the last exposure has arrived.
    return counted === expected && settled ? results : null;
  });
};
