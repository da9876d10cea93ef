import { requireFinite, requireFraction, requireList, requireNonNegative, requireObject, requirePositive } from '../invalid-input';
import type { Interval, Status } from '../moments/arms';
import { around } from '../tests/p-values';

/** One look at an effect. */
export interface Look {
  readonly estimate: number;
  readonly se: number;
}

/** `tau` is the sd of plausible effects, in the effect's unit. */
export interface MsprtInput extends Look {
  readonly tau: number;
  readonly alpha: number;
}

/** Result of {@link msprt}. */
export interface MsprtResult {
  readonly status: Status;
  readonly logLambda: number | null;
  readonly pValue: number | null;
  readonly halfWidth: number | null;
  readonly ci: Interval | null;
}

/** ½ ln(V/(V+τ²)) + τ²d²/(2V(V+τ²)), V = se². */
const logLikelihoodRatio = ({ estimate, se }: Look, tau: number): number => {
  const ratio = (tau / se) ** 2;
  return (ratio / (1 + ratio)) * ((estimate / se) ** 2 / 2) - Math.log1p(ratio) / 2;
};

const checkLook = (look: Look): void => {
  requireObject(look, 'look');
  requireFinite(look.estimate, 'estimate');
  requireNonNegative(look.se, 'se');
};

/**
 * Mixture sequential probability ratio test with a normal mixture. Source: Johari, Koomen, Pekelis, Walsh 2017.
 * @throws InvalidInput for a negative se, tau <= 0 or alpha outside (0,1)
 */
export const msprt = (input: MsprtInput): MsprtResult => {
  checkLook(input);
  requirePositive(input.tau, 'tau');
  requireFraction(input.alpha, 'alpha');
  const { estimate, se, tau, alpha } = input;
  if (se === 0) return { status: 'zero_variance', logLambda: null, pValue: null, halfWidth: null, ci: null };
  const ratio = (tau / se) ** 2;
  const logLambda = logLikelihoodRatio(input, tau);
  const halfWidth = se * Math.sqrt((1 + 1 / ratio) * (-2 * Math.log(alpha) + Math.log1p(ratio)));
  const pValue = Math.min(1, Math.exp(-logLambda));
  return { status: 'ok', logLambda, pValue, halfWidth, ci: around(estimate, halfWidth) };
};

/**
 * The published p-values along a series of looks: the running minimum. A look without variance changes nothing.
 * @throws InvalidInput as {@link msprt}
 */
export const msprtPath = (input: { readonly looks: readonly Look[]; readonly tau: number }): { pValues: number[] } => {
  requireList(input.looks, 'looks');
  requirePositive(input.tau, 'tau');
  let running = 1;
  const pValues = input.looks.map((look) => {
    checkLook(look);
    if (look.se > 0) running = Math.min(running, Math.exp(-logLikelihoodRatio(look, input.tau)));
    return running;
  });
  return { pValues };
};
