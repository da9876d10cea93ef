import type { AlertRules, Experiment, MetricDefinition } from '@pataka/contracts';
import { ONE } from '../evidence/fixed-point';
import { contextOf } from '../results/report-context';
import { reportOf } from '../results/report';
import type { SumRow } from '../results/sums';
import { findingsOf, rulesOf, type Finding } from './findings';
import type { WindowedVariant } from './window-findings';

export const experimentOf = (more: Partial<Experiment> = {}): Experiment => ({
  id: 'exp_1', key: 'scoring', name: 'Scoring', version: 1, status: 'ACTIVE', type: 'AB_TEST', environment: 'production', flagKey: 'scoring', strategy: { type: 'FIXED' }, linked: true, phase: 1,
  phases: [{ phase: 1, from: '2026-01-01T00:00:00Z', weights: { control: 0.5, treatment: 0.5 } }], rollout: { percentage: 100, step: 0, nextStepAt: null },
  variants: [{ id: 'control', weight: 0.5, config: false, isControl: true }, { id: 'treatment', weight: 0.5, config: true }],
  successMetrics: ['buy'], guardrailMetrics: [], safetyMetrics: ['error'], createdBy: 'spec', createdAt: '2026-01-01T00:00:00Z', updatedAt: '2026-01-01T00:00:00Z', ...more,
});

/** Subjects of a variant, how many of them converted, and how many met an error. */
export type Counts = Record<string, { n: number; buy: number; error?: number }>;

const DAY = 20_500;
const row = (axis: SumRow['axis'], variant: string, metric: string, n: number, y: bigint): SumRow => ({ axis, variant, metric, day: DAY, phase: 1, n, y, yy: y * ONE, x: 0n, xx: 0n, xy: 0n });

const rowsOf = (counts: Counts): SumRow[] => Object.entries(counts).flatMap(([variant, { n, buy, error = 0 }]) => [
  row('exposed', variant, '', n, 0n),
  ...Object.entries({ buy, error }).flatMap(([metric, converted]) => (['exposed', 'happened'] as const).map((axis) => row(axis, variant, metric, converted, BigInt(converted) * ONE))),
]);

/** What a real report of these counts finds. */
export const findingsFor = (counts: Counts, { rules = {}, experiment = experimentOf(), metrics = [], windows = [] }: { rules?: AlertRules; experiment?: Experiment; metrics?: MetricDefinition[]; windows?: WindowedVariant[] } = {}): Finding[] => {
  const catalogue = new Map(metrics.map((metric) => [metric.key, metric]));
  const context = contextOf(experiment, catalogue);
  const results = reportOf({ experiment, catalogue, rows: rowsOf(counts), values: new Map(), corrections: [], segments: [], newest: DAY * 86_400_000_000, offsets: {} }, { from: DAY - 1, to: DAY + 1, method: null });
  return findingsOf({ results, context, rules: rulesOf(rules, context), windows });
};
