import { at, demand, requireFinite, requireList, requirePositive } from '../invalid-input';
import { normalIsf, normalPdf, upperTail } from '../special/normal';
import type { Node } from '../special/quadrature';
import { compositeNodes, panels } from '../special/quadrature';
import { findRoot } from '../special/roots';
import type { SpendingPlan } from './spending';
import { checkInformation, spentPerSide } from './spending';

/** A bound above this is reported as this: it is never crossed in practice. */
const LARGEST_BOUND = 8;

/** Where one-sided designs cut the continuation region off below, in standard deviations. */
const FAR = 9;

/** Beyond this many standard deviations of an increment its density is below every tolerance. */
const REACH = 9.5;

/** The score S = Z√t of those who have not crossed yet: its density at the nodes of a rule on the continuation region. */
interface Surviving {
  readonly nodes: readonly Node[];
  readonly density: readonly number[];
}

/** Looks closer than this would need more nodes than they are worth; nobody looks twice at the same data. */
const LEAST_STEP = 1e-3;

/** The increments of S before and after a look, in standard deviations. */
interface Steps {
  readonly before: number;
  readonly after: number;
}

const START: Surviving = { nodes: [{ at: 0, weight: 1 }], density: [1] };

/** Σ density·weight·kernel((target - u - drift)/step) over those who survived. */
const spread = (
  { nodes, density }: Surviving,
  kernel: (z: number) => number,
  position: (score: number) => number,
): number => {
  let sum = 0;
  for (const [index, { at: score, weight }] of nodes.entries()) {
    sum += weight * at(density, index) * kernel(position(score));
  }
  return sum;
};

/** Density of S after one more increment, on the region between `low` and `high`. */
const advance = (from: Surviving, region: readonly [number, number], steps: Steps, shift: number): Surviving => {
  const [low, high] = region;
  const width = Math.min(steps.before, steps.after) * 1.6;
  const nodes = compositeNodes(panels(low, high, Math.max(4, Math.ceil((high - low) / width))));
  const local = (z: number): number => (Math.abs(z) > REACH ? 0 : normalPdf(z));
  const density = nodes.map(
    (node) => spread(from, local, (score) => (node.at - score - shift) / steps.before) / steps.before,
  );
  return { nodes, density };
};

/** Standard deviations of the increments up to each look; the last look has none after it. */
const stepsOf = (information: readonly number[]): Steps[] => {
  const before = information.map((t, index) => Math.sqrt(t - (information[index - 1] ?? 0)));
  demand(before.every((step) => step >= LEAST_STEP), 'looks must be at least 1e-6 of the information apart');
  return before.map((step, index) => ({ before: step, after: before[index + 1] ?? step }));
};

/** b with P(cross above b now) = increment, solved on the log scale; the largest bound when it is never reached. */
const solveBound = (from: Surviving, rootT: number, step: number, increment: number): number => {
  const crossing = (bound: number): number => spread(from, upperTail, (score) => (bound * rootT - score) / step);
  if (!(increment > 0) || crossing(LARGEST_BOUND) >= increment) return LARGEST_BOUND;
  if (from === START) return Math.min(LARGEST_BOUND, normalIsf(increment));
  const target = Math.log(increment);
  const low = -LARGEST_BOUND;
  demand(crossing(low) > increment, 'the spending asks for more than is left');
  const onLogScale = (bound: number): number => Math.log(Math.max(crossing(bound), Number.MIN_VALUE)) - target;
  return findRoot(onLogScale, low, LARGEST_BOUND, 1e-13);
};

/** Result of {@link groupSequentialBounds}; `spent` counts both sides. */
export interface GroupSequentialBounds {
  readonly spent: readonly number[];
  readonly bounds: readonly number[];
}

/**
 * Bounds on |Z| (two sides, alpha/2 each) or Z (one side) that spend alpha as planned, by recursive integration of the
 * score's density. Sources: Armitage, McPherson, Rowe 1969; Lan and DeMets 1983; as in ld98 and gsDesign.
 * @throws InvalidInput as {@link spentPerSide}
 */
export const groupSequentialBounds = (plan: SpendingPlan): GroupSequentialBounds => {
  const spent = spentPerSide(plan);
  const steps = stepsOf(plan.information);
  let surviving = START;
  const bounds = plan.information.map((t, index) => {
    const rootT = Math.sqrt(t);
    const step = at(steps, index);
    const bound = solveBound(surviving, rootT, step.before, at(spent, index) - (spent[index - 1] ?? 0));
    const low = plan.sides === 2 ? -bound : -FAR;
    const isLast = index === plan.information.length - 1;
    if (!isLast) surviving = advance(surviving, [low * rootT, bound * rootT], step, 0);
    return bound;
  });
  return { spent: spent.map((alpha) => alpha * plan.sides), bounds };
};

/** Cumulative probabilities of having crossed, look by look. */
export interface CrossingProbabilities {
  readonly upper: readonly number[];
  readonly lower: readonly number[];
  readonly total: readonly number[];
}

const cumulative = (values: readonly number[]): number[] => {
  let sum = 0;
  return values.map((value) => (sum += value));
};

/**
 * Probabilities of crossing symmetric bounds on |Z| when Z has mean `drift` at information 1.
 * @throws InvalidInput unless bounds are positive, one per look, and the information increases within (0,1]
 */
export const crossingProbabilities = (input: {
  readonly bounds: readonly number[];
  readonly information: readonly number[];
  readonly drift: number;
}): CrossingProbabilities => {
  requireList(input.bounds, 'bounds');
  checkInformation(input.information);
  requireFinite(input.drift, 'drift');
  demand(input.bounds.length === input.information.length, 'there must be one bound per look');
  for (const bound of input.bounds) requirePositive(bound, 'bound');
  const steps = stepsOf(input.information);
  let surviving = START;
  const crossed = input.information.map((t, index) => {
    const limit = at(input.bounds, index) * Math.sqrt(t);
    const step = at(steps, index);
    const shift = input.drift * step.before ** 2;
    const upper = spread(surviving, upperTail, (score) => (limit - score - shift) / step.before);
    const lower = spread(surviving, upperTail, (score) => (limit + score + shift) / step.before);
    if (index < steps.length - 1) surviving = advance(surviving, [-limit, limit], step, shift);
    return { upper, lower };
  });
  const upper = cumulative(crossed.map((look) => look.upper));
  const lower = cumulative(crossed.map((look) => look.lower));
  return { upper, lower, total: upper.map((value, index) => value + at(lower, index)) };
};
