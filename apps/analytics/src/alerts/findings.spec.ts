import type { AlertKind } from '@pataka/contracts';
import { experimentOf, findingsFor, type Counts } from './alert-testing';
import type { Finding } from './findings';

const of = (findings: readonly Finding[], kind: AlertKind): Finding[] => findings.filter((finding) => finding.kind === kind);
const signs = (findings: readonly Finding[], kind: AlertKind): string[] => of(findings, kind).map(({ subject, sign }) => `${subject} ${sign}`);
const both = (n: number, control: number, treatment: number): Counts => ({ control: { n, buy: control }, treatment: { n, buy: treatment } });

describe('a conversion drop', () => {
  it.each([
    ['is up where even the bound is more than 20% worse', both(5000, 2000, 1200), 'up'],
    ['waits where the estimate is worse by more than 20% and the bound is not', both(500, 200, 150), 'between'],
    ['is none where less than 20% is lost', both(50_000, 20_000, 17_000), 'down'],
    ['is none where something is gained', both(5000, 1200, 2000), 'down'],
  ])('%s', (_name, counts, sign) => {
    expect(signs(findingsFor(counts), 'conversion-drop')).toEqual([`treatment/buy ${sign}`]);
  });

  it.each([
    ['fewer subjects than the minimum', both(99, 60, 10), {}],
    ['fewer than ten conversions of control', both(5000, 9, 0), {}],
    ['fewer subjects than the rules ask for', both(5000, 2000, 1200), { minimumSample: 5001 }],
  ])('is not judged with %s', (_name, counts, rules) => {
    expect(of(findingsFor(counts, { rules }), 'conversion-drop')).toEqual([]);
  });

  it('knows which way is worse', () => {
    const decrease = { metrics: [{ key: 'buy', direction: 'decrease' as const }] };
    expect(signs(findingsFor(both(5000, 1200, 2000), decrease), 'conversion-drop')).toEqual(['treatment/buy up']);
    expect(signs(findingsFor(both(5000, 2000, 1200), decrease), 'conversion-drop')).toEqual(['treatment/buy down']);
  });

  it('is judged by the limit that the rules set', () => {
    expect(signs(findingsFor(both(50_000, 20_000, 17_000), { rules: { dropPercent: 10 } }), 'conversion-drop')).toEqual(['treatment/buy up']);
  });

  it('tells its numbers, in English and in Hindi', () => {
    const [finding] = of(findingsFor(both(5000, 2000, 1200)), 'conversion-drop');
    expect(finding).toMatchObject({ severity: 'critical', variantId: 'treatment', metric: 'buy', evidence: { control: 0.4, treatment: 0.24, limit: 0.2, treatmentSubjects: 5000 } });
    expect(finding!.message).toEqual({
      en: '"buy" of variant "treatment" is 40% worse than control\'s: 0.24 against 0.4.',
      hi: 'वैरिएंट "treatment" में "buy" कंट्रोल से 40% ख़राब है: 0.4 के मुक़ाबले 0.24।',
    });
  });

  it('is judged against the window before where that is asked for, for control too', () => {
    const window = (variantId: string, before: number, now: number) => ({ variantId, from: '2026-01-08', before: { subjects: 5000, converted: before }, now: { subjects: 5000, converted: now } });
    const found = findingsFor(both(10_000, 4000, 4000), { rules: { dropAgainst: 'previous-window' }, windows: [window('control', 2000, 1990), window('treatment', 2000, 1000)] });
    expect(signs(found, 'conversion-drop')).toEqual(['control/buy/window down', 'treatment/buy/window up']);
  });
});

describe('the other alerts', () => {
  it('significance: up below alpha, whichever way, and down once it is far from it', () => {
    expect(signs(findingsFor(both(5000, 1000, 1500)), 'significance-reached')).toEqual(['treatment/buy up']);
    expect(of(findingsFor(both(5000, 1000, 1500)), 'significance-reached')[0]).toMatchObject({ severity: 'info' });
    expect(of(findingsFor(both(5000, 1500, 1000)), 'significance-reached')[0]).toMatchObject({ severity: 'warning', sign: 'up' });
    expect(signs(findingsFor(both(5000, 1000, 1001)), 'significance-reached')).toEqual(['treatment/buy down']);
  });

  it('sample goal: a thousand a variant unless the plan or the rules say otherwise', () => {
    expect(signs(findingsFor(both(1000, 400, 400)), 'sample-goal-reached')).toEqual(['every-variant up']);
    expect(signs(findingsFor({ control: { n: 1000, buy: 400 }, treatment: { n: 999, buy: 400 } }), 'sample-goal-reached')).toEqual(['every-variant down']);
    expect(signs(findingsFor(both(1000, 400, 400), { experiment: experimentOf({ plan: { dailySubjects: 500, horizonDays: 28 } }) }), 'sample-goal-reached')).toEqual(['every-variant down']);
    expect(signs(findingsFor(both(1000, 400, 400), { rules: { sampleGoal: 1001 } }), 'sample-goal-reached')).toEqual(['every-variant down']);
  });

  it('errors: more than control’s, beyond chance', () => {
    const errors = (control: number, treatment: number): Counts => ({ control: { n: 5000, buy: 500, error: control }, treatment: { n: 5000, buy: 500, error: treatment } });
    expect(signs(findingsFor(errors(50, 150)), 'error-rate')).toEqual(['treatment/error up']);
    expect(signs(findingsFor(errors(150, 50)), 'error-rate')).toEqual(['treatment/error down']);
    expect(of(findingsFor(errors(2, 5)), 'error-rate')).toEqual([]);
  });

  it('sample ratio: up where the split cannot be chance', () => {
    expect(signs(findingsFor({ control: { n: 5000, buy: 500 }, treatment: { n: 4000, buy: 400 } }), 'sample-ratio-mismatch')).toEqual(['split up']);
    expect(signs(findingsFor(both(5000, 500, 500)), 'sample-ratio-mismatch')).toEqual(['split down']);
  });

  it('says nothing of kinds that are muted, and nothing at all breaks on no evidence', () => {
    const rules = { muted: ['sample-ratio-mismatch', 'significance-reached'] as AlertKind[] };
    expect(findingsFor({ control: { n: 5000, buy: 500 }, treatment: { n: 4000, buy: 800 } }, { rules }).filter(({ kind }) => rules.muted.includes(kind))).toEqual([]);
    expect(findingsFor({}).filter(({ sign }) => sign === 'up')).toEqual([]);
  });
});
