import type { ExperimentResults } from '@pataka/contracts';
import { historyFaults, reportFaults } from './checks';
import type { AcknowledgedSubject } from './ledger';

const acknowledged = [{ flag: 'a', reason: 'one', version: 1 }, { flag: 'a', reason: 'two', version: 2 }];

describe('historyFaults', () => {
  it('finds nothing in a history of exactly what was acknowledged', () => {
    expect(historyFaults('a', acknowledged, [{ version: 1, reason: 'one' }, { version: 2, reason: 'two' }])).toEqual([]);
  });
  it.each([
    ['a lost change', [{ version: 1, reason: 'one' }], /is lost/],
    ['a change that was made twice', [{ version: 1, reason: 'one' }, { version: 2, reason: 'two' }, { version: 3, reason: 'two' }], /is there 2 times/],
    ['a change that nobody asked for', [{ version: 1, reason: 'one' }, { version: 2, reason: 'two' }, { version: 3 }], /3 changes in the history, 2 were acknowledged/],
    ['a gap', [{ version: 1, reason: 'one' }, { version: 3, reason: 'two' }], /stands at place 2/],
    ['another order', [{ version: 1, reason: 'two' }, { version: 2, reason: 'one' }], /acknowledged as version 1, is 2/],
  ])('finds %s', (_what, history, fault) => {
    expect(historyFaults('a', acknowledged, history).join('\n')).toMatch(fault);
  });
});

const subject = (variant: string, more: Partial<AcknowledgedSubject> = {}): AcknowledgedSubject => ({ variant, exposed: true, done: false, km: [], ...more });
const arm = (variantId: string, sampleSize: number, km: number, done: number): ExperimentResults['variants'][number] => {
  const metric = (mean: number): ExperimentResults['variants'][number]['metrics'][string] => ({ mean, standardError: null, confidenceInterval: null, sampleSize });
  return { variantId, variantName: variantId, isControl: variantId === 'control', sampleSize, conversionRate: done, metrics: { trip_km: metric(km), trip_done: metric(done) } };
};
const report = (...variants: ExperimentResults['variants']): ExperimentResults => ({ variants, excluded: { multipleVariants: 0 } }) as unknown as ExperimentResults;

describe('reportFaults', () => {
  const subjects = [subject('control', { km: [1, 2] }), subject('control', { done: true }), subject('ai', { km: [7] }), subject('', { exposed: false, km: [9] })];
  it('finds nothing in a report of exactly what was acknowledged', () => {
    expect(reportFaults(subjects, report(arm('control', 2, 1.5, 0.5), arm('ai', 1, 7, 0)))).toEqual([]);
  });
  it.each([
    ['a lost subject', report(arm('control', 1, 3, 0), arm('ai', 1, 7, 0)), /1 subjects reported, 2 acknowledged/],
    ['a conversion counted twice', report(arm('control', 2, 1.5, 0.5), arm('ai', 1, 14, 0)), /ai: trip_km has mean 14/],
    ['a lost conversion', report(arm('control', 2, 1.5, 0), arm('ai', 1, 7, 0)), /control: trip_done has mean 0/],
    ['an excluded subject', { ...report(arm('control', 2, 1.5, 0.5), arm('ai', 1, 7, 0)), excluded: { multipleVariants: 1 } }, /1 subjects are excluded/],
  ])('finds %s', (_what, results, fault) => {
    expect(reportFaults(subjects, results).join('\n')).toMatch(fault);
  });
});
