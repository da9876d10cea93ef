import type { SimulatedRun } from '@pataka/experiment-orchestrator';

/** How often something came about, with a 95% interval (Wilson): a simulation is a sample, too. */
export interface Frequency { count: number; of: number; rate: number; interval: [number, number] }

/** What many runs of one policy come to. */
export interface Outlook {
  runs: number; days: number;
  finished: Frequency; rolledBack: Frequency; held: Frequency; running: Frequency;
  /** Days on which runs were rolled back or finished: least, median, most; null where none was. */
  rollBackDay: [number, number, number] | null; finishDay: [number, number, number] | null;
  /** Median percentage at the end of each day, and how many were rolled back by then. */
  byDay: { day: number; percentage: number; rolledBack: number; finished: number }[];
  /** Reasons of holds and roll-backs, by how many runs met them. */
  reasons: Record<string, number>;
}

const Z = 1.959963984540054;

export const frequencyOf = (count: number, of: number): Frequency => {
  if (of === 0) return { count, of, rate: 0, interval: [0, 1] };
  const p = count / of;
  const spread = Z * Math.sqrt((p * (1 - p) + (Z * Z) / (4 * of)) / of);
  const scale = 1 + (Z * Z) / of;
  return { count, of, rate: p, interval: [Math.max(0, (p + (Z * Z) / (2 * of) - spread) / scale), Math.min(1, (p + (Z * Z) / (2 * of) + spread) / scale)] };
};

const ascending = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);
const medianOf = (values: readonly number[]): number => ascending(values)[Math.floor((values.length - 1) / 2)] ?? 0;

const rangeOf = (days: readonly number[]): [number, number, number] | null => (days.length === 0 ? null : [Math.min(...days), medianOf(days), Math.max(...days)]);

const reasonsOf = (runs: readonly SimulatedRun[]): Record<string, number> => {
  const counts = new Map<string, number>();
  for (const { decisions } of runs) {
    const met = new Set(decisions.filter(({ record }) => ['hold', 'rollBack', 'escalate'].includes(record.decision)).flatMap(({ record }) => record.reasons));
    for (const reason of met) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return Object.fromEntries([...counts].sort(([a, one], [b, other]) => other - one || (a < b ? -1 : 1)));
};

/** Sums runs up. */
export const outlookOf = (runs: readonly SimulatedRun[], days: number): Outlook => {
  const of = (outcome: SimulatedRun['outcome']): Frequency => frequencyOf(runs.filter((run) => run.outcome === outcome).length, runs.length);
  const daysOf = (outcome: SimulatedRun['outcome']): number[] => runs.filter((run) => run.outcome === outcome).map(({ day }) => day ?? 0);
  const percentageOn = (run: SimulatedRun, day: number): number => run.percentages[Math.min(day, run.percentages.length) - 1] ?? 0;
  return {
    runs: runs.length, days, finished: of('finished'), rolledBack: of('rolledBack'), held: of('held'), running: of('running'),
    rollBackDay: rangeOf(daysOf('rolledBack')), finishDay: rangeOf(daysOf('finished')),
    byDay: Array.from({ length: days }, (_, index) => ({
      day: index + 1, percentage: medianOf(runs.map((run) => percentageOn(run, index + 1))),
      rolledBack: daysOf('rolledBack').filter((day) => day <= index + 1).length, finished: daysOf('finished').filter((day) => day <= index + 1).length,
    })),
    reasons: reasonsOf(runs),
  };
};
