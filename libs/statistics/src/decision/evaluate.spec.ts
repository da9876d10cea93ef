import type { DecisionInput } from './evaluate';
import { DEFAULT_CRITERIA, evaluateDecision } from './evaluate';

const good: DecisionInput = {
  samplesPerVariant: [3000, 2900],
  pValue: 0.002,
  lift: 0.11,
  higherIsBetter: true,
  guardrails: ['pass'],
  srmPValue: 0.4,
  horizonReached: false,
  criteria: DEFAULT_CRITERIA,
};

describe('a decision', () => {
  it.each<[string, Partial<DecisionInput>, string, string[]]>([
    ['ships a significant, large and safe gain', {}, 'ship', []],
    ['is invalid on a wrong split, whatever else holds', { srmPValue: 0.0009, guardrails: ['fail'] }, 'invalid', ['srm']],
    ['rolls back on a failed guardrail before there is data', { guardrails: ['fail'], samplesPerVariant: [5, 5] }, 'rollback', ['guardrail_failed']],
    ['continues below the minimum of users', { samplesPerVariant: [999, 5000] }, 'continue', ['insufficient_samples']],
    ['rolls back on significant harm', { lift: -0.01 }, 'rollback', ['significant_harm']],
    ['takes a fall as a gain when lower is better', { lift: -0.11, higherIsBetter: false }, 'ship', []],
    ['continues without significance', { pValue: 0.2 }, 'continue', ['not_significant']],
    ['is inconclusive at the horizon', { pValue: 0.2, horizonReached: true }, 'inconclusive', ['not_significant']],
    ['takes p of exactly 0.05 as not significant', { pValue: 0.05 }, 'continue', ['not_significant']],
    ['takes a missing p as not significant', { pValue: null }, 'continue', ['not_significant']],
    ['holds an effect of exactly the minimum', { lift: 0.05 }, 'hold', ['effect_below_minimum']],
    ['holds with every reason', { lift: 0.01, guardrails: ['inconclusive'] }, 'hold', ['effect_below_minimum', 'guardrail_inconclusive']],
  ])('%s', (_title, change, decision, reasons) => {
    expect(evaluateDecision({ ...good, ...change })).toEqual({ decision, reasons });
  });
});
