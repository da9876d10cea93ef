import type { DecisionRecord, Experiment, MetricDefinition } from '@pataka/contracts';
import fc from 'fast-check';
import { banditOf, independentChances, playBandit, resultsOf, START, type Tally } from './bandit-testing';
import { decideWeights, firstReweighAt, reweighDue, wholeBuckets } from './reweigh';

const DAY_MS = 86_400_000;
const at = (days: number): string => new Date(START + days * DAY_MS).toISOString();
const look = (tallies: readonly Tally[], { experiment = banditOf(tallies.length), days = 2, direction = 'increase' as 'increase' | 'decrease', ok = true }: { experiment?: Experiment; days?: number; direction?: 'increase' | 'decrease'; ok?: boolean } = {}): DecisionRecord =>
  decideWeights({ experiment, results: resultsOf(tallies, ok), definitions: new Map<string, MetricDefinition>([['booked', { key: 'booked', type: 'conversion', direction }]]), now: at(days) });
const enough: Tally[] = [{ n: 400, x: 40 }, { n: 400, x: 60 }];

describe('a bandit', () => {
  it('moves its weights to the chance of being best, and records both with what they rest on', () => {
    const decision = look(enough);
    const [control, other] = independentChances([{ a: 41, b: 361 }, { a: 61, b: 341 }]);
    expect(decision).toMatchObject({ decision: 'reweigh', evidence: { name: 'evidence' }, reasons: ['evidence'] });
    expect(Math.abs(decision.probabilities!['v0']! - control!)).toBeLessThan(1e-6);
    expect(Math.abs(decision.weights!['v1']! - (0.05 + 0.9 * other!))).toBeLessThan(1.1e-5);
    expect(decision.sentence.en).toContain('v1 is the best with a chance of 98');
  });

  it.each<[string, Tally[], Parameters<typeof look>[1], string]>([
    ['before a whole day has passed', enough, { days: 0.99 }, 'burn-in'],
    ['before every arm has its subjects', [{ n: 99, x: 10 }, { n: 400, x: 60 }], {}, 'burn-in'],
    ['without evidence on an arm', [{ n: 0, x: 0 }, { n: 400, x: 60 }], {}, 'evidence-missing'],
    ['where the subjects contradict the weights', enough, { ok: false }, 'sample-ratio-mismatch'],
    ['without a success metric', enough, { experiment: banditOf(2, { successMetrics: [] }) }, 'no-success-metric'],
  ])('keeps its weights %s', (_when, tallies, setting, reason) => {
    expect(look(tallies, setting)).toMatchObject({ decision: 'reweigh', reasons: [reason], weights: { v0: 0.5, v1: 0.5 } });
  });

  it('keeps its weights without any results, and where they would hardly move', () => {
    expect(decideWeights({ experiment: banditOf(2), results: null, definitions: new Map(), now: at(2) })).toMatchObject({ decision: 'reweigh', reasons: ['evidence-missing'], evidence: null, weights: { v0: 0.5 } });
    expect(look([{ n: 400, x: 40 }, { n: 400, x: 40 }])).toMatchObject({ decision: 'reweigh', reasons: ['unchanged'], weights: { v0: 0.5 } });
  });

  it('looks for the least where less is better', () => {
    expect(look(enough, { direction: 'decrease' }).weights!['v0']).toBeCloseTo(look(enough).weights!['v1']!, 6);
  });

  it('takes priors, a floor and an algorithm of its own', () => {
    const settings = { priors: { v0: { a: 50, b: 50 } }, floor: 0.2, algorithm: 'thompson' as const };
    const [chance] = independentChances([{ a: 90, b: 410 }, { a: 61, b: 341 }]);
    expect(look(enough, { experiment: banditOf(2, { bandit: settings }) }).weights!['v0']).toBeCloseTo(0.2 + 0.6 * chance!, 4);
  });

  it('gives every arm its floor, and all of the buckets to somebody', () => {
    const tally = fc.integer({ min: 100, max: 5000 }).chain((n) => fc.record({ n: fc.constant(n), x: fc.integer({ min: 0, max: n }) }));
    fc.assert(fc.property(fc.array(tally, { minLength: 2, maxLength: 5 }), (tallies) => {
      const { weights = {}, reasons } = look(tallies);
      if (reasons[0] !== 'evidence') return;
      expect(Object.values(weights).reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
      for (const weight of Object.values(weights)) expect(weight).toBeGreaterThanOrEqual(0.05 - 1e-5);
    }), { numRuns: 30 });
  });

  it('is decided when it is due, and next an interval later, however late somebody looks', () => {
    const experiment = banditOf(2);
    const { nextReweighAt } = firstReweighAt(experiment, START);
    expect(nextReweighAt).toBe(at(1));
    const due = { ...experiment, rollout: { ...experiment.rollout, nextReweighAt: at(1) } };
    const world = (days: number) => ({ now: at(days), results: resultsOf(enough), definitions: new Map() });
    expect(reweighDue(due, world(0.99))).toBeNull();
    expect(reweighDue(due, world(1))).toMatchObject({ type: 'Decide', decided: { record: { decision: 'reweigh', due: at(1) } }, nextReweighAt: at(2) });
    expect(reweighDue(due, world(3.5))).toMatchObject({ nextReweighAt: at(4) });
    expect(reweighDue({ ...due, status: 'PAUSED' }, world(3))).toBeNull();
    expect(firstReweighAt({ ...experiment, type: 'AB_TEST' }, START)).toEqual({});
  });

  it('fills all buckets with whole ones', () => {
    expect(wholeBuckets([1 / 3, 1 / 3, 1 / 3])).toEqual([0.33334, 0.33333, 0.33333]);
  });
});

// Both problems: A. Garivier, O. Cappé, "The KL-UCB Algorithm for Bounded Stochastic Bandits and Beyond", COLT 2011, section 6.
describe('on a published problem', () => {
  const two = { rates: [0.9, 0.8], days: 10, perDay: 500, settings: { floor: 0.02 } };
  const ten = { rates: [0.1, 0.05, 0.05, 0.05, 0.02, 0.02, 0.02, 0.01, 0.01, 0.01], days: 8, perDay: 2_000, settings: { floor: 0.01 } };

  it.each([['two arms', two, [1, 2, 3, 4, 5, 6, 7, 8], 0.4], ['ten arms of low rewards', ten, [1, 2, 3], 0.75]])('of %s, it loses less than equal shares do', (_name, problem, seeds, most) => {
    const losses = seeds.map((seed) => [playBandit({ ...problem, seed }).regret, playBandit({ ...problem, seed }, true).regret] as const);
    for (const [bandit, equal] of losses) expect(bandit).toBeLessThan(equal);
    const total = (which: 0 | 1): number => losses.reduce((sum, loss) => sum + loss[which], 0);
    expect(total(0) / total(1)).toBeLessThan(most);
  });

  it('records probabilities that an independent quadrature confirms to 1e-6', () => {
    for (const problem of [two, ten]) {
      const { looks } = playBandit({ ...problem, days: 3, seed: 11 });
      const recorded = looks.filter(({ probabilities }) => probabilities !== undefined);
      expect(recorded.length).toBeGreaterThan(0);
      for (const { tallies, probabilities } of recorded) {
        const expected = independentChances(tallies.map(({ n, x }) => ({ a: 1 + x, b: 1 + n - x })));
        expected.forEach((chance, arm) => expect(Math.abs(probabilities![`v${arm}`]! - chance)).toBeLessThan(1e-6));
      }
    }
  });
});
