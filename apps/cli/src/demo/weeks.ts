import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Experiment, ExperimentResults, RolloutView } from '@pataka/contracts';
import type { Client } from '../api/client';
import { randomFrom } from './random';
import { decisionsText, reportText } from './report';
import type { Scenario } from './scenarios';
import { resultsOf, rulesetWith, startExperiment, until } from './stage';
import { playTraffic, type Sent } from './traffic';

const WEEK_MS = 7 * 24 * 60 * 60 * 1000;
const MOST_WEEKS = 20;
/** Of so many people who come, somebody is in the experiment: a first step may be a few in a thousand. */
const MOST_PEOPLE = 2_000_000;
const SETTLE_MS = 5_000;
/** The newest conversions are published within a second or two of the newest exposures. */
const PUBLISHED_MS = 2_000;

interface Play { admin: Client; server: Client; scenarios: Scenario[]; people: number; seed: number; suffix: string; clockFile: string; say: (line: string) => void }
interface Running { scenario: Scenario; experiment: Experiment; sent: Sent; next: number; random: () => number; perWeek: number }

const isOver = ({ status, rollout }: Experiment): boolean => status === 'COMPLETED' || rollout.finishedAt !== undefined;

const setClock = (file: string, atMs: number): void => writeFileSync(file, new Date(atMs).toISOString());

/** Decisions rest on what has reached the orchestrator: a little later than the report has it. */
const heard = async (admin: Client, experiment: Experiment, sent: Sent): Promise<void> => {
  const expected = Object.values(sent.included).reduce((a, b) => a + b, 0);
  await until('the evidence', async () => {
    const { results } = await admin.get<{ results?: ExperimentResults }>(`/api/experiments/${experiment.id}`);
    return results?.variants.reduce((sum, { sampleSize }) => sum + sampleSize, 0) === expected ? true : null;
  });
  await sleep(PUBLISHED_MS);
};

/** A week of people, and the rollout's answer to them. */
const playWeek = async ({ admin, server, say }: Play, running: Running, fromMs: number): Promise<void> => {
  const { scenario, experiment, sent, random, perWeek } = running;
  const ruleset = await rulesetWith(server, experiment);
  running.next = await playTraffic({
    client: server, scenario, flagKey: experiment.flagKey, ruleset, random, fromMs, untilMs: fromMs + WEEK_MS, first: running.next, people: MOST_PEOPLE, included: perWeek, sent, onProgress: () => undefined,
  });
  await resultsOf(admin, experiment, sent, new Date(fromMs - MOST_WEEKS * WEEK_MS).toISOString().slice(0, 10));
  await heard(admin, experiment, sent);
  say(`${scenario.title}: ${experiment.rollout.percentage}% for a week, ${Object.entries(sent.included).map(([variant, count]) => `${variant} ${count}`).join(', ')}`);
};

/** What becomes of an experiment once its week is over: the next step, a hold, or the end; nothing where nothing is due. */
const answered = async (admin: Client, { experiment }: Running): Promise<Experiment> => {
  for (let waited = 0; ; waited += 250) {
    const now = await admin.get<Experiment>(`/api/experiments/${experiment.id}`);
    if (now.version !== experiment.version || waited > SETTLE_MS) return now;
    await sleep(250);
  }
};

const told = async ({ admin }: Play, { scenario, experiment, sent }: Running, fromMs: number): Promise<string[]> => {
  const results = await resultsOf(admin, experiment, sent, new Date(fromMs).toISOString().slice(0, 10));
  const done = experiment.status === 'COMPLETED' ? experiment : await admin.post<Experiment>(`/api/experiments/${experiment.id}/complete`, results.winner === undefined ? {} : { winnerVariantId: results.winner });
  const rollout = await admin.get<RolloutView>(`/api/experiments/${experiment.id}/rollout`);
  const served = done.winnerVariantId === undefined ? 'the control' : done.winnerVariantId;
  return [reportText(scenario, results), '', 'what was decided on the way:', ...decisionsText(rollout), `${done.status}${done.outcome === undefined ? '' : `, ${done.outcome}`}: everyone gets ${served}`];
};

/**
 * Plays the rollouts of the examples as they are planned: people come for a week, the server's clock is put to its end, and the rollout decides. The
 * weeks lie in the past, since no event may come from the future.
 */
export const playWeeks = async (play: Play): Promise<string[]> => {
  const beginMs = Date.now() - (MOST_WEEKS + 1) * WEEK_MS;
  setClock(play.clockFile, beginMs);
  await sleep(500);
  const running: Running[] = [];
  for (const [index, scenario] of play.scenarios.entries()) {
    const weeks = scenario.experiment.strategy?.steps?.length ?? 1;
    running.push({ scenario, experiment: await startExperiment(play.admin, scenario, play.suffix), sent: { people: 0, included: {}, events: 0 }, next: 0, random: randomFrom(play.seed + index), perWeek: Math.ceil(play.people / weeks) });
  }
  for (let week = 0; week < MOST_WEEKS && running.some(({ experiment }) => !isOver(experiment)); week += 1) {
    const under = running.filter(({ experiment }) => !isOver(experiment));
    for (const one of under) await playWeek(play, one, beginMs + week * WEEK_MS);
    setClock(play.clockFile, beginMs + (week + 1) * WEEK_MS + 60_000);
    for (const one of under) one.experiment = await answered(play.admin, one);
  }
  const reports: string[] = [];
  for (const one of running) reports.push(...await told(play, one, beginMs));
  return reports;
};
