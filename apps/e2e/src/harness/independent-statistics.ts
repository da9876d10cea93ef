// The formulas of textbooks, by brute force and apart from the library under test: what a report says is compared with these.

/** Simpson's rule. */
const integral = (density: (x: number) => number, to: number, steps = 20_000): number => {
  const h = to / steps;
  let total = density(0) + density(to);
  for (let index = 1; index < steps; index += 1) total += density(index * h) * (index % 2 === 1 ? 4 : 2);
  return (total * h) / 3;
};

const logGamma = (x: number): number => {
  let [shifted, correction] = [x, 0];
  for (; shifted < 20; shifted += 1) correction -= Math.log(shifted);
  const inverse = 1 / shifted;
  return correction + (shifted - 0.5) * Math.log(shifted) - shifted + 0.5 * Math.log(2 * Math.PI) + inverse / 12 - inverse ** 3 / 360 + inverse ** 5 / 1260 - inverse ** 7 / 1680;
};

const twoSided = (density: (x: number) => number, statistic: number): number => 1 - 2 * integral(density, Math.abs(statistic));
const normalDensity = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);

/** Two-sided p of a standard normal statistic. */
export const normalP = (z: number): number => twoSided(normalDensity, z);

/** Two-sided p of Student's t. */
export const studentP = (t: number, freedom: number): number => {
  const logScale = logGamma((freedom + 1) / 2) - logGamma(freedom / 2) - 0.5 * Math.log(freedom * Math.PI);
  return twoSided((x) => Math.exp(logScale - ((freedom + 1) / 2) * Math.log1p((x * x) / freedom)), t);
};

/** Pooled two-proportion z-test. */
export const proportionTest = (control: { n: number; x: number }, treatment: { n: number; x: number }): { z: number; p: number; difference: number } => {
  const pooled = (control.x + treatment.x) / (control.n + treatment.n);
  const difference = treatment.x / treatment.n - control.x / control.n;
  const z = difference / Math.sqrt(pooled * (1 - pooled) * (1 / control.n + 1 / treatment.n));
  return { z, p: normalP(z), difference };
};

export const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const varianceOf = (values: readonly number[]): number => {
  const mean = meanOf(values);
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
};

/** Welch's t-test. */
export const welchTest = (control: readonly number[], treatment: readonly number[]): { t: number; p: number; difference: number } => {
  const [a, b] = [varianceOf(control) / control.length, varianceOf(treatment) / treatment.length];
  const difference = meanOf(treatment) - meanOf(control);
  const t = difference / Math.sqrt(a + b);
  const freedom = (a + b) ** 2 / (a ** 2 / (control.length - 1) + b ** 2 / (treatment.length - 1));
  return { t, p: studentP(t, freedom), difference };
};

/** Pearson's chi-square of two counts against equal shares. */
export const equalSharesP = (a: number, b: number): number => normalP((a - b) / Math.sqrt(a + b));
