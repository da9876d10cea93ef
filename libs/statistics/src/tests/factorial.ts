import { at, demand, requireFraction, requireList, requireObject } from '../invalid-input';
import type { Interval } from '../moments/arms';
import { momentsOf } from '../moments/arms';
import { chiSquareSf } from '../special/chi-square';
import { dot, solveSemidefinite } from '../special/cholesky';
import { satterthwaite, tInference } from './welch';

/** Sums of the users who got one combination of levels; `levels` has one index per factor. */
export interface FactorialCell {
  readonly levels: readonly number[];
  readonly n: number;
  readonly sum: number;
  readonly sumSq: number;
}

/** One main effect or interaction of two-level factors. */
export interface FactorialEffect {
  readonly name: string;
  readonly estimate: number | null;
  readonly se: number | null;
  readonly df: number | null;
  readonly t: number | null;
  readonly pValue: number | null;
  readonly ci: Interval | null;
}

/** Wald test of one term over all its levels. */
export interface FactorialTerm {
  readonly name: string;
  readonly chi2: number | null;
  readonly df: number;
  readonly pValue: number | null;
}

type FactorialStatus = 'ok' | 'insufficient_data' | 'zero_variance';

interface CellMean {
  readonly levels: readonly number[];
  readonly n: number;
  readonly mean: number;
  readonly variance: number;
}

/** Every combination of levels, exactly once. */
const checkDesign = (factors: readonly string[], levels: readonly number[], cells: readonly FactorialCell[]): void => {
  requireList(factors, 'factors');
  requireList(levels, 'levels');
  requireList(cells, 'cells');
  demand(factors.every((factor) => typeof factor === 'string'), 'a factor is named by a string');
  demand(factors.length > 0 && factors.length === levels.length, 'every factor needs its number of levels');
  demand(levels.every((count) => Number.isInteger(count) && count >= 2), 'a factor has at least two levels');
  const size = levels.reduce((product, count) => product * count, 1);
  const seen = new Set<string>();
  for (const cell of cells) {
    requireObject(cell, 'cell');
    requireList(cell.levels, 'cell.levels');
    demand(cell.levels.length === factors.length, 'a cell names one level per factor');
    const known = cell.levels.every((level, i) => Number.isInteger(level) && level >= 0 && level < at(levels, i));
    demand(known, 'a cell names an unknown level');
    seen.add(cell.levels.join());
  }
  demand(cells.length === size && seen.size === size, 'every combination of levels must be there once');
};

/** Cell means with the variances of the users; null when a cell has fewer than two. */
const cellMeans = (cells: readonly FactorialCell[]): CellMean[] | null => {
  const moments = cells.map((cell) => ({ levels: cell.levels, ...momentsOf(cell, 'cell') }));
  const known = moments.flatMap(({ levels, n, mean, variance }) =>
    mean === null || variance === null ? [] : [{ levels, n, mean, variance }],
  );
  return known.length === moments.length ? known : null;
};

/** Index sets in order of size, then position: A, B, C, A:B, A:C, B:C, A:B:C. */
const termsOf = (factors: number): number[][] => {
  const sets = Array.from({ length: 2 ** factors - 1 }, (_, mask) =>
    Array.from({ length: factors }, (__, factor) => factor).filter((factor) => ((mask + 1) >> factor) & 1),
  );
  return sets.sort((a, b) => a.length - b.length || comparePositions(a, b));
};

const comparePositions = (a: readonly number[], b: readonly number[]): number => {
  const first = a.findIndex((value, index) => value !== b[index]);
  return first < 0 ? 0 : at(a, first) - at(b, first);
};

const nameOf = (factors: readonly string[], term: readonly number[]): string =>
  term.map((factor) => at(factors, factor)).join(':');

const effectOf = (cells: readonly CellMean[], term: readonly number[], alpha: number): Omit<FactorialEffect, 'name'> => {
  const averaged = 2 ** (at(cells, 0).levels.length - term.length);
  const weights = cells.map(({ levels }) => {
    const sign = term.reduce((product, factor) => (at(levels, factor) === 1 ? product : -product), 1);
    return sign / averaged;
  });
  const estimate = dot(
    weights,
    cells.map((cell) => cell.mean),
  );
  const parts = cells.map((cell, i) => ({ variance: (at(weights, i) ** 2 * cell.variance) / cell.n, df: cell.n - 1 }));
  const se = Math.sqrt(parts.reduce((sum, part) => sum + part.variance, 0));
  if (se === 0) return { estimate, se, df: null, t: null, pValue: null, ci: null };
  const df = satterthwaite(parts);
  return { estimate, se, df, ...tInference(estimate, se, df, { alpha, alternative: 'two-sided' }) };
};

