import type { FactorialEffectResult, FactorialResult, JsonValue, MetricDefinition } from '@pataka/contracts';
import { adjustPValues, factorialEffects, factorialTerms, type FactorialCell } from '@pataka/statistics';
import { toNumber } from '../evidence/fixed-point';
import type { ReportContext } from './report-context';
import { armsOf, pooled, populationOf, type SumRow } from './sums';

const LEAST_PER_CELL = 100;

type Factors = NonNullable<ReportContext['experiment']['factors']>;

/** The levels of a cell, by the value that it is served. */
const levelsOf = (config: JsonValue, factors: Factors): number[] | null => {
  if (typeof config !== 'object' || config === null || Array.isArray(config)) return null;
  const levels = factors.map(({ name, levels: of }) => of.findIndex((level) => JSON.stringify(level) === JSON.stringify(config[name])));
  return levels.includes(-1) ? null : levels;
};

const cellsOf = (rows: readonly SumRow[], metric: MetricDefinition, { experiment }: ReportContext, factors: Factors): FactorialCell[] | null => {
  const isRate = (metric.type ?? 'conversion') === 'conversion';
  const cells = experiment.variants.flatMap(({ id, config }) => {
    const levels = levelsOf(config, factors);
    const arm = pooled(armsOf(rows, id, metric.key));
    const sums = isRate ? { sum: arm.converted, sumSq: arm.converted } : { sum: toNumber(arm.y, 6), sumSq: toNumber(arm.yy, 12) };
    return levels === null ? [] : [{ levels, n: populationOf(arm, metric), ...sums }];
  });
  return cells.length === factors.reduce((product, { levels }) => product * levels.length, 1) ? cells : null;
};

const nothing = { estimate: null, standardError: null, degreesOfFreedom: null, statistic: null, pValue: null, adjustedPValue: null, confidenceInterval: null };

const contrasts = (names: readonly string[], cells: readonly FactorialCell[], alpha: number): FactorialEffectResult[] =>
  factorialEffects({ factors: names, cells, alpha }).effects.map(({ name, estimate, se, df, t, pValue, ci }) => ({
    ...nothing, name, order: name.split(':').length, estimate, standardError: se, degreesOfFreedom: df, statistic: t, pValue, confidenceInterval: ci === null ? null : [ci[0], ci[1]],
  }));

const waldTests = (names: readonly string[], levels: readonly number[], cells: readonly FactorialCell[]): FactorialEffectResult[] =>
  factorialTerms({ factors: names, levels, cells }).terms.map(({ name, chi2, df, pValue }) => ({ ...nothing, name, order: name.split(':').length, degreesOfFreedom: df, statistic: chi2, pValue }));

/** Corrects by Holm within each order: main effects among themselves, two-way interactions among themselves, and so on. */
const adjusted = (effects: readonly FactorialEffectResult[], alpha: number): FactorialEffectResult[] => {
  const orders = [...new Set(effects.map(({ order }) => order))];
  const byName = new Map(orders.flatMap((order) => {
    const family = effects.filter((effect) => effect.order === order);
    const { adjusted: pValues } = adjustPValues({ pValues: family.map(({ pValue }) => pValue), method: 'holm', alpha });
    return family.map(({ name }, index): [string, number | null] => [name, pValues[index] ?? null]);
  }));
  return effects.map((effect) => ({ ...effect, adjustedPValue: byName.get(effect.name) ?? null }));
};

const resultOf = (rows: readonly SumRow[], metric: MetricDefinition, context: ReportContext, factors: Factors): FactorialResult => {
  // Names stand in for factors here, for a factor's own may hold the colon that joins them.
  const names = factors.map((_, index) => `f${index}`);
  const levels = factors.map((factor) => factor.levels.length);
  const twoLevels = levels.every((count) => count === 2);
  const described = { metric: metric.key, test: twoLevels ? 'contrast-t' as const : 'wald-chi-square' as const, factors: factors.map(({ name, levels: of }) => ({ name, levels: of })) };
  const cells = cellsOf(rows, metric, context, factors);
  if (cells === null) return { ...described, effects: [], interacting: false, smallestCell: 0, reason: 'the variants are not the cells of the factors' };
  const found = adjusted(twoLevels ? contrasts(names, cells, context.alpha) : waldTests(names, levels, cells), context.alpha);
  const smallestCell = Math.min(...cells.map(({ n }) => n));
  const named = (name: string): string => name.split(':').map((part) => factors[Number(part.slice(1))]!.name).join(' × ');
  return {
    ...described, smallestCell, effects: found.map((effect) => ({ ...effect, name: named(effect.name) })),
    interacting: found.some(({ order, adjustedPValue }) => order > 1 && adjustedPValue !== null && adjustedPValue < context.alpha),
    ...(smallestCell < LEAST_PER_CELL ? { reason: `a cell has fewer than ${LEAST_PER_CELL} subjects` } : {}),
  };
};

/** Main effects and interactions on every success metric; nothing for an experiment without factors. */
export const factorialOf = (rows: readonly SumRow[], context: ReportContext): { factorial?: FactorialResult[] } => {
  const { factors } = context.experiment;
  if (factors === undefined || factors.length === 0) return {};
  const metrics = context.metrics.filter((metric) => (metric.key === context.primary?.key || context.secondary.has(metric.key)) && ['conversion', 'mean'].includes(metric.type ?? 'conversion') && metric.per !== 'member');
  return { factorial: metrics.map((metric) => resultOf(rows, metric, context, factors)) };
};
