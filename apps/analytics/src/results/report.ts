import type { Comparison, ExcludedResult, Experiment, ExperimentResults, MetricDefinition, StatisticalAnalysis } from '@pataka/contracts';
import { dayText, instantText, type Day, type Micros } from '../evidence/instant';
import { banditOf } from './bandit';
import { comparisonsOf, type Compared, type Evidence, type SubjectValues } from './comparison';
import { coverageOf } from './coverage-name';
import { factorialOf } from './factorial';
import { planningOf } from './power';
import { contextOf, type Method, type ReportContext } from './report-context';
import { sampleRatioOf } from './sample-ratio';
import { segmentsOf } from './segments';
import type { SegmentRow, SumRow } from './sums';
import { variantsOf } from './variant-results';
import { bestOf, methodOf, verdictOf } from './verdict';

/** All that a report rests on. */
export interface ReportInput {
  experiment: Experiment;
  catalogue: ReadonlyMap<string, MetricDefinition>;
  /** Ids of the corrections in force. */
  corrections: readonly string[];
  rows: readonly SumRow[];
  /** How many subjects have each value, by metric and variant; of quantile metrics only. */
  values: SubjectValues;
  segments: readonly SegmentRow[];
  newest: Micros | null;
  offsets: Record<string, Record<string, string>>;
}

/** What of it is asked for; days both inclusive. */
export interface ReportRequest { from: Day; to: Day; method: Method | null }

const statisticalOf = (best: Compared | null, { alpha }: ReportContext): StatisticalAnalysis => {
  const confidenceLevel = 1 - alpha;
  if (best === null) return { pValue: null, statisticalSignificance: false, confidenceLevel, effectSize: null, powerAnalysis: null, reason: 'the experiment has no success metric' };
  const { comparison, effect } = best;
  return {
    pValue: comparison.pValue, statisticalSignificance: comparison.adjustedPValue !== null && comparison.adjustedPValue < alpha, confidenceLevel,
    effectSize: effect.effectSize, powerAnalysis: comparison.power, ...(comparison.reason === undefined ? {} : { reason: comparison.reason }),
  };
};

const excludedOf = (rows: readonly SumRow[]): ExcludedResult => {
  const counts = new Map<string, number>();
  for (const row of rows) if (row.axis === 'exposed' && row.variant === '') counts.set(row.metric, (counts.get(row.metric) ?? 0) + row.n);
  const { '': multipleVariants = 0, ...byRule } = Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  return { multipleVariants, ...(Object.keys(byRule).length === 0 ? {} : { byRule }) };
};

const unitOf = ({ bucketBy }: Experiment) => ({ name: bucketBy ?? 'targetingKey', clustered: bucketBy !== undefined });

const NO_HORIZON = 'a bandit has no fixed horizon: see the always-valid numbers';

/** Weights that follow the results make the fixed test's p-values wrong: a bandit has none. */
const withoutHorizon = (comparison: Comparison): Comparison => {
  const none = { statistic: null, pValue: null, adjustedPValue: null };
  return { ...comparison, ...none, ...(comparison.cuped === undefined ? {} : { cuped: { ...comparison.cuped, ...none } }), reason: comparison.reason ?? NO_HORIZON };
};

const comparedIn = (evidence: Evidence, context: ReportContext, method: Method): Compared[] => {
  const compared = comparisonsOf(evidence, context, method);
  return context.experiment.type === 'BANDITS' ? compared.map((one) => ({ ...one, comparison: withoutHorizon(one.comparison) })) : compared;
};

/** The report of an experiment: a pure function of its evidence, so that the same evidence gives the same bytes. */
export const reportOf = (input: ReportInput, request: ReportRequest): ExperimentResults => {
  const context = contextOf(input.experiment, input.catalogue);
  const { newest } = input;
  const inPeriod = ({ axis, day }: SumRow): boolean => axis.startsWith('happened') || (day >= request.from && day <= request.to);
  const complete = input.rows.every(inPeriod);
  const all: Evidence = { rows: input.rows, values: input.values, complete: true, newest };
  const asked: Evidence = complete ? all : { rows: input.rows.filter((row) => row.axis.startsWith('exposed') && inPeriod(row)), values: null, complete, newest };
  const method = methodOf(context, newest, request.method);
  const whole = comparedIn(all, context, method);
  const compared = complete ? whole : comparedIn(asked, context, method);
  const planning = planningOf(input.rows, context, newest, bestOf(whole, context.primary)?.effect ?? null);
  const { verdict, winner } = verdictOf({ compared: whole, sampleRatio: sampleRatioOf(input.rows, input.experiment), planning, newest, method }, context);
  return {
    experimentId: input.experiment.id, period: `${dayText(request.from)} to ${dayText(request.to)}`, generatedAt: newest === null ? null : instantText(newest),
    method, unit: unitOf(input.experiment), variants: variantsOf(asked, context), statistical: statisticalOf(bestOf(compared, context.primary), context),
    comparisons: compared.map(({ comparison }) => comparison), planning, sampleRatio: sampleRatioOf(asked.rows, input.experiment), excluded: excludedOf(asked.rows),
    ...segmentsOf(input.segments, context), ...factorialOf(asked.rows, context), ...banditOf(input.rows, context),
    confidence: 1 - context.alpha, ...(winner === undefined ? {} : { winner }), verdict, coverage: coverageOf(input, context.metrics, request),
  };
};
