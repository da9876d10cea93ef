import type { MetricDefinition } from '@pataka/contracts';
import { dailyTrend } from '@pataka/statistics';
import { dayOf, dayText, HOUR_MICROS, type Day } from '../evidence/instant';
import { effectOf, estimateOf } from './effect';
import { contextOf, type ReportContext } from './report-context';
import type { ReportInput } from './report';
import { looksOf, type Look } from './sequence';
import { armsOf, growingArms, pooled, type Arms, type SumRow } from './sums';

export interface TimelineVariant { variantId: string; subjects: number; converted: number; rate: number | null }
/** As of the end of the day; `daily…` is of the subjects that came in on that day alone. */
export interface TimelineEffect {
  variantId: string; absoluteEffect: number | null; pValue: number | null; alwaysValidPValue: number | null; alwaysValidInterval: [number, number] | null;
  dailyEffect: number | null; dailyStandardError: number | null;
}
/** Whether the effect changes with the day of first exposure; `novelty`: it began strong and wears off. */
export interface TimelineTrend { variantId: string; days: number; slope: number | null; slopeStandardError: number | null; pValue: number | null; heterogeneityPValue: number | null; novelty: boolean; reason?: string }
export interface Timeline {
  experimentId: string; metric: string | null; days: { day: string; variants: TimelineVariant[]; effects: TimelineEffect[] }[]; trends: TimelineTrend[]; reason?: string;
}

const MOST_DAYS = 731;
const LEAST_DAYS = 4;
const LEAST_SUBJECTS = 50;
const NOVELTY_LEVEL = 0.01;

/** Every day from the first to the newest covered; only those with evidence where a stray instant makes that a lifetime. */
const daysOf = (rows: readonly SumRow[], newest: ReportInput['newest']): Day[] => {
  const seen = [...new Set(rows.map(({ day }) => day))].sort((a, b) => a - b);
  const [first, last] = [seen[0], Math.max(seen.at(-1) ?? 0, newest === null ? 0 : dayOf(newest))];
  return first === undefined || last - first >= MOST_DAYS ? seen : Array.from({ length: last - first + 1 }, (_, index) => first + index);
};

/** Looks at one treatment, asked for day after day. */
class LooksAt {
  private readonly looks: ReadonlyMap<Day, Look>;
  private current: Look | null = null;
  private least: number | null = null;

  constructor(looks: readonly Look[]) {
    this.looks = new Map(looks.map((look) => [look.day, look]));
  }

  /** The look as of a day, with the smallest p-value until then. */
  on(day: Day): Pick<TimelineEffect, 'alwaysValidPValue' | 'alwaysValidInterval'> {
    this.current = this.looks.get(day) ?? this.current;
    const { pValue = null, interval = null } = this.current ?? {};
    if (pValue !== null) this.least = Math.min(pValue, this.least ?? 1);
    return { alwaysValidPValue: this.least, alwaysValidInterval: interval === null ? null : [interval[0], interval[1]] };
  }
}

const standingOf = (variantId: string, arms: Arms): TimelineVariant => {
  const { subjects, converted } = pooled(arms);
  return { variantId, subjects, converted, rate: subjects === 0 ? null : converted / subjects };
};

interface Daily { difference: number; standardError: number }

/** The effect among the subjects that came in on each day, as far as these days say anything. */
const dailyEffects = (rows: readonly SumRow[], metric: MetricDefinition, treatment: string, control: string): Map<Day, Daily> => {
  const byDay = new Map<Day, SumRow[]>();
  for (const row of rows) if (row.axis === 'exposed') byDay.set(row.day, [...(byDay.get(row.day) ?? []), row]);
  const effects = new Map<Day, Daily>();
  for (const [day, own] of byDay) {
    const estimate = estimateOf(metric, armsOf(own, control, metric.key), armsOf(own, treatment, metric.key));
    if (estimate !== null) effects.set(day, estimate);
  }
  return effects;
};

/** Only of days whose subjects had time enough for all that counts of them. */
const matureUntil = ({ windowHours = 0, maturityHours = 0 }: MetricDefinition, newest: ReportInput['newest']): Day =>
  (newest === null ? -Infinity : dayOf(Math.max(0, newest - Math.max(windowHours, maturityHours) * HOUR_MICROS)) - 1);

