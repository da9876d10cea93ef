import type { Comparison, ExperimentPlan, MetricDefinition, PlanningResult } from '@pataka/contracts';
import { DEFAULT_CRITERIA, detectableEffect, normalIsf, normalSf, twoProportionPower } from '@pataka/statistics';
import { dayOf, type Micros } from '../evidence/instant';
import type { Effect } from './effect';
import { plannedSubjects, type ReportContext } from './report-context';
import type { Arm, SumRow } from './sums';

const DEFAULT_POWER = 0.8;
const PACE_DAYS = 7;

const plannedPower = ({ power = DEFAULT_POWER }: ExperimentPlan, alpha: number): number => (power > alpha && power < 1 ? power : DEFAULT_POWER);

const relativeTo = (baseline: number, amount: number): number | null => (baseline === 0 ? null : amount / Math.abs(baseline));

/** Power to find the smallest effect of interest with the subjects there are; never that of the effect observed, which says no more than p. */
export const powerOf = (effect: Effect, metric: MetricDefinition, arms: readonly [Arm, Arm], { alpha, minimumEffect }: ReportContext): number | null => {
  const { standardError, control: baseline } = effect;
  if (baseline === null || standardError === null || standardError === 0 || baseline.mean === 0) return null;
  if (effect.test !== 'two-proportion-z' || baseline.mean >= 1) {
    const [z, shift] = [normalIsf(alpha / 2), (Math.abs(baseline.mean) * minimumEffect) / standardError];
    return normalSf(z - shift) + normalSf(z + shift);
  }
  const rise = baseline.mean * (1 + minimumEffect);
  const pTreatment = rise < 1 && metric.direction !== 'decrease' ? rise : Math.max(baseline.mean * (1 - minimumEffect), Number.EPSILON);
  return twoProportionPower({ pControl: baseline.mean, pTreatment, nControl: arms[0].subjects, ratio: arms[1].subjects / arms[0].subjects, alpha, alternative: 'two-sided' }).power;
};

/** The smallest effect that the present subjects would show with the planned power. */
export const detectableOf = ({ standardError, control }: Effect, { alpha, experiment }: ReportContext): Comparison['minimumDetectableEffect'] => {
  if (standardError === null || standardError === 0 || control === null) return { absolute: null, relative: null };
  const absolute = detectableEffect({ se: standardError, alpha, power: plannedPower(experiment.plan ?? {}, alpha) });
  return { absolute, relative: relativeTo(control.mean, absolute) };
};

/** Subjects that came for the first time on each of the last full days; without any, as many as were planned. */
const paceOf = (rows: readonly SumRow[], newest: Micros | null, plan: ExperimentPlan): number | null => {
  const exposed = rows.filter((row) => row.axis === 'exposed' && row.metric === '' && row.variant !== '');
  const until = newest === null ? -Infinity : dayOf(newest);
  const first = exposed.reduce((least, { day }) => Math.min(least, day), Infinity);
  const from = Math.max(first, until - PACE_DAYS);
  if (from >= until) return plan.dailySubjects === undefined || plan.dailySubjects === 0 ? null : plan.dailySubjects;
  return exposed.filter(({ day }) => day >= from && day < until).reduce((sum, { n }) => sum + n, 0) / (until - from);
};

/** Subjects of each arm that the plan asks for; without a plan, those that would show the smallest effect of interest, from the variance seen. */
const plannedPerVariant = (context: ReportContext, primary: Effect | null, subjects: number): number | null => {
  const { alpha, minimumEffect, experiment } = context;
  const plan = experiment.plan ?? {};
  const planned = plannedSubjects(plan, alpha, minimumEffect);
  if (planned !== null) return Math.ceil(planned / 2);
  const detectable = primary === null ? null : detectableOf(primary, context).relative;
  return detectable === null ? null : Math.ceil(subjects * (detectable / minimumEffect) ** 2);
};

const MOST_DAYS = 36_500;

const daysUntil = (needed: number | null, present: readonly { subjects: number; share: number }[], pace: number | null): { subjectsPerVariant: number | null; daysLeft: number | null; reason?: string } => {
  if (needed === null) return { subjectsPerVariant: null, daysLeft: null, reason: 'there is no plan, and nothing yet to plan from' };
  const missing = present.filter(({ subjects }) => subjects < needed);
  if (missing.length === 0) return { subjectsPerVariant: needed, daysLeft: 0 };
  if (pace === null || pace === 0) return { subjectsPerVariant: needed, daysLeft: null, reason: 'no subjects came in on the last full days' };
  const days = Math.max(...missing.map(({ subjects, share }) => Math.ceil((needed - subjects) / (pace * share))));
  return days > MOST_DAYS ? { subjectsPerVariant: needed, daysLeft: null, reason: 'more than a hundred years at the present pace' } : { subjectsPerVariant: needed, daysLeft: days };
};

/** How long until there are enough subjects: for the least that a decision needs, and for what was planned. */
export const planningOf = (rows: readonly SumRow[], context: ReportContext, newest: Micros | null, primary: Effect | null): PlanningResult => {
  const { experiment } = context;
  const pace = paceOf(rows, newest, experiment.plan ?? {});
  const counts = new Map<string, number>();
  for (const row of rows) if (row.axis === 'exposed' && row.metric === '') counts.set(row.variant, (counts.get(row.variant) ?? 0) + row.n);
  const present = experiment.variants.filter(({ weight }) => weight > 0).map(({ id, weight: share }) => ({ subjects: counts.get(id) ?? 0, share }));
  const subjects = Math.min(...present.map((one) => one.subjects));
  return {
    subjectsPerDay: pace, minimum: daysUntil(DEFAULT_CRITERIA.minSamplesPerVariant, present, pace),
    planned: daysUntil(plannedPerVariant(context, primary, subjects), present, pace),
  };
};
