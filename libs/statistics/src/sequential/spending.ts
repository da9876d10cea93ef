import { demand, requireFinite, requireFraction, requireList, requireOneOf } from '../invalid-input';
import { normalIsf, upperTail } from '../special/normal';

/** Families of alpha spending: O'Brien-Fleming type, Pocock type, power and Hwang-Shih-DeCani. */
export type Spending = 'obf' | 'pocock' | 'power' | 'hsd';

/** How much alpha may have been spent at each look. */
export interface SpendingPlan {
  readonly alpha: number;
  readonly information: readonly number[];
  readonly spending: Spending;
  /** Exponent of `power`, gamma of `hsd`. */
  readonly param?: number | null;
  readonly sides: 1 | 2;
}

/** Cumulative alpha of one side at information t, a = alpha/sides. */
const FAMILIES: Record<Spending, (a: number, t: number, param: number) => number> = {
  obf: (a, t) => 2 * upperTail(normalIsf(a / 2) / Math.sqrt(t)),
  pocock: (a, t) => a * Math.log1p((Math.E - 1) * t),
  power: (a, t, param) => a * t ** param,
  hsd: (a, t, param) => (param === 0 ? a * t : (a * Math.expm1(-param * t)) / Math.expm1(-param)),
};

/** @throws InvalidInput unless the information increases strictly within (0,1] */
export const checkInformation = (information: readonly number[]): void => {
  requireList(information, 'information');
  demand(information.length > 0, 'there must be a look');
  let before = 0;
  for (const t of information) {
    requireFinite(t, 'information');
    demand(t > before && t <= 1, 'information must increase within (0, 1]');
    before = t;
  }
};

const checkParameter = (spending: Spending, param: number | null | undefined): void => {
  if (spending !== 'power' && spending !== 'hsd') return;
  requireFinite(param, 'param');
  demand(spending !== 'power' || (param ?? 0) > 0, 'param of the power family must be positive');
};

/**
 * Cumulative alpha per side at every look. Sources: Lan and DeMets 1983; Hwang, Shih, DeCani 1990.
 * @throws InvalidInput for alpha outside (0,1), information that does not increase, or a missing parameter
 */
export const spentPerSide = (plan: SpendingPlan): number[] => {
  requireFraction(plan.alpha, 'alpha');
  requireOneOf(plan.spending, Object.keys(FAMILIES), 'spending');
  demand(plan.sides === 1 || plan.sides === 2, 'sides must be 1 or 2');
  checkInformation(plan.information);
  checkParameter(plan.spending, plan.param);
  return plan.information.map((t) => FAMILIES[plan.spending](plan.alpha / plan.sides, t, plan.param ?? 1));
};
