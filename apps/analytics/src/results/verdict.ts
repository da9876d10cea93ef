import type { Comparison, ExperimentResults, MetricDefinition, PlanningResult } from '@pataka/contracts';
import { adjustPValues, DEFAULT_CRITERIA, evaluateDecision, type GuardrailStatus } from '@pataka/statistics';
import { dayOf, parseInstant, type Micros } from '../evidence/instant';
import type { Compared } from './comparison';
import type { Method, ReportContext } from './report-context';
import { sentencesOf } from './sentence';

/** The numbers that decide: those adjusted by history where that is asked for and could be done. */
const deciding = ({ comparison }: Compared): Pick<Comparison, 'pValue' | 'alwaysValidPValue' | 'absoluteEffect' | 'relativeEffect'> =>
  (comparison.cuped === undefined || comparison.cuped.absoluteEffect === null ? comparison : comparison.cuped);

const isBetter = (metric: MetricDefinition, difference: number): number => (metric.direction === 'decrease' ? -difference : difference);

/** The treatment whose primary metric has improved most. */
export const bestOf = (compared: readonly Compared[], primary: MetricDefinition | null): Compared | null => {
  const candidates = compared.filter(({ comparison }) => comparison.metric === primary?.key);
  return candidates.reduce<Compared | null>((best, one) => {
    const [before, now] = [best === null ? null : deciding(best).absoluteEffect, deciding(one).absoluteEffect];
    if (best === null || before === null) return one;
    return now !== null && isBetter(primary!, now) > isBetter(primary!, before) ? one : best;
  }, null);
};

/** Whether the registered horizon has been reached; null where none was registered. */
const horizonReached = ({ experiment }: ReportContext, newest: Micros | null): boolean | null => {
  const begin = experiment.startedAt === undefined ? null : parseInstant(experiment.startedAt);
  if (experiment.plan?.horizonDays === undefined || begin === null) return null;
  return newest !== null && dayOf(newest) >= dayOf(begin) + experiment.plan.horizonDays;
};

/** How the experiment is judged: as asked, else by a sequence; by the fixed test only once a registered horizon is reached, and never in a bandit. */
export const methodOf = (context: ReportContext, newest: Micros | null, asked: Method | null): Method => {
  if (context.experiment.type === 'BANDITS' && asked !== 'bayesian') return 'sequential';
  return asked ?? (horizonReached(context, newest) === true ? 'fixed' : 'sequential');
};

const pValueOf = (compared: Compared, method: Method): number | null => {
  if (method === 'fixed') return deciding(compared).pValue;
  if (method === 'sequential') return deciding(compared).alwaysValidPValue;
  const { chanceToBeat } = compared.comparison;
  return chanceToBeat === null ? null : Math.min(1, 2 * Math.min(chanceToBeat, 1 - chanceToBeat));
};

/** Any treatment may fail a guard for the experiment; whether a guard is undecided matters of the best one only. */
const guardsOf = (compared: readonly Compared[], best: Compared): { metric: string; variantId: string; status: GuardrailStatus }[] =>
  compared.flatMap(({ comparison: { guard, metric, variantId } }) => {
    if (guard === undefined) return [];
    return [{ metric, variantId, status: variantId === best.comparison.variantId || guard.status === 'fail' ? guard.status : 'pass' }];
  });

const hasWeight = ({ experiment }: ReportContext, variant: string): boolean => experiment.variants.some(({ id, weight }) => id === variant && weight > 0);

export interface Judged { compared: readonly Compared[]; sampleRatio: ExperimentResults['sampleRatio']; planning: PlanningResult; newest: Micros | null; method: Method }

/** The decision by the specification's criteria, and the winner if all of them hold. Rests on all subjects, whatever period is shown. */
export const verdictOf = ({ compared, sampleRatio, planning, newest, method }: Judged, context: ReportContext): Pick<ExperimentResults, 'verdict' | 'winner'> => {
  const best = bestOf(compared, context.primary);
  const nobody = { best: null, failed: null, undecided: null, least: 0, planning };
  if (best === null || context.primary === null) {
    const verdict = { decision: 'continue' as const, reasons: ['no_success_metric'] };
    return { verdict: { ...verdict, ...sentencesOf({ ...verdict, ...nobody }, context) } };
  }
  const family = compared.filter(({ comparison }) => comparison.metric === context.primary!.key);
  const { adjusted } = adjustPValues({ pValues: family.map((one) => pValueOf(one, method)), method: 'holm', alpha: context.alpha });
  const samples = [best.controlArm.subjects, ...family.filter(({ comparison }) => hasWeight(context, comparison.variantId)).map(({ treatmentArm }) => treatmentArm.subjects)];
  const guards = guardsOf(compared, best);
  const { decision, reasons } = evaluateDecision({
    samplesPerVariant: samples, pValue: adjusted[family.indexOf(best)] ?? null, lift: deciding(best).relativeEffect, higherIsBetter: context.primary.direction !== 'decrease',
    guardrails: guards.map(({ status }) => status), srmPValue: sampleRatio.ok ? sampleRatio.pValue : (sampleRatio.pValue ?? 0),
    horizonReached: horizonReached(context, newest) === true, criteria: { ...DEFAULT_CRITERIA, confidenceLevel: 1 - context.alpha },
  });
  const told = { decision, reasons, ...guardsTold(guards, compared, best, context), least: Math.min(...samples), planning };
  return { verdict: { decision, reasons: [...reasons], ...sentencesOf(told, context) }, ...(decision === 'ship' ? { winner: best.comparison.variantId } : {}) };
};

type Guards = ReturnType<typeof guardsOf>;

/** Which treatment the sentence is about, and which guards: the one that fails a guard, else the best one. */
const guardsTold = (guards: Guards, compared: readonly Compared[], best: Compared, { metrics, primary }: ReportContext) => {
  const failing = guards.find(({ status }) => status === 'fail');
  const metricOf = (guard: Guards[number] | undefined): MetricDefinition | null => metrics.find(({ key }) => key === guard?.metric) ?? null;
  const about = failing === undefined ? undefined : compared.find(({ comparison }) => comparison.metric === primary?.key && comparison.variantId === failing.variantId);
  return { best: about ?? best, failed: metricOf(failing), undecided: metricOf(guards.find(({ status }) => status === 'inconclusive')) };
};
