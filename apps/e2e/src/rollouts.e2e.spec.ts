import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Alert, DecisionRecord, Experiment, ExperimentResults, Flag, RolloutView } from '@pataka/contracts';
import { build, root } from './harness/build';
import { verifyFaults } from './harness/checks';
import { ExtraOrchestrator } from './harness/extra-orchestrator';
import { type Behaviour, type Cohort, FleetTraffic } from './harness/fleet-traffic';
import { PatakaProcess } from './harness/pataka-process';
import { Stack } from './harness/stack';
import { countOf, randomFrom, seedOfRun, until } from './harness/waiting';

// The long form: PATAKA_ROLLOUT_KILLS=100 npx jest apps/e2e/src/rollouts.e2e.spec.ts
const kills = countOf('PATAKA_ROLLOUT_KILLS', 2);
const WEEKS = 11;
const PER_KILL_MS = 20_000;
const DAY = 86_400_000;
const WEEK = 7 * DAY;
const ARM = 150;
const stack = Stack.start(['kafka', 'postgres']);

type Json<T> = T & Record<string, unknown>;
type Running = Json<Experiment> & { results?: ExperimentResults };

/** A Monday at ten in India, long enough ago for all weeks to have been. */
const START = (() => {
  const day = Math.floor((Date.now() - (WEEKS + 3) * WEEK) / DAY);
  return (day - ((day + 3) % 7)) * DAY + 4.5 * 3_600_000;
})();
const instant = (at: number): string => new Date(at).toISOString();
const afterDays = (days: number): string => instant(START + days * DAY);

const HINDI = ['control', 'ml_v2_hindi'];
const driver = (treatment: boolean, retention: number): Behaviour => ({
  driver_retention: { share: retention }, driver_satisfaction: { mean: 4.7 }, driver_score: { mean: treatment ? 72 : 60 }, ...(treatment ? { language_engagement: { share: 0.9 } } : {}),
});
const drivers = (retention: number, does: (treatment: boolean) => Behaviour = (treatment) => driver(treatment, retention)): Cohort[] => HINDI.map((variant, index) => ({ variant, subjects: ARM, does: does(index === 1) }));
const without = (metric: string, behaviour: Behaviour): Behaviour => Object.fromEntries(Object.entries(behaviour).filter(([name]) => name !== metric));
const routes = (): Cohort[] => ['control', 'traffic_aware', 'ai_advanced', 'hybrid'].map((variant) => ({
  variant, subjects: ARM, does: { fuel_km_per_l: { mean: variant === 'ai_advanced' ? 4.6 : 4 }, trip_minutes: { mean: variant === 'ai_advanced' ? 90 : 100 }, customer_satisfaction: { mean: 4.3 }, accidents: { share: 0.02 } },
}));

/** One experiment of the story: what its subjects do week by week, and what has to be decided. */
interface Story { name: string; key: string; week(week: number): Cohort[] | null; expected: string[] }

const HINDI_STEPS = [5, 15, 25, 35, 45, 55, 65, 75, 85, 95, 100];
const ROUTE_STEPS = [15, 30, 50, 75];
const advances = (steps: readonly number[], count: number): string[] => steps.slice(1, count + 1).map((percentage, index) => `advance ${steps[index]} to ${percentage} due ${afterDays(7 * (index + 1))}`);

const stories: Story[] = [
  { name: 'a healthy run, wave by wave', key: 'hindi_driver_scoring', week: () => drivers(0.95), expected: [...advances(HINDI_STEPS, 10), `finish 100 due ${afterDays(77)}`] },
  {
    name: 'a metric that fails in the third week', key: 'hindi_failing', week: (week) => (week > 2 ? null : drivers(week === 2 ? 0.2 : 0.95)),
    expected: [...advances(HINDI_STEPS, 2), `rollBack 25 due ${afterDays(21)}`],
  },
  {
    name: 'a metric that never arrives', key: 'hindi_missing', week: (week) => (week > 3 ? null : drivers(0.95, (treatment) => without('driver_satisfaction', driver(treatment, 0.95)))),
    expected: [`hold 5 due ${afterDays(7)}`, `hold 5 due ${afterDays(8)}`, `escalate 5 due ${afterDays(21)}`, `hold 5 due ${afterDays(15)}`, `hold 5 due ${afterDays(22)}`],
  },
  { name: 'a sample ratio mismatch', key: 'hindi_mismatch', week: (week) => (week > 0 ? null : drivers(0.95).map((cohort, index) => ({ ...cohort, subjects: index === 0 ? 500 : 250 }))), expected: ['rollBack 5'] },
  { name: 'four variants in uneven steps', key: 'ai_route_optimization', week: (week) => (week > 3 ? null : routes()), expected: [...advances(ROUTE_STEPS, 3), `finish 75 due ${afterDays(28)}`] },
];