const trendOf = (variantId: string, daily: ReadonlyMap<Day, Daily>, subjectsOn: (day: Day) => number, until: Day): TimelineTrend => {
  const days = [...daily].filter(([day, { standardError }]) => day <= until && standardError > 0 && subjectsOn(day) >= LEAST_SUBJECTS).sort(([a], [b]) => a - b);
  const nothing = { variantId, days: days.length, slope: null, slopeStandardError: null, pValue: null, heterogeneityPValue: null, novelty: false };
  if (days.length < LEAST_DAYS) return { ...nothing, reason: `fewer than ${LEAST_DAYS} full days with ${LEAST_SUBJECTS} subjects in each arm` };
  const { slope, slopeSe, pValue, pooled: effect, qPValue } = dailyTrend({ days: days.map(([day, { difference, standardError }]) => ({ day: day - days[0]![0], estimate: difference, se: standardError })) });
  const fades = slope !== null && effect !== null && Math.sign(slope) === -Math.sign(effect);
  return { ...nothing, slope, slopeStandardError: slopeSe, pValue, heterogeneityPValue: qPValue, novelty: fades && pValue !== null && pValue < NOVELTY_LEVEL };
};

const countsByDay = (rows: readonly SumRow[], variant: string): Map<Day, number> => {
  const counts = new Map<Day, number>();
  for (const row of rows) if (row.axis === 'exposed' && row.metric === '' && row.variant === variant) counts.set(row.day, (counts.get(row.day) ?? 0) + row.n);
  return counts;
};

const trendsOf = (rows: readonly SumRow[], metric: MetricDefinition, daily: ReadonlyMap<string, ReadonlyMap<Day, Daily>>, context: ReportContext, newest: ReportInput['newest']): TimelineTrend[] => {
  const control = countsByDay(rows, context.control);
  return [...daily].map(([id, effects]) => {
    const treatment = countsByDay(rows, id);
    return trendOf(id, effects, (day) => Math.min(control.get(day) ?? 0, treatment.get(day) ?? 0), matureUntil(metric, newest));
  });
};

/** A metric as it stood at the end of each local day, by the time of the events. */
export const timelineOf = (input: ReportInput, asked?: MetricDefinition): Timeline => {
  const context = contextOf(input.experiment, input.catalogue);
  const { experiment, control, treatments, nTune, alpha } = context;
  const metric = asked ?? context.primary;
  if (metric === null) return { experimentId: experiment.id, metric: null, days: [], trends: [] };
  const isQuantile = metric.type === 'quantile';
  // A bandit's weights follow its results: no fixed test of it holds.
  const hasFixedTest = experiment.type !== 'BANDITS';
  const rows = input.rows.filter((row) => row.variant !== '' && (row.metric === '' || row.metric === metric.key));
  const growing = experiment.variants.map(({ id }) => [id, growingArms(rows, id, metric.key)] as const);
  const looks = treatments.map((id) => [id, new LooksAt(isQuantile ? [] : looksOf(rows, { metric, control, treatment: id, nTune, alpha }))] as const);
  const daily = new Map(treatments.map((id) => [id, isQuantile ? new Map<Day, Daily>() : dailyEffects(rows, metric, id, control)]));
  const days = daysOf(rows, input.newest).map((day) => {
    const arms = new Map(growing.map(([id, arm]) => [id, arm.upTo(day)]));
    const effects = looks.map(([id, treatmentLooks]): TimelineEffect => {
      const { difference, pValue } = isQuantile ? { difference: null, pValue: null } : effectOf(metric, arms.get(control)!, arms.get(id)!, alpha);
      const ofDay = daily.get(id)?.get(day) ?? { difference: null, standardError: null };
      return { variantId: id, absoluteEffect: difference, pValue: hasFixedTest ? pValue : null, ...treatmentLooks.on(day), dailyEffect: ofDay.difference, dailyStandardError: ofDay.standardError };
    });
    return { day: dayText(day), variants: [...arms].map(([id, arm]) => standingOf(id, arm)), effects };
  });
  return { experimentId: experiment.id, metric: metric.key, days, trends: isQuantile ? [] : trendsOf(rows, metric, daily, context, input.newest), ...(isQuantile ? { reason: 'the past of a quantile is not kept' } : {}) };
};
