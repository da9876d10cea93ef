import type { Experiment, ExperimentResults, Strategy } from '@pataka/contracts';
import fc from 'fast-check';
import { decideDue, decideOnEvidence } from './decision';
import { after, nobodyKnows, resultsOf, startedAt } from './rollout-testing';

const START = '2026-07-06T04:30:00.000Z';
const DAY = 86_400_000;
const at = (ms: number): string => new Date(Date.parse(START) + ms).toISOString();

const strategy: fc.Arbitrary<Strategy> = fc.record({
  steps: fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 6 }).map((list) => [...list].sort((a, b) => a - b).map((percentage) => ({ percentage, duration: 'P1D' }))),
  gated: fc.boolean(), window: fc.boolean(),
}).map(({ steps, gated, window }) => ({
  type: gated ? 'AUTOMATIC' : 'GRADUAL', steps, ...(gated ? { successThresholds: { retention: 0.5 }, failureThresholds: { retention: 0.3 } } : {}),
  ...(window ? { windows: [{ days: ['MON' as const, 'WED' as const], start: '09:00', end: '12:00', timezone: 'Asia/Kolkata' }] } : {}),
}));

const evidence = fc.oneof(fc.constant(null), fc.record({ subjects: fc.integer({ min: 0, max: 3_000 }), rate: fc.double({ min: 0, max: 1, noNaN: true }), name: fc.constantFrom('retention', 'other') }))
  .map((found) => (now: string): ExperimentResults | null => (found === null ? null
    : resultsOf(Object.fromEntries(['control', 'ai'].map((id) => [id, { subjects: found.subjects, [found.name]: Math.round(found.rate * found.subjects) }])), { until: now })));

const looks = fc.array(fc.record({ wait: fc.integer({ min: 0, max: 4 * DAY }), evidence, command: fc.constantFrom('look' as const, 'look' as const, 'look' as const, 'pause' as const, 'resume' as const) }), { maxLength: 25 });

interface Seen { before: Experiment; after: Experiment; decision: string | null; results: ExperimentResults | null }

const play = (given: Strategy, steps: (typeof looks extends fc.Arbitrary<infer T> ? T : never)): Seen[] => {
  let experiment = startedAt(START, given);
  let ms = 0;
  return steps.map(({ wait, evidence: of, command }) => {
    const before = experiment;
    const now = at((ms += wait));
    const results = of(now);
    if (command === 'pause' && experiment.status === 'ACTIVE') experiment = after(experiment, { type: 'PauseExperiment', now }, now);
    if (command === 'resume' && experiment.status === 'PAUSED') experiment = after(experiment, { type: 'ResumeExperiment', now }, now);
    const world = { now, results, ...nobodyKnows };
    const decided = command === 'look' ? (decideOnEvidence(experiment, world) ?? decideDue(experiment, world)) : null;
    if (decided !== null) experiment = after(experiment, { type: 'Decide', decided }, now);
    return { before, after: experiment, decision: decided?.record.decision ?? null, results };
  });
};

describe('a rollout, whatever evidence comes and whenever it is looked at', () => {
  const always = (holds: (seen: Seen, given: Strategy) => void): void =>
    fc.assert(fc.property(strategy, looks, (given, steps) => play(given, steps).forEach((seen) => holds(seen, given))), { numRuns: 300 });

  it('never lets its percentage fall, nor passes its last step', () => {
    always(({ before, after: now }, { steps }) => {
      expect(now.rollout.percentage).toBeGreaterThanOrEqual(before.rollout.percentage);
      expect(now.rollout.percentage).toBeLessThanOrEqual(steps!.at(-1)!.percentage);
    });
  });
  it('takes one step at a time', () => always(({ before, after: now, decision }) => expect(now.rollout.step - before.rollout.step).toBe(decision === 'advance' ? 1 : 0)));
  it('never advances on missing evidence where it has thresholds', () => {
    always(({ decision, results }, { successThresholds }) => {
      if (successThresholds === undefined || (decision !== 'advance' && decision !== 'finish')) return;
      const treatment = results?.variants.find(({ variantId }) => variantId === 'ai');
      expect(treatment?.metrics['retention']?.mean).toBeGreaterThanOrEqual(0.5);
      expect(treatment!.sampleSize).toBeGreaterThanOrEqual(100);
    });
  });
  it('decides nothing while it is paused or over', () => always(({ before, decision }) => (before.status === 'ACTIVE' || before.status === 'PAUSED' ? undefined : expect(decision).toBeNull())));
  it('is over once it is rolled back', () => always(({ decision, after: now }) => (decision === 'rollBack' ? expect([now.status, now.outcome, now.rollout.dueAt]).toEqual(['COMPLETED', 'rolledBack', undefined]) : undefined)));
  it('decides a moment once', () => {
    fc.assert(fc.property(strategy, looks, evidence, (given, steps, of) => {
      const experiment = play(given, steps).at(-1)?.after ?? startedAt(START, given);
      const now = at(200 * DAY);
      const world = { now, results: of(now), ...nobodyKnows };
      const decided = decideDue(experiment, world);
      if (decided === null || decided.record.decision === 'escalate') return;
      expect(decideDue(after(experiment, { type: 'Decide', decided }, now), world)).toBeNull();
    }), { numRuns: 300 });
  });
});