const told = ({ decision, percentage, toPercentage, due }: DecisionRecord): string =>
  [decision, percentage, ...(decision === 'advance' ? ['to', toPercentage] : []), ...(due === undefined ? [] : ['due', instant(Date.parse(due))])].join(' ');

/** How many decisions there have to be once a clock shows an instant; what evidence asks for is decided when it comes. */
const dueBy = (expected: readonly string[], at: number): number => expected.filter((one) => !one.includes('due') || Date.parse(one.slice(one.lastIndexOf(' ') + 1)) <= at).length;

stack.describe('rollouts over weeks, by two orchestrators that are killed again and again', () => {
  const directory = mkdtempSync(join(tmpdir(), 'pataka-e2e-clock-'));
  const clock = join(directory, 'clock');
  const traffic = new Map<string, FleetTraffic>();
  const random = randomFrom(seedOfRun('kills of orchestrators'));
  let pataka: PatakaProcess;
  let extra: ExtraOrchestrator;

  const setClock = (at: number): void => writeFileSync(clock, instant(at));
  const find = (key: string): Promise<Running> => pataka.admin.get<Running>(`/api/experiments/${key}`);
  const decisions = async (key: string): Promise<string[]> => {
    const { past, present } = await pataka.admin.get<Json<RolloutView>>(`/api/experiments/${key}/rollout`);
    return [...past, ...(present === null ? [] : [present])].flatMap((step) => step.decisions).map(told);
  };
  /** A command that is sent until somebody is there to answer it; its key makes it one command. */
  const command = (path: string, body: { key?: string; winnerVariantId?: string } = {}): Promise<Running> =>
    until(path, () => pataka.admin.ask<Running>('POST', path, { body, headers: { 'idempotency-key': `story:${path}:${body.key ?? ''}` }, timeoutMs: 5_000 }), 60_000);
  const decided = (story: Story, at: number): Promise<true> => until(`${story.name}: what is due at ${instant(at)}`, async () => (await decisions(story.key)).length >= dueBy(story.expected, at), 60_000);

  const kill = async (turn: number): Promise<void> => {
    await sleep(random() * 600);
    // Now the one, now the other, now both at once.
    await Promise.all([...(turn % 3 === 1 ? [] : [pataka.killService('experiment-orchestrator')]), ...(turn % 3 === 0 ? [] : [extra.killAndSpawn()])]);
  };

  const week = async (number: number): Promise<void> => {
    for (const story of stories) {
      const cohorts = story.week(number);
      if (cohorts === null) continue;
      await traffic.get(story.key)!.send(cohorts, START + number * WEEK + 6 * DAY);
    }
    for (const story of stories) {
      if (story.week(number) !== null) await until(`${story.name}: the evidence of week ${number}`, async () => traffic.get(story.key)!.isIn((await find(story.key)).results), 60_000);
    }
    // What the evidence itself asks for does not wait for the clock.
    for (const story of stories) await decided(story, START + number * WEEK);
    const at = START + (number + 1) * WEEK;
    setClock(at);
    for (let turn = Math.floor((number * kills) / WEEKS); turn < Math.floor(((number + 1) * kills) / WEEKS); turn += 1) await kill(turn);
    for (const story of stories) await decided(story, at);
  };

  const wave = async (): Promise<unknown[]> => {
    const rule = (await pataka.admin.get<Json<Flag>>('/api/flags/hindi_driver_scoring')).environments['production']?.rules[0];
    return [rule?.percentage, rule?.conditions?.at(-1)?.value];
  };

  beforeAll(async () => {
    build();
    setClock(START);
    pataka = await PatakaProcess.start({ services: true, env: { ...stack.env, PATAKA_CLOCK_FILE: clock } });
    extra = await ExtraOrchestrator.start(pataka, pataka.port + 1);
  }, 360_000);
  afterAll(async () => {
    await extra?.stop();
    await pataka?.dispose();
    rmSync(directory, { recursive: true, force: true });
    await stack.stop();
  }, 90_000);

  it('makes both examples from their files, clones of one, and starts them all', async () => {
    const files = ['hindi-driver-scoring.yaml', 'ai-route-optimization.yaml'].map((name) => join(root, 'examples/experiments', name));
    expect(pataka.cli('import', ...files)).toMatchObject({ status: 0 });
    for (const { key } of stories.slice(1, 4)) await command('/api/experiments/hindi_driver_scoring/clone', { key });
    for (const { key } of stories) {
      const { id } = await until(`${key} has its flag`, async () => {
        const found = await find(key);
        return found.linked && found;
      });
      traffic.set(key, new FleetTraffic(pataka.server, id));
      expect(await command(`/api/experiments/${key}/start`)).toMatchObject({ status: 'ACTIVE', startedAt: instant(START) });
    }
    const { planned } = await pataka.admin.get<Json<RolloutView>>('/api/experiments/hindi_driver_scoring/rollout');
    expect(planned.map(({ percentage, at }) => [percentage, at])).toEqual(HINDI_STEPS.slice(1).map((percentage, index) => [percentage, afterDays(7 * (index + 1))]));
  }, 120_000);

  it(`takes every step once and on its day over ${WEEKS} weeks and ${kills} kills`, async () => {
    const waves = new Map<number, unknown[]>();
    for (let number = 0; number < WEEKS; number += 1) {
      await week(number);
      const step = HINDI_STEPS[Math.min(number + 1, WEEKS - 1)];
      waves.set(number, await until(`the rule at ${step}%`, async () => {
        const reached = await wave();
        return reached[0] === step && reached;
      }));
      if (number === 3) {
        await command('/api/experiments/hindi_missing/complete');
        await command('/api/experiments/ai_route_optimization/complete', { winnerVariantId: 'ai_advanced' });
      }
    }
    await command('/api/experiments/hindi_driver_scoring/complete', { winnerVariantId: 'ml_v2_hindi' });
    expect(Object.fromEntries(await Promise.all(stories.map(async ({ name, key }) => [name, await decisions(key)])))).toEqual(Object.fromEntries(stories.map(({ name, expected }) => [name, expected])));
    expect([waves.get(0), waves.get(1), waves.get(3)]).toEqual([[15, ['north']], [25, ['north', 'west']], [45, ['north', 'west', 'south']]]);
  }, 240_000 + kills * PER_KILL_MS);

  it('leaves each as it should be, for its subjects too', async () => {
    const ends = await Promise.all(stories.map(async ({ key }) => {
      const { status, outcome, winnerVariantId, rollout } = await find(key);
      return [key, status, outcome, winnerVariantId ?? null, rollout.percentage];
    }));
    expect(ends).toEqual([
      ['hindi_driver_scoring', 'COMPLETED', 'completed', 'ml_v2_hindi', 100], ['hindi_failing', 'COMPLETED', 'rolledBack', null, 25], ['hindi_missing', 'COMPLETED', 'completed', null, 5],
      ['hindi_mismatch', 'COMPLETED', 'rolledBack', null, 5], ['ai_route_optimization', 'COMPLETED', 'completed', 'ai_advanced', 75],
    ]);
    const context = { targetingKey: 'fleet-1', fleet_id: 'fleet-1', role: 'fleet_manager', fleet_size: 30, route_type: 'long_distance' };
    await until('the winner is served to everyone', async () => (await pataka.server.ask<{ value: unknown }>('POST', '/ofrep/v1/evaluate/flags/ai_route_optimization', { body: { context } })).value === 'ai_advanced');
    const failing = await pataka.server.ask<{ value: { algorithm: string } }>('POST', '/ofrep/v1/evaluate/flags/hindi_failing', { body: { context: { targetingKey: 'd', role: 'driver', region: 'delhi', language: 'hi', fleet_size: 30 } } });
    expect(failing.value.algorithm).toBe('rule_based');
  }, 60_000);

  it('tells people of milestones, and of the hold that nobody ended', async () => {
    const alerts = async (): Promise<Alert[]> => pataka.admin.all<Alert>('/api/alerts');
    const held = await until('the hold is told and over', async () => (await alerts()).find(({ kind, experimentKey, status }) => kind === 'rollout-held' && experimentKey === 'hindi_missing' && status === 'resolved'));
    expect(held.message.en).toContain('driver_satisfaction has no evidence');
    const milestones = async (): Promise<string[]> =>
      (await alerts()).filter(({ kind, experimentKey }) => kind === 'rollout-milestone' && experimentKey === 'hindi_driver_scoring').map(({ subject }) => subject).sort();
    await until('the last milestone', async () => (await milestones()).includes('finish'));
    expect(await milestones()).toEqual([...HINDI_STEPS.slice(1).map((_, index) => `step/${index + 1}`), 'finish'].sort());
    expect(verifyFaults(pataka)).toEqual([]);
  }, 120_000);
});