/**
 * Main effects and interactions of a full 2^k design: differences (of differences…) of cell means, averaged evenly over
 * the other factors, with unpooled se and Satterthwaite df. Equal to saturated OLS with ±½ coding and HC2.
 * @throws InvalidInput for a design that is not full, sums that no data can have or alpha outside (0,1)
 */
export const factorialEffects = (input: {
  readonly factors: readonly string[];
  readonly cells: readonly FactorialCell[];
  readonly alpha: number;
}): { status: FactorialStatus; effects: FactorialEffect[] } => {
  requireList(input.factors, 'factors');
  requireFraction(input.alpha, 'alpha');
  demand(input.factors.length <= 10, 'at most ten factors');
  checkDesign(input.factors, input.factors.map(() => 2), input.cells);
  const cells = cellMeans(input.cells);
  const nothing = { estimate: null, se: null, df: null, t: null, pValue: null, ci: null };
  const effects = termsOf(input.factors.length).map((term) => ({
    name: nameOf(input.factors, term),
    ...(cells ? effectOf(cells, term, input.alpha) : nothing),
  }));
  if (!cells) return { status: 'insufficient_data', effects };
  return { status: effects.some((effect) => effect.t !== null) ? 'ok' : 'zero_variance', effects };
};

/** Contrasts of level j against level 0, for each j >= 1, averaged evenly over the factors outside the term. */
const contrastsOf = (cells: readonly CellMean[], levels: readonly number[], term: readonly number[]): number[][] => {
  const averaged = levels.reduce((product, count, factor) => (term.includes(factor) ? product : product * count), 1);
  const targets = term.reduce<number[][]>(
    (sets, factor) => sets.flatMap((set) => Array.from({ length: at(levels, factor) - 1 }, (_, j) => [...set, j + 1])),
    [[]],
  );
  const sign = (level: number, target: number): number => Number(level === target) - Number(level === 0);
  return targets.map((target) =>
    cells.map((cell) => term.reduce((w, factor, i) => w * sign(at(cell.levels, factor), at(target, i)), 1 / averaged)),
  );
};

const waldOf = (cells: readonly CellMean[], contrasts: readonly (readonly number[])[]): Omit<FactorialTerm, 'name'> => {
  const means = cells.map((cell) => cell.mean);
  const differences = contrasts.map((weights) => dot(weights, means));
  const covariance = contrasts.map((a) =>
    contrasts.map((b) => cells.reduce((sum, cell, i) => sum + (at(a, i) * at(b, i) * cell.variance) / cell.n, 0)),
  );
  const { x, dropped } = solveSemidefinite(covariance, differences);
  const df = contrasts.length;
  if (dropped.length > 0) return { chi2: null, df, pValue: null };
  const chi2 = dot(x, differences);
  return { chi2, df, pValue: chiSquareSf(chi2, df) };
};

interface WaldInput {
  readonly factors: readonly string[];
  readonly levels: readonly number[];
  readonly cells: readonly FactorialCell[];
}

/**
 * Wald chi-square of every main effect and interaction on cell means with even weights, for any number of levels.
 * @throws InvalidInput for a design that is not full, more than four factors, or sums that no data can have
 */
export const factorialTerms = ({ factors, levels, cells: given }: WaldInput): { status: FactorialStatus; terms: FactorialTerm[] } => {
  checkDesign(factors, levels, given);
  demand(factors.length <= 4, 'at most four factors');
  const cells = cellMeans(given);
  const sizeOf = (term: readonly number[]): number => term.reduce((df, factor) => df * (at(levels, factor) - 1), 1);
  const terms = termsOf(factors.length).map((term) => {
    const name = nameOf(factors, term);
    return cells ? { name, ...waldOf(cells, contrastsOf(cells, levels, term)) } : { name, chi2: null, df: sizeOf(term), pValue: null };
  });
  if (!cells) return { status: 'insufficient_data', terms };
  return { status: terms.some((term) => term.chi2 !== null) ? 'ok' : 'zero_variance', terms };
};

/**
 * The same for two factors: both main effects and their interaction.
 * @throws InvalidInput as {@link factorialTerms}, or for other than two factors
 */
export const factorialWald = (input: WaldInput): { status: FactorialStatus; terms: FactorialTerm[] } => {
  requireList(input.factors, 'factors');
  demand(input.factors.length === 2, 'the Wald test takes two factors');
  return factorialTerms(input);
};
