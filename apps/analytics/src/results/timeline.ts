import { dayOf, dayText, type Day } from '../evidence/instant';
import { effectOf } from './effect';
import { contextOf } from './report-context';
import type { ReportInput } from './report';
import { looksOf, type Look } from './sequence';
import { growingArms, pooled, type Arms, type SumRow } from './sums';

export interface TimelineVariant { variantId: string; subjects: number; converted: number; rate: number | null }
export interface TimelineEffect { variantId: string; absoluteEffect: number | null; pValue: number | null; alwaysValidPValue: number | null; alwaysValidInterval: [number, number] | null }
export interface Timeline { experimentId: string; metric: string | null; days: { day: string; variants: TimelineVariant[]; effects: TimelineEffect[] }[] }

const MOST_DAYS = 731;

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

/** The primary metric as it stood at the end of each local day, by the time of the events. */
export const timelineOf = (input: ReportInput): Timeline => {
  const { experiment, primary, control, treatments, nTune, alpha } = contextOf(input.experiment, input.catalogue);
  if (primary === null) return { experimentId: experiment.id, metric: null, days: [] };
  const rows = input.rows.filter((row) => row.variant !== '' && (row.metric === '' || row.metric === primary.key));
  const growing = experiment.variants.map(({ id }) => [id, growingArms(rows, id, primary.key)] as const);
  const looks = treatments.map((id) => [id, new LooksAt(looksOf(rows, { metric: primary, control, treatment: id, nTune, alpha }))] as const);
  const days = daysOf(rows, input.newest).map((day) => {
    const arms = new Map(growing.map(([id, arm]) => [id, arm.upTo(day)]));
    const effects = looks.map(([id, treatmentLooks]): TimelineEffect => {
      // A quantile has no sums: its past is not told.
      const effect = primary.type === 'quantile' ? null : effectOf(primary, arms.get(control)!, arms.get(id)!, alpha);
      return { variantId: id, absoluteEffect: effect?.difference ?? null, pValue: effect?.pValue ?? null, ...treatmentLooks.on(day) };
    });
    return { day: dayText(day), variants: [...arms].map(([id, arm]) => standingOf(id, arm)), effects };
  });
  return { experimentId: experiment.id, metric: primary.key, days };
};
