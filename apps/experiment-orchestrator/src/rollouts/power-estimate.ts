import type { Experiment, PowerEstimate } from '@pataka/contracts';
import { DEFAULT_CRITERIA, twoProportionSampleSize } from '@pataka/statistics';
import { DAY_MS, instantText } from './local-time';
import { dueAfter, stepsOf } from './steps';

/** From when on which percentage of the audience is in. */
export interface Reach { at: number; percentage: number }

const MINIMUM_SAMPLE = 1_000;
// Without an end nobody waits longer.
const MOST_DAYS = 730;

type Design = Pick<Experiment, 'type' | 'strategy' | 'variants' | 'plan' | 'endDate' | 'layer'>;

/** What the steps reach when, if every one of them is taken when it falls due. */
export const reachOf = (design: Design, startsAt: number): Reach[] => {
  const reach: Reach[] = [];
  let at: number | null = startsAt;
  for (const step of stepsOf(design)) {
    if (at === null) break;
    reach.push({ at, percentage: step.percentage });
    at = dueAfter(at, step, design.strategy);
  }
  return reach;
};

const isShare = (value: number | undefined): value is number => value !== undefined && value > 0 && value < 1;

/** Subjects that every variant needs to find the wanted effect on a rate; null where the plan doesn't say enough of it. */
const neededFor = ({ plan = {}, variants }: Design): number | null => {
  const { baseline, minimumEffect = DEFAULT_CRITERIA.minRelativeEffect, power = 0.8, alpha = 0.05 } = plan;
  if (!isShare(baseline) || ![power, alpha, power - alpha].every(isShare) || minimumEffect === 0) return null;
  const pTreatment = [1 + Math.abs(minimumEffect), 1 - Math.abs(minimumEffect)].map((ratio) => baseline * ratio).find(isShare);
  if (pTreatment === undefined) return null;
  const treatments = Math.max(1, variants.length - 1);
  return twoProportionSampleSize({ pControl: baseline, pTreatment, ratio: 1, alpha: alpha / treatments, power, alternative: 'two-sided' }).nControlCeil;
};

/** Subjects of the smallest variant after each whole day. */
const growth = (design: Design, reach: readonly Reach[], startsAt: number, days: number): number[] => {
  const weight = Math.min(...design.variants.map((variant) => variant.weight).filter((one) => one > 0));
  const daily = (design.plan?.dailySubjects ?? 0) * weight * ((design.layer?.share ?? 100) / 100);
  let total = 0;
  return Array.from({ length: days }, (_, day) => {
    const at = startsAt + day * DAY_MS;
    const now = reach.findLast((one) => one.at <= at)?.percentage ?? 0;
    return (total += (daily * now) / 100);
  });
};

const dayOf = (totals: readonly number[], wanted: number | null): number | null => {
  // Sums of shares fall short of whole subjects by a hair.
  const day = wanted === null ? -1 : totals.findIndex((total) => total >= wanted - 1e-6);
  return day === -1 ? null : day + 1;
};

const endOf = ({ endDate, plan }: Design, startsAt: number): number | null => {
  if (endDate !== undefined) return Date.parse(endDate);
  return plan?.horizonDays === undefined ? null : startsAt + plan.horizonDays * DAY_MS;
};

const unknown = (reason: string): PowerEstimate => ({
  known: false, minimumSampleDay: null, minimumSampleAt: null, subjectsPerVariant: null, effectDay: null, effectAt: null, subjectsAtEnd: null, hopeless: false, reasons: [reason],
});

const reasonsOf = (needed: number | null, minimumSampleDay: number | null, effectDay: number | null, days: number): string[] => [
  ...(minimumSampleDay === null ? [`its smallest variant does not reach ${MINIMUM_SAMPLE} subjects within ${days} days`] : []),
  ...(needed !== null && effectDay === null ? [`the wanted effect needs ${needed} subjects in every variant, which it does not reach within ${days} days`] : []),
];

/**
 * When an experiment will have 1000 subjects in every variant, and enough for the effect it looks for, by its plan and its percentages. It is
 * hopeless when its end, or two years, come first.
 */
export const powerEstimate = (design: Design, startsAt: number, reach: readonly Reach[] = reachOf(design, startsAt)): PowerEstimate => {
  if (design.plan?.dailySubjects === undefined) return unknown('plan.dailySubjects is not given: nobody can say when there will be enough subjects');
  const end = endOf(design, startsAt);
  const days = end === null ? MOST_DAYS : Math.max(0, Math.min(MOST_DAYS, Math.floor((end - startsAt) / DAY_MS)));
  const totals = growth(design, reach, startsAt, days);
  const needed = neededFor(design);
  const [minimumSampleDay, effectDay] = [dayOf(totals, MINIMUM_SAMPLE), dayOf(totals, needed)];
  const at = (day: number | null): string | null => (day === null ? null : instantText(startsAt + day * DAY_MS));
  const faults = reasonsOf(needed, minimumSampleDay, effectDay, days);
  return {
    known: true, minimumSampleDay, minimumSampleAt: at(minimumSampleDay), subjectsPerVariant: needed, effectDay, effectAt: at(effectDay),
    subjectsAtEnd: end === null ? null : Math.floor(totals.at(-1) ?? 0), hopeless: faults.length > 0,
    reasons: [...faults, ...(needed === null ? ['plan.baseline is no rate between 0 and 1: nobody can say how many subjects the wanted effect needs'] : [])],
  };
};
