import type { Experiment, MetricDefinition } from '@pataka/contracts';
import { unitsOf } from '../evidence/fixed-point';
import { parseDay, parseInstant } from '../evidence/instant';
import { wholePeriod } from './period';
import { reportOf, type ReportInput } from './report';
import type { SumRow } from './sums';

export const START = parseDay('2026-03-01')!;

export const experimentOf = (more: Partial<Experiment> = {}): Experiment => ({
  id: 'exp', key: 'exp-key', version: 1, status: 'ACTIVE', type: 'AB_TEST', environment: 'production', flagKey: 'exp', strategy: { type: 'FIXED' }, linked: true, phase: 1,
  phases: [{ phase: 1, from: '2026-03-01T00:00:00Z', weights: { control: 0.5, treatment: 0.5 } }], rollout: { percentage: 100, step: 0, nextStepAt: null },
  variants: [{ id: 'control', name: 'Control', weight: 0.5, config: false, isControl: true }, { id: 'treatment', name: 'Treatment', weight: 0.5, config: true }],
  successMetrics: ['buy'], guardrailMetrics: [], safetyMetrics: ['error'], createdBy: 'test', createdAt: '2026-03-01T00:00:00Z', updatedAt: '2026-03-01T00:00:00Z', ...more,
});

/* eslint-disable max-params -- tables of cases read best in one line each */
export const row = (axis: SumRow['axis'], variant: string, metric: string, day: number, n: number, more: Partial<SumRow> = {}): SumRow =>
  ({ axis, variant, metric, day: START + day, phase: 1, n, y: 0n, yy: 0n, x: 0n, xx: 0n, xy: 0n, ...more });
const sums = (n: number): Partial<SumRow> => ({ y: unitsOf(n), yy: unitsOf(n) * 1_000_000n });
/** Subjects and converters of one variant, all on one day. */
export const rate = (variant: string, subjects: number, converted: number, metric = 'buy', day = 0, phase = 1): SumRow[] => [
  row('exposed', variant, '', day, subjects, { phase }),
  ...(['exposed', 'happened'] as const).map((axis) => row(axis, variant, metric, day, converted, { ...sums(converted), phase })),
];
/* eslint-enable max-params */

/** Subjects with a value each, and what each did before (null: nothing), as the fold would sum them. */
export const values = (variant: string, subjects: readonly { y: number; before: number | null }[], metric = 'buy'): SumRow[] => {
  const total = (of: readonly { y: number; before: number | null }[]): Partial<SumRow> => ({
    y: of.reduce((sum, { y }) => sum + unitsOf(y), 0n), yy: of.reduce((sum, { y }) => sum + unitsOf(y) ** 2n, 0n),
    x: of.reduce((sum, { before }) => sum + unitsOf(before ?? 0), 0n), xx: of.reduce((sum, { before }) => sum + unitsOf(before ?? 0) ** 2n, 0n),
    xy: of.reduce((sum, { y, before }) => sum + unitsOf(y) * unitsOf(before ?? 0), 0n),
  });
  const { y, yy } = total(subjects);
  const history = subjects.filter(({ before }) => before !== null);
  return [
    row('exposed', variant, '', 0, subjects.length),
    ...(['exposed', 'happened'] as const).map((axis) => row(axis, variant, metric, 0, subjects.length, { y: y!, yy: yy! })),
    ...(['exposed-before', 'happened-before'] as const).map((axis) => row(axis, variant, metric, 0, history.length, total(history))),
  ];
};

export const inputOf = (rows: SumRow[], more: Partial<ReportInput> = {}): ReportInput => ({
  experiment: experimentOf(), catalogue: new Map<string, MetricDefinition>(), corrections: [], rows, values: new Map(), segments: [], newest: parseInstant('2026-03-20T12:00:00Z'), offsets: {}, ...more,
});
export const whole = (input: ReportInput) => reportOf(input, wholePeriod(input));

/** A small generator with a fixed seed (mulberry32), so that every run sees the same experiments. */
export const generator = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
};

/** Box and Muller 1958. */
export const gaussian = (random: () => number): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
