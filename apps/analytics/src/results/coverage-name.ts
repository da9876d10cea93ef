import { createHash } from 'node:crypto';
import type { CoverageResult, Metric, MetricDefinition } from '@pataka/contracts';
import type { ReportInput, ReportRequest } from './report';
import type { SumRow } from './sums';

/** Counts up with every change of what reports say of the same sums. */
const ENGINE = 'pataka-analytics/3';

const rowText = (row: SumRow, ...more: string[]): string => [row.axis, row.variant, row.metric, row.day, row.phase, row.n, row.y, row.yy, row.x, row.xx, row.xy, ...more].join('\u0001');

const versionOf = (metric: MetricDefinition | Metric): number => ('version' in metric ? metric.version : 0);

/** A name for everything that decides the bytes of a report but the offsets. */
const nameOf = ({ experiment, rows, values, segments, corrections, newest }: ReportInput, metrics: readonly MetricDefinition[], request: ReportRequest): string => {
  const hash = createHash('sha256');
  const { id, type, variants, phases, plan, startedAt, bucketBy, factors, bandit, successMetrics, guardrailMetrics, safetyMetrics, segments: attributes } = experiment;
  const roles = [successMetrics, guardrailMetrics, safetyMetrics].map((list) => list.map((reference) => (typeof reference === 'string' ? reference : reference.key)));
  hash.update(JSON.stringify([ENGINE, request, id, type, variants, phases, plan, startedAt, bucketBy, factors, bandit, roles, attributes, metrics, corrections, newest]));
  for (const text of rows.map((row) => rowText(row)).sort()) hash.update(`\u0002${text}`);
  for (const text of segments.map((row) => rowText(row, row.attribute, row.value)).sort()) hash.update(`\u0003${text}`);
  for (const [metric, byVariant] of [...values].sort(([a], [b]) => (a < b ? -1 : 1))) {
    for (const [variant, counts] of [...byVariant].sort(([a], [b]) => (a < b ? -1 : 1))) hash.update(JSON.stringify([metric, variant, [...counts].sort((a, b) => a[0] - b[0])]));
  }
  return hash.digest('hex');
};

/** What a report rests on. */
export const coverageOf = (input: ReportInput, metrics: readonly MetricDefinition[], request: ReportRequest): CoverageResult => ({
  name: nameOf(input, metrics, request), offsets: input.offsets, engine: ENGINE,
  definitions: Object.fromEntries(metrics.map((metric) => [metric.key, versionOf(metric)])), corrections: [...input.corrections],
});
