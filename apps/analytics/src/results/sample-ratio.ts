import type { Experiment, SampleRatioPhase, SampleRatioResult } from '@pataka/contracts';
import { chiSquareSf, SAMPLE_RATIO_ALARM, sampleRatioTest, sequentialSampleRatioPath } from '@pataka/statistics';
import type { SumRow } from './sums';

const LEAST_EXPECTED = 8;
/** The weight of the design in subjects: how far from the weights the alternative lies. */
const CONCENTRATION = 10_000;

type Phase = Experiment['phases'][number];
interface Open { variants: string[]; weights: number[]; rows: readonly SumRow[] }
interface Part { phase: SampleRatioPhase; chi2: number; df: number }

const countsOf = (rows: readonly SumRow[], variants: readonly string[]): number[] =>
  variants.map((variant) => rows.filter((row) => row.variant === variant).reduce((sum, { n }) => sum + n, 0));

/** The smallest sequential p-value at the end of each day. */
const sequentialOf = ({ variants, weights, rows }: Open): number => {
  const days = [...new Set(rows.map(({ day }) => day))].sort((a, b) => a - b);
  const looks = days.map((day) => countsOf(rows.filter((row) => row.day <= day), variants));
  return sequentialSampleRatioPath({ looks, weights, concentration: CONCENTRATION }).pValues.at(-1) ?? 1;
};

const partOf = (all: readonly SumRow[], variants: readonly string[], phase: Phase): Part | string => {
  const rows = all.filter((row) => row.phase === phase.phase);
  const counts = countsOf(rows, variants);
  const strangers = variants.filter((variant, index) => (phase.weights[variant] ?? 0) === 0 && counts[index]! > 0);
  if (strangers.length > 0) return `subjects in a variant of weight 0: ${strangers.join(', ')}`;
  const open: Open = { variants: variants.filter((variant) => (phase.weights[variant] ?? 0) > 0), weights: [], rows };
  open.weights = open.variants.map((variant) => phase.weights[variant]!);
  const observed = countsOf(rows, open.variants);
  const [users, total] = [observed.reduce((sum, n) => sum + n, 0), open.weights.reduce((sum, weight) => sum + weight, 0)];
  const expected = open.weights.map((weight) => (total === 0 ? 0 : (users * weight) / total));
  const byVariant = (values: readonly number[]) => Object.fromEntries(open.variants.map((variant, index) => [variant, values[index]!]));
  const described = { phase: phase.phase, observed: byVariant(observed), expected: byVariant(expected) };
  if (open.variants.length < 2 || expected.some((n) => n < LEAST_EXPECTED)) return { phase: { ...described, pValue: null, sequentialPValue: null }, chi2: 0, df: 0 };
  const test = sampleRatioTest({ observed, weights: open.weights });
  return { phase: { ...described, pValue: test.pValue, sequentialPValue: sequentialOf(open) }, chi2: test.chi2 ?? 0, df: test.chi2 === null ? 0 : test.df };
};

/** Over several phases the smallest sequential p-value times how many there are. */
const together = (phases: readonly SampleRatioPhase[]): number | null => {
  const known = phases.flatMap(({ sequentialPValue }) => sequentialPValue ?? []);
  return known.length === 0 ? null : Math.min(1, known.length * Math.min(...known));
};

/** Whether the split of subjects fits the weights it was made by: χ² of each phase, added up; and the test that may be looked at every day. */
export const sampleRatioOf = (rows: readonly SumRow[], experiment: Experiment): SampleRatioResult => {
  const subjects = rows.filter((row) => row.axis === 'exposed' && row.metric === '' && row.variant !== '');
  const parts = experiment.phases.map((phase) => partOf(subjects, experiment.variants.map(({ id }) => id), phase));
  const fault = parts.find((part) => typeof part === 'string');
  if (fault !== undefined) return { pValue: null, ok: false, reason: fault, sequentialPValue: null, phases: [] };
  const known = parts as Part[];
  const phases = known.map(({ phase }) => phase);
  const [chi2, df] = [known.reduce((sum, part) => sum + part.chi2, 0), known.reduce((sum, part) => sum + part.df, 0)];
  if (df === 0) return { pValue: null, ok: true, reason: `fewer than ${LEAST_EXPECTED} subjects expected in a variant`, sequentialPValue: null, phases };
  const pValue = chiSquareSf(chi2, df);
  return { pValue, ok: pValue >= SAMPLE_RATIO_ALARM, sequentialPValue: together(phases), phases };
};
