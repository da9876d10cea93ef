import type { Experiment, MetricDefinition } from '@pataka/contracts';
import fc from 'fast-check';
import { reportCsv } from './report-csv';
import { experimentOf, inputOf, START, whole } from './report-testing';
import type { SegmentRow, SumRow } from './sums';
import { timelineOf } from './timeline';

const metrics: MetricDefinition[] = [
  { key: 'rate', cuped: true }, { key: 'mean', type: 'mean', cuped: true, maturityHours: 24 }, { key: 'ratio', type: 'ratio', direction: 'decrease' }, { key: 'middle', type: 'quantile', quantile: 0.9 },
  { key: 'member', type: 'mean', per: 'member' }, { key: 'guard', margin: { absolute: 0.01 }, direction: 'decrease' }, { key: 'converted', type: 'mean', population: 'converted' },
];
const factors = [{ name: 'a', levels: [0, 1] }, { name: 'b', levels: [0, 1] }];
const variants = ['control', 'second', 'third', 'fourth'].map((id, index) => ({ id, weight: 0.25, config: { a: index >> 1, b: index & 1 }, isControl: index === 0 }));
const phases = [1, 2].map((phase) => ({ phase, from: `2026-03-0${phase}T00:00:00Z`, weights: Object.fromEntries(variants.map(({ id }) => [id, 0.25])) }));

/** What a few subjects with values like these would be summed to: any such sums are of possible data. */
const subject = fc.record({ y: fc.constantFrom(0n, 0n, 1_000_000n, -2_500_000n, 10n ** 18n), x: fc.constantFrom(0n, 1_000_000n, 3_000_000n), before: fc.option(fc.constantFrom(0n, 1_000_000n, 7n), { nil: null }), converted: fc.boolean() });
const cell = fc.record({ variant: fc.constantFrom(...variants.map(({ id }) => id)), day: fc.nat(5), phase: fc.constantFrom(1, 2), subjects: fc.array(subject, { minLength: 1, maxLength: 8 }), copies: fc.constantFrom(1, 2, 50, 400) });

type Cell = { variant: string; day: number; phase: number; subjects: readonly { y: bigint; x: bigint; before: bigint | null; converted: boolean }[]; copies: number };

const summed = (pairs: readonly (readonly [bigint, bigint])[], copies: number): Pick<SumRow, 'n' | 'y' | 'yy' | 'x' | 'xx' | 'xy'> => {
  const total = (of: (pair: readonly [bigint, bigint]) => bigint): bigint => pairs.reduce((sum, pair) => sum + of(pair), 0n) * BigInt(copies);
  return { n: pairs.length * copies, y: total(([y]) => y), yy: total(([y]) => y * y), x: total(([, x]) => x), xx: total(([, x]) => x * x), xy: total(([y, x]) => x * y) };
};

const rowsOf = ({ variant, day, phase, subjects, copies }: Cell): SumRow[] => {
  const place = { variant, day: START + day, phase };
  const converted = subjects.filter((one) => one.converted);
  const both = (metric: string, sums: ReturnType<typeof summed>, more: '' | '-before' = ''): SumRow[] =>
    (['exposed', 'happened'] as const).map((axis): SumRow => ({ ...place, axis: `${axis}${more}` as SumRow['axis'], metric, ...sums })).filter(({ n }) => n > 0);
  return [
    { ...place, axis: 'exposed', metric: '', ...summed([], 1), n: subjects.length * copies },
    ...metrics.flatMap(({ key, type = 'conversion' }) => both(key, summed((key === 'member' ? subjects : converted).map(({ y, x }): [bigint, bigint] => [type === 'conversion' ? 1_000_000n : y, key === 'member' ? x + 1_000_000n : type === 'ratio' ? x : 0n]), copies))),
    ...['rate', 'mean'].flatMap((key) => both(key, summed(subjects.flatMap((one): [bigint, bigint][] => (one.before === null ? [] : [[one.converted ? (key === 'rate' ? 1_000_000n : one.y) : 0n, one.before]])), copies), '-before')),
  ];
};

const segmentRows = (cells: readonly Cell[]): SegmentRow[] => cells.flatMap((one, index) => rowsOf(one).filter(({ axis, metric }) => axis === 'exposed' && metric !== 'middle')
  .map((row) => ({ ...row, day: 0, attribute: 'region', value: `v${index % 3}` })));

const noNaN = (value: unknown, path = ''): void => {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new Error(`${path} is ${value}`);
  if (typeof value === 'object' && value !== null) for (const [name, member] of Object.entries(value)) noNaN(member, `${path}/${name}`);
};

const kinds: Partial<Experiment>[] = [{}, { type: 'MULTIVARIATE', factors }, { type: 'BANDITS' }, { bucketBy: 'fleet_id', plan: { horizonDays: 1, alpha: 0.1 }, startedAt: '2026-03-01T00:00:00Z' }];

describe('any evidence', () => {
  it('gives numbers or null with a reason, never NaN, in every part of the report', () => {
    fc.assert(fc.property(fc.array(cell, { maxLength: 10 }), fc.constantFrom(...kinds), (cells, kind) => {
      const experiment = experimentOf({ variants, phases, segments: ['region'], successMetrics: metrics.filter(({ key }) => key !== 'guard'), guardrailMetrics: [metrics.find(({ key }) => key === 'guard')!], safetyMetrics: ['error'], ...kind });
      const values = new Map([['middle', new Map(variants.map(({ id }) => [id, cells.filter(({ variant }) => variant === id).map(({ subjects, copies }, index): [number, number] => [index * 1.5, subjects.length * copies])]))]]);
      const input = inputOf(cells.flatMap(rowsOf), { experiment, values, segments: segmentRows(cells) });
      const report = whole(input);
      noNaN(report);
      noNaN(timelineOf(input));
      for (const comparison of report.comparisons) if (comparison.pValue === null) expect(comparison.reason).toEqual(expect.any(String));
      for (const { metrics: shown } of report.variants) for (const result of Object.values(shown)) if (result.mean === null || result.standardError === null) expect(result.reason).toEqual(expect.any(String));
      expect(reportCsv(report)).not.toMatch(/NaN|Infinity|undefined/);
    }), { numRuns: Number(process.env['PROPERTY_RUNS'] ?? 40) });
  }, 120_000);
});

describe('the table of a report', () => {
  it('quotes every text, and lets none of them be a formula', () => {
    const names = ['=HYPERLINK("http://x")', '+1', '-1', '@SUM(A1)', '\tx', 'plain, "quoted"\nname'];
    const experiment = experimentOf({ variants: names.map((name, index) => ({ id: `v${index}`, name, weight: 1 / names.length, config: index, isControl: index === 0 })) });
    const table = reportCsv(whole(inputOf([], { experiment })));
    expect(table.startsWith('experiment,period,')).toBe(true);
    for (const name of names.slice(0, 5)) expect(table).toContain(`,"'${name.replaceAll('"', '""')}",`);
    expect(table).toContain(',"plain, ""quoted""\nname",');
  });
});
