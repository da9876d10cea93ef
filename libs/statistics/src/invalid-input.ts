/** Thrown for input that the statistics library refuses; nothing is ever computed from it. */
export class InvalidInput extends Error {
  readonly code = 'invalid_input';

  constructor(detail: string) {
    super(detail);
    this.name = 'InvalidInput';
  }
}

/** Refuses with `detail` unless `holds`. */
export function demand(holds: boolean, detail: string): asserts holds {
  if (!holds) throw new InvalidInput(detail);
}

/** A value of JSON that is an object, not an array. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const requireObject = (value: unknown, name: string): void => demand(isObject(value), `${name} must be an object`);

export const requireList = (value: unknown, name: string): void => demand(Array.isArray(value), `${name} must be a list`);

export const requireFinite = (value: unknown, name: string): void =>
  demand(typeof value === 'number' && Number.isFinite(value), `${name} must be a finite number`);

export const requirePositive = (value: unknown, name: string): void =>
  demand(typeof value === 'number' && Number.isFinite(value) && value > 0, `${name} must be positive`);

export const requireNonNegative = (value: unknown, name: string): void =>
  demand(typeof value === 'number' && Number.isFinite(value) && value >= 0, `${name} must not be negative`);

/** Strictly between 0 and 1: alpha, power, a rate that a plan is made for. */
export const requireFraction = (value: unknown, name: string): void =>
  demand(typeof value === 'number' && value > 0 && value < 1, `${name} must be between 0 and 1, exclusive`);

export const requireCount = (value: unknown, name: string): void =>
  demand(typeof value === 'number' && Number.isSafeInteger(value) && value >= 0, `${name} must be a count`);

export const requireBoolean = (value: unknown, name: string): void =>
  demand(typeof value === 'boolean', `${name} must be true or false`);

export const requireOneOf = (value: unknown, allowed: readonly string[], name: string): void =>
  demand(typeof value === 'string' && allowed.includes(value), `${name} must be one of ${allowed.join(', ')}`);

/** The element at `index`; for numeric code whose indices are right by construction. */
export const at = <T>(list: ArrayLike<T>, index: number): T => {
  const value = list[index];
  if (value === undefined) throw new RangeError(`no element ${index} of ${list.length}`);
  return value;
};
