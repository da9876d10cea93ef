import type { BanditArmResult, BanditResult, MetricDefinition } from '@pataka/contracts';
import { allocate, type MeanEstimate } from '@pataka/statistics';
import type { ReportContext } from './report-context';
import { armsOf, estimateOfArm, pooled, type Arms, type SumRow } from './sums';

const DEFAULT_FLOOR = 0.05;
const LEAST_PER_PHASE = 2;

/** The mean of each variant, averaged over phases by their subjects: weights that follow the results would bias the plain means. */
const stratified = (arms: readonly Arms[], metric: MetricDefinition): { phases: number; estimates: MeanEstimate[] } => {
  const phases = [...(arms[0]?.keys() ?? [])].sort((a, b) => a - b).flatMap((phase) => {
    const parts = arms.map((of) => of.get(phase));
    if (parts.some((part) => part === undefined || part.subjects < LEAST_PER_PHASE)) return [];
    const estimates = parts.map((part) => estimateOfArm(part!, metric));
    return estimates.some((estimate) => typeof estimate === 'string') ? [] : [{ subjects: parts.reduce((sum, part) => sum + part!.subjects, 0), estimates: estimates as MeanEstimate[] }];
  });
  const total = phases.reduce((sum, { subjects }) => sum + subjects, 0);
  const estimates = arms.map((_, index) => phases.reduce((sum, { subjects, estimates: of }) => {
    const weight = subjects / total;
    return { mean: sum.mean + weight * of[index]!.mean, variance: sum.variance + weight * weight * of[index]!.variance };
  }, { mean: 0, variance: 0 }));
  return { phases: phases.length, estimates };
};

const allocationOf = (estimates: readonly MeanEstimate[], metric: MetricDefinition, { experiment }: ReportContext) => {
  const { algorithm, floor = DEFAULT_FLOOR } = experiment.bandit ?? {};
  const topTwo = algorithm === undefined ? estimates.length > 2 : algorithm === 'topTwo';
  const sign = metric.direction === 'decrease' ? -1 : 1;
  return allocate({ kind: 'normal', arms: estimates.map(({ mean, variance }) => ({ mean: sign * mean, sd: Math.sqrt(variance) })), algorithm: topTwo ? 'ttts' : 'thompson', floor });
};

/** How a bandit's variants stand on the metric it is about; nothing for other experiments. */
export const banditOf = (rows: readonly SumRow[], context: ReportContext): { bandit?: BanditResult } => {
  const { experiment, primary } = context;
  if (experiment.type !== 'BANDITS' || primary === null) return {};
  const arms = experiment.variants.map(({ id }) => armsOf(rows, id, primary.key));
  const unknown = (reason: string): { bandit: BanditResult } => ({ bandit: {
    metric: primary.key, phases: 0, reason,
    arms: experiment.variants.map(({ id }, index): BanditArmResult => ({ variantId: id, sampleSize: pooled(arms[index]!).subjects, mean: null, standardError: null, probabilityBest: null, suggestedWeight: null })),
  } });
  if (primary.type === 'quantile') return unknown('a bandit is about a rate, a mean or a ratio');
  const { phases, estimates } = stratified(arms, primary);
  if (phases === 0) return unknown('no phase has subjects in every variant');
  if (estimates.some(({ variance }) => !(variance > 0))) return unknown('zero_variance');
  const { probBest, weights } = allocationOf(estimates, primary, context);
  return { bandit: {
    metric: primary.key, phases,
    arms: experiment.variants.map(({ id }, index): BanditArmResult => ({
      variantId: id, sampleSize: pooled(arms[index]!).subjects, mean: estimates[index]!.mean, standardError: Math.sqrt(estimates[index]!.variance), probabilityBest: probBest[index]!, suggestedWeight: weights[index]!,
    })),
  } };
};
