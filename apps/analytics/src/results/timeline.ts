import { dayText } from '../evidence/instant';
import { effectOf } from './effect';
import { contextOf } from './report-context';
import type { ReportInput } from './report';
import { looksOf } from './sequence';
import { growingArms, pooled } from './sums';

export interface TimelineVariant { variantId: string; subjects: number; converted: number; rate: number | null }
export interface TimelineEffect { variantId: string; absoluteEffect: number | null; pValue: number | null; alwaysValidPValue: number | null; alwaysValidInterval: [number, number] | null }
export interface Timeline { experimentId: string; metric: string | null; days: { day: string; variants: TimelineVariant[]; effects: TimelineEffect[] }[] }

/** The primary metric as it stood at the end of each local day, by the time of the events. */
export const timelineOf = (input: ReportInput): Timeline => {
  const { experiment, primary, control, treatments, nTune, alpha } = contextOf(input.experiment, input.catalogue);
  if (primary === null) return { experimentId: experiment.id, metric: null, days: [] };
  const rows = input.rows.filter((row) => row.variant !== '' && (row.metric === '' || row.metric === primary.key));
  const days = [...new Set(rows.map(({ day }) => day))].sort((a, b) => a - b);
  const growing = new Map(experiment.variants.map(({ id }) => [id, growingArms(rows, id, primary.key)]));
  const looks = new Map(treatments.map((id) => [id, new Map(looksOf(rows, { metric: primary, control, treatment: id, nTune, alpha }).map((look) => [look.day, look]))]));
  const least = new Map<string, number>();
  return {
    experimentId: experiment.id, metric: primary.key,
    days: days.map((day) => {
      const arms = new Map([...growing].map(([id, arm]) => [id, arm.upTo(day)]));
      const effects = treatments.map((id): TimelineEffect => {
        const look = looks.get(id)?.get(day);
        if (look?.pValue != null) least.set(id, Math.min(look.pValue, least.get(id) ?? 1));
        const effect = primary.type === 'quantile' ? null : effectOf(primary, arms.get(control) ?? new Map(), arms.get(id)!, alpha);
        return { variantId: id, absoluteEffect: effect?.difference ?? null, pValue: effect?.pValue ?? null, alwaysValidPValue: least.get(id) ?? null, alwaysValidInterval: look?.interval == null ? null : [look.interval[0], look.interval[1]] };
      });
      const variants = experiment.variants.map(({ id }): TimelineVariant => {
        const { subjects, converted } = pooled(arms.get(id)!);
        return { variantId: id, subjects, converted, rate: subjects === 0 ? null : converted / subjects };
      });
      return { day: dayText(day), variants, effects };
    }),
  };
};
