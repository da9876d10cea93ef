import type { MetricDefinition } from '@pataka/contracts';
import { fixedPointMoments, ratioEstimate, type MeanEstimate } from '@pataka/statistics';
import { isPerMember } from '../evidence/evidence-plan';
import { ONE, toNumber } from '../evidence/fixed-point';
import type { Day } from '../evidence/instant';

/** A row of the sums of one experiment, over all shards; see `Tally` for what they mean. */
export type SumAxis = 'exposed' | 'happened' | 'exposed-before' | 'happened-before';
export interface SumRow { axis: SumAxis; variant: string; metric: string; day: Day; phase: number; n: number; y: bigint; yy: bigint; x: bigint; xx: bigint; xy: bigint }

/** Final sums within one value of an attribute; of no day. */
export interface SegmentRow extends SumRow { attribute: string; value: string }

/** One variant's subjects on one metric: how many, how many of them with an event, and sums of their values. */
export interface Arm { subjects: number; converted: number; y: bigint; yy: bigint; x: bigint; xx: bigint; xy: bigint }
/** An arm for each phase: effects are compared within a phase. */
export type Arms = ReadonlyMap<number, Arm>;

const emptyArm = (): Arm => ({ subjects: 0, converted: 0, y: 0n, yy: 0n, x: 0n, xx: 0n, xy: 0n });

/** Adds rows up to a day, and then some more: any look costs no more than the rows since the one before. */
export class GrowingArms {
  private readonly arms = new Map<number, Arm>();
  private readonly pending: SumRow[];
  private next = 0;

  constructor(rows: readonly SumRow[]) {
    this.pending = [...rows].sort((a, b) => a.day - b.day);
  }

  upTo(day: Day): Arms {
    for (; this.next < this.pending.length && this.pending[this.next]!.day <= day; this.next += 1) this.add(this.pending[this.next]!);
    return this.arms;
  }

  private add(row: SumRow): void {
    let arm = this.arms.get(row.phase);
    if (arm === undefined) this.arms.set(row.phase, (arm = emptyArm()));
    if (row.metric === '') {
      arm.subjects += row.n;
      return;
    }
    arm.converted += row.n;
    for (const part of ['y', 'yy', 'x', 'xx', 'xy'] as const) arm[part] += row[part];
  }
}

const byVariant = (rows: readonly SumRow[], axis: SumRow['axis'], variant: string, metric: string): SumRow[] =>
  rows.filter((row) => row.variant === variant && ((row.axis === 'exposed' && row.metric === '') || (row.axis === axis && row.metric === metric)));

/** A variant's arms on a metric, over all rows given. */
export const armsOf = (rows: readonly SumRow[], variant: string, metric: string): Arms => new GrowingArms(byVariant(rows, 'exposed', variant, metric)).upTo(Infinity);

/** The same as it grew day by day. */
export const growingArms = (rows: readonly SumRow[], variant: string, metric: string, axis: 'happened' | 'happened-before' = 'happened'): GrowingArms => new GrowingArms(byVariant(rows, axis, variant, metric));

/** All phases in one. */
export const pooled = (arms: Arms): Arm => {
  const all = emptyArm();
  for (const arm of arms.values()) {
    all.subjects += arm.subjects;
    all.converted += arm.converted;
    for (const part of ['y', 'yy', 'x', 'xx', 'xy'] as const) all[part] += arm[part];
  }
  return all;
};

/** How many subjects a metric speaks of. */
export const populationOf = (arm: Arm, metric: MetricDefinition): number =>
  metric.population === 'converted' && (metric.type ?? 'conversion') !== 'conversion' ? arm.converted : arm.subjects;

/** Sums of a ratio as the statistics take them. */
export const ratioArm = (arm: Arm) => ({
  n: arm.subjects, sumY: toNumber(arm.y, 6), sumX: toNumber(arm.x, 6), sumYY: toNumber(arm.yy, 12), sumXX: toNumber(arm.xx, 12), sumXY: toNumber(arm.xy, 12),
});

export const momentsOfArm = (arm: Arm, metric: MetricDefinition) => fixedPointMoments({ n: populationOf(arm, metric), sum: arm.y, sumSq: arm.yy, unitsPerOne: ONE });

/** An arm's mean and the variance of that mean, or why there is none. */
export const estimateOfArm = (arm: Arm, metric: MetricDefinition): MeanEstimate | 'insufficient_data' | 'zero_denominator' => {
  if (metric.type === 'ratio' || isPerMember(metric)) return ratioEstimate(ratioArm(arm), 'arm');
  if ((metric.type ?? 'conversion') === 'conversion') {
    const { subjects: n, converted: x } = arm;
    return n === 0 ? 'insufficient_data' : { mean: x / n, variance: ((x / n) * ((n - x) / n)) / n };
  }
  const { n, mean, variance } = momentsOfArm(arm, metric);
  return mean === null || variance === null ? 'insufficient_data' : { mean, variance: variance / n };
};
