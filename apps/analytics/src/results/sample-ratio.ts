import type { Experiment } from '@pataka/contracts';
import { chiSquareSf, SAMPLE_RATIO_ALARM, sampleRatioTest } from '@pataka/statistics';
import type { SumRow } from './sums';

const LEAST_EXPECTED = 8;

interface Part { chi2: number; df: number }

const partOf = (rows: readonly SumRow[], variants: readonly string[], phase: Experiment['phases'][number]): Part | string => {
  const counts = variants.map((variant) => rows.filter((row) => row.variant === variant && row.phase === phase.phase).reduce((sum, row) => sum + row.n, 0));
  const arms = variants.map((variant, index) => ({ variant, observed: counts[index]!, weight: phase.weights[variant] ?? 0 }));
  const strangers = arms.filter(({ observed, weight }) => weight === 0 && observed > 0);
  if (strangers.length > 0) return `subjects in a variant of weight 0: ${strangers.map(({ variant }) => variant).join(', ')}`;
  const open = arms.filter(({ weight }) => weight > 0);
  const [users, weights] = [open.reduce((sum, arm) => sum + arm.observed, 0), open.reduce((sum, arm) => sum + arm.weight, 0)];
  if (open.length < 2 || open.some(({ weight }) => (users * weight) / weights < LEAST_EXPECTED)) return { chi2: 0, df: 0 };
  const test = sampleRatioTest({ observed: open.map((arm) => arm.observed), weights: open.map((arm) => arm.weight) });
  return test.chi2 === null ? { chi2: 0, df: 0 } : { chi2: test.chi2, df: test.df };
};

/** Whether the split of subjects fits the weights it was made by: χ² of each phase, added up. */
export const sampleRatioOf = (rows: readonly SumRow[], experiment: Experiment): { pValue: number | null; ok: boolean; reason?: string } => {
  const subjects = rows.filter((row) => row.axis === 'exposed' && row.metric === '');
  const parts = experiment.phases.map((phase) => partOf(subjects, experiment.variants.map(({ id }) => id), phase));
  const fault = parts.find((part) => typeof part === 'string');
  if (fault !== undefined) return { pValue: null, ok: false, reason: fault };
  const total = (parts as Part[]).reduce((sum, part) => ({ chi2: sum.chi2 + part.chi2, df: sum.df + part.df }), { chi2: 0, df: 0 });
  if (total.df === 0) return { pValue: null, ok: true, reason: `fewer than ${LEAST_EXPECTED} subjects expected in a variant` };
  const pValue = chiSquareSf(total.chi2, total.df);
  return { pValue, ok: pValue >= SAMPLE_RATIO_ALARM };
};
