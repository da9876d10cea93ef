import { at } from '../invalid-input';
import { betaPointAtLogit, betaValues } from '../special/beta';
import { normalPdf, upperTail } from '../special/normal';
import type { Node } from '../special/quadrature';
import { compositeNodes } from '../special/quadrature';

/** A posterior on the scale where it is near normal: breakpoints for quadrature, and its values at a point of it. */
export interface Posterior {
  readonly breakpoints: readonly number[];
  /** Density on the scale, and both tails. */
  readonly at: (point: number) => { density: number; lower: number; upper: number };
}

/** Posteriors evaluated at the nodes of one rule that fits all of them. */
export interface PosteriorGrid {
  readonly nodes: readonly Node[];
  /** [arm][node] */
  readonly values: readonly (readonly { density: number; lower: number; upper: number }[])[];
}

/** Distances from the centre, in standard deviations, at which the rule is refined. */
const SPREAD = [0, 0.6, 1.2, 1.8, 2.4, 3, 3.6, 4.3, 5, 5.7, 6.5, 8, 10, 13, 18, 26, 37];

const spreadAround = (centre: number, sd: number, multiples: readonly number[]): number[] =>
  multiples.flatMap((multiple) => [centre - multiple * sd, centre + multiple * sd]);

/** With a or b below about 1 the logit has long exponential tails; the rule must reach where they end. */
const betaSpread = (sd: number, smallest: number): number[] => {
  const multiples = [...SPREAD];
  for (let reach = 37; reach * sd < 45 / smallest; ) multiples.push((reach *= 1.3));
  return multiples;
};

/** Beta(a,b) on the logit scale, where f dx = kernel dλ. */
export const betaPosterior = (a: number, b: number): Posterior => {
  const sd = Math.sqrt(1 / a + 1 / b);
  return {
    breakpoints: spreadAround(Math.log(a / b), sd, betaSpread(sd, Math.min(a, b))),
    at: (logit) => {
      const { kernel, lower, upper } = betaValues(a, b, betaPointAtLogit(a, b, logit));
      return { density: kernel, lower, upper };
    },
  };
};

/** A normal posterior on its own scale. */
export const gaussianPosterior = (mean: number, sd: number): Posterior => ({
  breakpoints: spreadAround(mean, sd, SPREAD),
  at: (point) => {
    const z = (point - mean) / sd;
    return { density: normalPdf(z) / sd, lower: upperTail(-z), upper: upperTail(z) };
  },
});

/** Evaluates all posteriors once at nodes that resolve each of them. */
export const gridOf = (posteriors: readonly Posterior[]): PosteriorGrid => {
  const breakpoints = posteriors.flatMap((posterior) => posterior.breakpoints).sort((a, b) => a - b);
  const nodes = compositeNodes(breakpoints);
  return { nodes, values: posteriors.map((posterior) => nodes.map((node) => posterior.at(node.at))) };
};

/** The same nodes, for some of the arms only. */
export const subgrid = ({ nodes, values }: PosteriorGrid, arms: readonly number[]): PosteriorGrid => ({
  nodes,
  values: arms.map((arm) => at(values, arm)),
});

/** Σ weight·f(node index): a quadrature over the grid. */
export const sumOver = ({ nodes }: PosteriorGrid, f: (node: number) => number): number => {
  let sum = 0;
  for (const [index, node] of nodes.entries()) sum += node.weight * f(index);
  return sum;
};

const others = (count: number, ...left: readonly number[]): number[] =>
  Array.from({ length: count }, (_, index) => index).filter((index) => !left.includes(index));

/** ∏ of the lower tails of `arms` at a node. */
const allBelow = ({ values }: PosteriorGrid, arms: readonly number[], node: number): number =>
  arms.reduce((product, arm) => product * at(at(values, arm), node).lower, 1);

/** P(best_i) = ∫ f_i ∏_{j≠i} F_j. */
export const probabilityBest = (grid: PosteriorGrid): number[] =>
  grid.values.map((own, arm) => {
    const rest = others(grid.values.length, arm);
    return sumOver(grid, (node) => at(own, node).density * allBelow(grid, rest, node));
  });

/** P(second_i) = ∫ f_i Σ_{j≠i} (1-F_j) ∏_{l≠i,j} F_l. */
export const probabilitySecond = (grid: PosteriorGrid): number[] =>
  grid.values.map((own, arm) => {
    const rest = others(grid.values.length, arm);
    const lists = rest.map((best) => ({ best, below: others(grid.values.length, arm, best) }));
    const oneAbove = (node: number): number =>
      lists.reduce((sum, { best, below }) => sum + at(at(grid.values, best), node).upper * allBelow(grid, below, node), 0);
    return sumOver(grid, (node) => at(own, node).density * oneAbove(node));
  });

/** 1 - ∏(1-u_j) of the others' upper tails at a node, without cancelling when all are small. */
const anyAbove = ({ values }: PosteriorGrid, arms: readonly number[], node: number): number =>
  arms.reduce((reached, arm) => {
    const { lower, upper } = at(at(values, arm), node);
    return reached * lower + upper;
  }, 0);

/**
 * E[max_j θ_j - θ_i] = ∫ F_i (1 - ∏_{j≠i} F_j) dθ; `jacobian` is dθ per unit of the grid's scale at each node.
 * Every term is positive, so small losses keep their digits.
 */
export const expectedLosses = (grid: PosteriorGrid, jacobian: (point: number) => number): number[] => {
  const scale = grid.nodes.map((node) => jacobian(node.at));
  return grid.values.map((own, arm) => {
    const rest = others(grid.values.length, arm);
    return sumOver(grid, (node) => at(own, node).lower * anyAbove(grid, rest, node) * at(scale, node));
  });
};
