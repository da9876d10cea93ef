import { requireFinite, requirePositive } from '../invalid-input';
import { poissonKernel } from './kernels';
import { upperTail } from './normal';
import { compositeNodes, integrate, panels } from './quadrature';

/** Density of S = √(χ²/df) at s. */
const scaledChiDensity = (s: number, df: number): number => {
  const a = df / 2;
  return (poissonKernel(a, a * s * s) * df) / s;
};

/**
 * P(T > t) of the noncentral t with noncentrality `delta`: ∫ Φ(delta - t·s) f_S(s) ds within 10 sd of s = 1.
 * About 1e-12; holds in tails where summed series give NaN.
 * @throws InvalidInput unless t and delta are finite and df > 0
 */
export const noncentralTSf = (t: number, df: number, delta: number): number => {
  requireFinite(t, 't');
  requireFinite(delta, 'delta');
  requirePositive(df, 'df');
  const sd = 1 / Math.sqrt(2 * df);
  const low = Math.max(0, 1 - 10 * sd);
  const high = 1 + 10 * Math.max(sd, 0.5 / Math.sqrt(df));
  // Φ(delta - t·s) turns over a width 1/t, which may be far narrower than the density.
  const count = Math.ceil(Math.min(2000, Math.max(40, (high - low) * Math.abs(t))));
  const nodes = compositeNodes(panels(low, high, count));
  return Math.min(1, integrate(nodes, (s) => upperTail(t * s - delta) * scaledChiDensity(s, df)));
};
