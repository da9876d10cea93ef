import { ValidateBy } from 'class-validator';

/** Whether a value can be served by a flag: boolean, string, finite number or object. */
export const isFlagValue = (value: unknown): boolean =>
  typeof value === 'boolean' || typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value)) ||
  (typeof value === 'object' && value !== null && !Array.isArray(value));

/** Marks a member that holds a flag's value; `FLAG_VALUE_SCHEMA` is its JSON Schema. */
export const IsFlagValue = (): PropertyDecorator =>
  ValidateBy({ name: 'isFlagValue', validator: { validate: isFlagValue, defaultMessage: () => 'must be a boolean, string, finite number or object' } });

/** JSON Schema of a flag's value. */
export const FLAG_VALUE_SCHEMA = { description: "of the flag's type", type: ['boolean', 'string', 'number', 'object'] } as const;
