import { demand, requireFraction, requireList, requireObject, requirePositive } from '../invalid-input';
import type { BinomialArm, Interval } from '../moments/arms';
import { checkBinomial } from '../moments/arms';
import { betaQuantile } from '../special/beta';
import type { PosteriorGrid } from './best-arm';
import { betaPosterior, expectedLosses, gridOf, probabilityBest, subgrid } from './best-arm';

/** Arms of a conversion metric, control first, and the Beta(a,b) they all start from. */
export interface BetaBinomialInput {
  readonly arms: readonly BinomialArm[];
  readonly prior: { readonly a: number; readonly b: number };
  readonly alpha: number;
}

/** Posterior of one arm; losses and gains are differences of rates. */
export interface BetaBinomialArm {
  readonly a: number;
  readonly b: number;
  readonly mean: number;
  readonly ci: Interval;
  readonly probBest: number;
  readonly expectedLoss: number;
  readonly probBeatsControl?: number;
  readonly expectedLossVsControl?: number;
  readonly expectedGainVsControl?: number;
}

/** dx/dλ = x(1-x) on the logit scale. */
const logitJacobian = (logit: number): number => 1 / ((1 + Math.exp(-logit)) * (1 + Math.exp(logit)));

const againstControl = (all: PosteriorGrid, treatment: number) => {
  const grid = subgrid(all, [0, treatment]);
  const [gain = 0, loss = 0] = expectedLosses(grid, logitJacobian);
  const [, probBeatsControl = 0] = probabilityBest(grid);
  return { probBeatsControl, expectedLossVsControl: loss, expectedGainVsControl: gain };
};

const check = ({ arms, prior, alpha }: BetaBinomialInput): void => {
  requireList(arms, 'arms');
  demand(arms.length >= 1, 'there must be an arm');
  for (const arm of arms) checkBinomial(arm, 'arm');
  requireObject(prior, 'prior');
  requirePositive(prior.a, 'prior.a');
  requirePositive(prior.b, 'prior.b');
  requireFraction(alpha, 'alpha');
};

/**
 * Beta-binomial posteriors of conversion rates: equal-tailed intervals, probability to be best, expected loss among all
 * arms and against the control. Quadrature on the logit scale; the same data give the same digits.
 * @throws InvalidInput for impossible counts, prior parameters <= 0 or alpha outside (0,1)
 */
export const betaBinomial = (input: BetaBinomialInput): { arms: BetaBinomialArm[] } => {
  check(input);
  const parameters = input.arms.map(({ n, x }) => ({ a: input.prior.a + x, b: input.prior.b + n - x }));
  const grid = gridOf(parameters.map(({ a, b }) => betaPosterior(a, b)));
  const best = probabilityBest(grid);
  const losses = expectedLosses(grid, logitJacobian);
  const arms = parameters.map(({ a, b }, index) => {
    const ci: Interval = [betaQuantile(input.alpha / 2, a, b), betaQuantile(1 - input.alpha / 2, a, b)];
    const own = { a, b, mean: a / (a + b), ci, probBest: best[index] ?? 0, expectedLoss: losses[index] ?? 0 };
    return index > 0 ? { ...own, ...againstControl(grid, index) } : own;
  });
  return { arms };
};
