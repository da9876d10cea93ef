import { crossingProbabilities, groupSequentialBounds } from './group-sequential';
import { asymptoticConfidenceSequence, oneSidedConfidenceSequence } from './confidence-sequence';
import { msprt, msprtPath } from './msprt';

const evenly = (looks: number): number[] => Array.from({ length: looks }, (_, index) => (index + 1) / looks);

describe('group-sequential bounds', () => {
  it("are ld98's for five looks of O'Brien-Fleming type (ldbounds manual)", () => {
    const { bounds } = groupSequentialBounds({ alpha: 0.05, information: evenly(5), spending: 'obf', sides: 2 });
    for (const [index, want] of [4.8769, 3.357, 2.6803, 2.2898, 2.031].entries()) {
      expect(Math.abs((bounds[index] ?? 0) - want)).toBeLessThan(6e-5);
    }
  });

  it.each(['obf', 'pocock', 'power', 'hsd'] as const)('spend alpha as planned without an effect: %s', (spending) => {
    const information = [0.2, 0.35, 0.7, 1];
    const { bounds, spent } = groupSequentialBounds({ alpha: 0.05, information, spending, param: 2, sides: 2 });
    const { total } = crossingProbabilities({ bounds, information, drift: 0 });
    for (const [look, alpha] of spent.entries()) expect(total[look]).toBeCloseTo(alpha, 12);
  });

  it('are the fixed test with a single look', () => {
    const { bounds } = groupSequentialBounds({ alpha: 0.05, information: [1], spending: 'pocock', sides: 2 });
    expect(bounds[0]).toBeCloseTo(1.959963984540054, 12);
  });

  it('show what peeking costs (Armitage, McPherson, Rowe 1969)', () => {
    for (const [looks, want] of [[2, 0.083], [5, 0.142], [10, 0.193], [20, 0.248]] as const) {
      const bounds = evenly(looks).map(() => 1.959963984540054);
      const { total } = crossingProbabilities({ bounds, information: evenly(looks), drift: 0 });
      expect(Math.abs((total.at(-1) ?? 0) - want)).toBeLessThan(5e-4);
    }
  });

  it('hold for looks that follow each other closely', () => {
    const information = [0.5, 0.502, 1];
    const { bounds } = groupSequentialBounds({ alpha: 0.05, information, spending: 'hsd', param: -4, sides: 2 });
    const { total } = crossingProbabilities({ bounds, information, drift: 0 });
    expect(total.at(-1)).toBeCloseTo(0.05, 10);
  });
});

describe('confidence sequences', () => {
  const look = { estimate: 0.05, se: 0.01, n: 12_000, nTune: 10_000, alpha: 0.05 };

  it('exclude 0 exactly when p is below alpha', () => {
    for (const estimate of [0.005, 0.02, 0.029, 0.031, 0.05]) {
      const { ci, pValue } = asymptoticConfidenceSequence({ ...look, estimate });
      expect((ci?.[0] ?? 0) > 0).toBe((pValue ?? 1) < 0.05);
    }
  });

  it('of one side are bounds where their p is alpha', () => {
    const { halfWidth } = oneSidedConfidenceSequence({ ...look, alternative: 'greater' });
    const atBound = oneSidedConfidenceSequence({ ...look, estimate: halfWidth ?? 0, alternative: 'greater' });
    expect(atBound.pValue).toBeCloseTo(0.05, 12);
    expect(oneSidedConfidenceSequence({ ...look, alternative: 'less' }).pValue).toBe(1);
  });

  it('keep tiny p-values', () => {
    const { pValue } = oneSidedConfidenceSequence({ ...look, estimate: 0.3, alternative: 'greater' });
    expect(pValue).toBeGreaterThan(0);
    expect(pValue).toBeLessThan(1e-150);
  });

  it('are the mixture test with its width fixed in effect units', () => {
    const sequence = asymptoticConfidenceSequence(look);
    const tau = (sequence.rho ?? 0) * look.se * Math.sqrt(look.n);
    const mixture = msprt({ estimate: look.estimate, se: look.se, tau, alpha: 0.05 });
    expect(mixture.halfWidth).toBeCloseTo(sequence.halfWidth ?? 0, 12);
    expect(mixture.logLambda).toBeCloseTo(sequence.logE ?? 0, 10);
  });

  it('say why there is nothing to say', () => {
    expect(asymptoticConfidenceSequence({ ...look, se: 0 }).status).toBe('zero_variance');
    expect(asymptoticConfidenceSequence({ ...look, n: 0 }).status).toBe('insufficient_data');
  });

  it('publish the running minimum', () => {
    const looks = [{ estimate: 0.01, se: 0.02 }, { estimate: 0.06, se: 0.01 }, { estimate: 0.01, se: 0.01 }];
    const { pValues } = msprtPath({ looks, tau: 0.05 });
    expect(pValues[2]).toBe(pValues[1]);
    expect(pValues[1]).toBeLessThan(pValues[0] ?? 0);
  });
});
