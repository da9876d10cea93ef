import type { MetricDefinition } from '@pataka/contracts';
import { experimentOf } from '../alerts/alert-testing';
import { ONE } from '../evidence/fixed-point';
import type { ReportInput } from '../results/report';
import type { SumRow } from '../results/sums';
import { overviewOf } from './overview';

const TODAY = 20_500;
const revenue: MetricDefinition = { key: 'revenue', type: 'mean', unit: 'INR' };
interface Sums { axis: SumRow['axis']; variant: string; metric: string; day: number; n: number; y?: bigint; yy?: bigint }
const row = ({ y = 0n, yy = 0n, ...sums }: Sums): SumRow => ({ phase: 1, x: 0n, xx: 0n, xy: 0n, y, yy, ...sums });

/** Half of the subjects pay twice the mean, the others nothing. */
const paid = (variant: string, day: number, n: number, mean: number): SumRow[] => [
  row({ axis: 'exposed', variant, metric: '', day, n }),
  ...(['exposed', 'happened'] as const).flatMap((axis) => ['buy', 'revenue'].map((metric) => {
    const each = metric === 'buy' ? 1n : BigInt(2 * mean);
    return row({ axis, variant, metric, day, n: n / 2, y: BigInt(n / 2) * each * ONE, yy: BigInt(n / 2) * each * each * ONE * ONE });
  })),
];

const inputOf = (rows: SumRow[], metrics: readonly MetricDefinition[]): ReportInput => ({
  experiment: experimentOf({ successMetrics: ['buy', ...metrics.map(({ key }) => key)], safetyMetrics: [] }), catalogue: new Map(metrics.map((metric) => [metric.key, metric])), rows,
  values: new Map(), corrections: [], segments: [], newest: TODAY * 86_400_000_000, offsets: {},
});
const rows = [...paid('control', TODAY - 1, 1000, 100), ...paid('treatment', TODAY - 1, 1000, 110), ...paid('treatment', TODAY, 200, 110)];

describe('an overview', () => {
  it('tells what a treatment has earned: its effect on a subject, times its subjects, with an interval', () => {
    const { revenue: [impact] } = overviewOf(inputOf(rows, [revenue]), TODAY);
    expect(impact).toMatchObject({ variantId: 'treatment', metric: 'revenue', unit: 'INR', subjects: 1200 });
    expect(impact!.perSubject).toBeCloseTo(10, 9);
    expect(impact!.total).toBeCloseTo(12_000, 6);
    expect(impact!.totalInterval![0]).toBeCloseTo(impact!.interval![0] * 1200, 6);
    expect(impact!.interval![0]).toBeLessThan(10);
    expect(impact!.interval![1]).toBeGreaterThan(10);
  });

  it('says why where no rupees can be told', () => {
    expect(overviewOf(inputOf(rows, []), TODAY).revenue).toMatchObject([{ total: null, reason: 'the experiment has no metric in rupees' }]);
    expect(overviewOf(inputOf([], [revenue]), TODAY).revenue).toMatchObject([{ perSubject: null, total: null, reason: 'insufficient_data' }]);
  });

  it('counts the subjects of the day apart', () => {
    const { variants } = overviewOf(inputOf(rows, [revenue]), TODAY);
    expect(variants.map(({ variantId, share, today }) => [variantId, share, today])).toEqual([
      ['control', 1000 / 2200, { subjects: 0, converted: 0, rate: null }], ['treatment', 1200 / 2200, { subjects: 200, converted: 100, rate: 0.5 }]]);
  });
});
