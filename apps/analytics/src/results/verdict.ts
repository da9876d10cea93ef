import type { ExperimentResults, MetricDefinition } from '@pataka/contracts';
import { adjustPValues, DEFAULT_CRITERIA, evaluateDecision, type GuardrailStatus } from '@pataka/statistics';
import { dayOf, parseInstant, type Micros } from '../evidence/instant';
import type { Compared } from './comparison';
import type { Method, ReportContext } from './report-context';

const isBetter = (metric: MetricDefinition, difference: number): number => (metric.direction === 'decrease' ? -difference : difference);

/** The treatment whose primary metric has improved most. */
export const bestOf = (compared: readonly Compared[], primary: MetricDefinition | null): Compared | null => {
  const candidates = compared.filter(({ comparison }) => comparison.metric === primary?.key);
  return candidates.reduce<Compared | null>((best, one) => {
    if (best === null || best.effect.difference === null) return one;
    return one.effect.difference !== null && isBetter(primary!, one.effect.difference) > isBetter(primary!, best.effect.difference) ? one : best;
  }, null);
};

/** Whether the registered horizon has been reached; null where none was registered. */
const horizonReached = ({ experiment }: ReportContext, newest: Micros | null): boolean | null => {
  const begin = experiment.startedAt === undefined ? null : parseInstant(experiment.startedAt);
  if (experiment.plan?.horizonDays === undefined || begin === null) return null;
  return newest !== null && dayOf(newest) >= dayOf(begin) + experiment.plan.horizonDays;
};

/** How the experiment is judged: as asked, else by a sequence; by the fixed test only once a registered horizon is reached. */
export const methodOf = (context: ReportContext, newest: Micros | null, asked: Method | null): Method =>
  asked ?? (horizonReached(context, newest) === true ? 'fixed' : 'sequential');

const pValueOf = ({ comparison, effect }: Compared, method: Method): number | null => {
  if (method === 'fixed') return effect.pValue;
  if (method === 'sequential') return comparison.alwaysValidPValue;
  return comparison.chanceToBeat === null ? null : Math.min(1, 2 * Math.min(comparison.chanceToBeat, 1 - comparison.chanceToBeat));
};

/** Any treatment may fail a guard for the experiment; whether a guard is undecided matters of the best one only. */
const guardsOf = (compared: readonly Compared[], best: Compared): GuardrailStatus[] =>
  compared.flatMap(({ comparison: { guard, variantId } }) => {
    if (guard === undefined) return [];
    return [variantId === best.comparison.variantId || guard.status === 'fail' ? guard.status : 'pass'];
  });

/** The decision by the specification's criteria, and the winner if all of them hold. Rests on all subjects, whatever period is shown. */
export const verdictOf = (
  compared: readonly Compared[], context: ReportContext, sampleRatio: ExperimentResults['sampleRatio'], newest: Micros | null, method: Method,
): Pick<ExperimentResults, 'verdict' | 'winner'> => {
  const best = bestOf(compared, context.primary);
  if (best === null || context.primary === null) return { verdict: { decision: 'continue', reasons: ['no_success_metric'] } };
  const family = compared.filter(({ comparison }) => comparison.metric === context.primary!.key);
  const { adjusted } = adjustPValues({ pValues: family.map((one) => pValueOf(one, method)), method: 'holm', alpha: context.alpha });
  const samples = [best.controlArm.subjects, ...family.filter(({ comparison }) => hasWeight(context, comparison.variantId)).map(({ treatmentArm }) => treatmentArm.subjects)];
  const { decision, reasons } = evaluateDecision({
    samplesPerVariant: samples, pValue: adjusted[family.indexOf(best)] ?? null, lift: best.effect.lift, higherIsBetter: context.primary.direction !== 'decrease',
    guardrails: guardsOf(compared, best), srmPValue: sampleRatio.ok ? sampleRatio.pValue : (sampleRatio.pValue ?? 0),
    horizonReached: horizonReached(context, newest) === true, criteria: { ...DEFAULT_CRITERIA, confidenceLevel: 1 - context.alpha },
  });
  return { verdict: { decision, reasons: [...reasons] }, ...(decision === 'ship' ? { winner: best.comparison.variantId } : {}) };
};

const hasWeight = ({ experiment }: ReportContext, variant: string): boolean => experiment.variants.some(({ id, weight }) => id === variant && weight > 0);
