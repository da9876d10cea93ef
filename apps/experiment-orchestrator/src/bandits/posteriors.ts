import type { BanditSettings, Experiment, ExperimentResults, MetricDefinition, MetricResult } from '@pataka/contracts';
import type { AllocationInput } from '@pataka/statistics';
import { isConversion } from '../rollouts/evidence';

/** Which way is better. */
type Direction = NonNullable<MetricDefinition['direction']>;

/** What is known of one arm: its subjects, and mean and standard error of the primary metric. */
interface Arm { variantId: string; n: number; mean: number; error: number | null }

/** Posteriors of the arms in the order of the variants, larger always better; or why there are none. */
export type Posteriors = Pick<AllocationInput, 'kind'> & ({ kind: 'beta'; arms: { a: number; b: number }[] } | { kind: 'normal'; arms: { mean: number; sd: number }[] }) & { subjects: Record<string, number> };

/** The metric that a bandit goes by. */
export const primaryOf = ({ successMetrics: [first] }: Pick<Experiment, 'successMetrics'>): string | null =>
  (first === undefined ? null : typeof first === 'string' ? first : first.key);

const known = ({ mean, standardError, sampleSize }: MetricResult, variantId: string): Arm | null =>
  mean === null ? null : { variantId, n: sampleSize, mean, error: standardError };

/** Successes are a whole number: the mean of a conversion is that over the subjects. */
const betaOf = ({ n, mean, variantId }: Arm, { priors = {} }: BanditSettings, direction: Direction): { a: number; b: number } => {
  const { a, b } = priors[variantId] ?? { a: 1, b: 1 };
  const successes = Math.round(mean * n);
  return direction === 'increase' ? { a: a + successes, b: b + n - successes } : { a: b + n - successes, b: a + successes };
};

/** Means over phases of other weights are those the report has averaged over the phases: adaptive weights bias the plain ones. */
const overPhases = ({ bandit }: ExperimentResults, metric: string, arms: readonly Arm[]): readonly Arm[] =>
  arms.map((arm) => {
    const averaged = bandit?.metric === metric ? bandit.arms.find(({ variantId }) => variantId === arm.variantId) : undefined;
    return averaged === undefined || averaged.mean === null ? arm : { ...arm, mean: averaged.mean, error: averaged.standardError };
  });

const normalOf = ({ mean, error }: Arm, direction: Direction): { mean: number; sd: number } => ({ mean: direction === 'increase' ? mean : -mean, sd: error! });

/**
 * What the evidence says of each arm: Beta for a rate, whatever the weights were while it was gathered (how a subject was chosen says nothing
 * of whether it converts), normal for everything else.
 */
export const posteriorsOf = (experiment: Experiment, results: ExperimentResults, metric: MetricDefinition): Posteriors | { missing: string } => {
  const { direction = 'increase' } = metric;
  const found = experiment.variants.map(({ id }) => {
    const result = results.variants.find(({ variantId }) => variantId === id)?.metrics[metric.key];
    return result === undefined ? null : known(result, id);
  });
  const arms = found.filter((arm) => arm !== null);
  if (arms.length < found.length) return { missing: 'evidence-missing' };
  const subjects = Object.fromEntries(arms.map(({ variantId, n }) => [variantId, n]));
  if (isConversion(metric)) return { kind: 'beta', arms: arms.map((arm) => betaOf(arm, experiment.bandit ?? {}, direction)), subjects };
  const averaged = overPhases(results, metric.key, arms);
  if (averaged.some(({ error }) => error === null || !(error > 0))) return { missing: 'no-variance-yet' };
  return { kind: 'normal', arms: averaged.map((arm) => normalOf(arm, direction)), subjects };
};
