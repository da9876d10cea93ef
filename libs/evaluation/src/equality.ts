/** Whether a present attribute value (never null or undefined) satisfies a condition. */
export type Holds = (actual: unknown) => boolean;

/** The number whose JSON text this is, else NaN. */
const numberOf = (text: string): number => {
  const number = Number(text);
  return Number.isFinite(number) && String(number) === text ? number : NaN;
};

/** The boolean whose JSON text this is, else null. */
const truthOf = (text: string): boolean | null => (text === 'true' ? true : text === 'false' ? false : null);

/** What a scalar equals, by the type of the attribute. */
export type Scalar = { readonly text: unknown; readonly number: unknown; readonly truth: unknown };

/** Takes the place of a type that nothing equals; missing attributes don't equal it either. */
const UNEQUAL = Symbol('equals nothing');

/**
 * Equality of scalars: same type and value, or number or boolean against its JSON text. Arrays, objects and numbers that JSON
 * can't write equal nothing.
 */
export const scalarOf = (value: unknown): Scalar => {
  if (typeof value === 'string') return { text: value, number: numberOf(value), truth: truthOf(value) ?? UNEQUAL };
  if (typeof value === 'boolean') return { text: String(value), number: UNEQUAL, truth: value };
  return typeof value === 'number' && Number.isFinite(value) ? { text: String(value), number: value, truth: UNEQUAL } : { text: UNEQUAL, number: UNEQUAL, truth: UNEQUAL };
};

/** Whether an attribute equals a condition's value. */
export const equalTo = (value: unknown): Holds => {
  const { text, number, truth } = scalarOf(value);
  return (actual) => actual === text || actual === number || actual === truth;
};

/** A list of scalars, by the type of the attribute that is looked up in it. */
export type Members = { texts: Set<string>; numbers: Set<number>; truths: Set<boolean> };

const addText = ({ texts, numbers, truths }: Members, text: string): void => {
  texts.add(text);
  const number = numberOf(text);
  if (!Number.isNaN(number)) numbers.add(number);
  const truth = truthOf(text);
  if (truth !== null) truths.add(truth);
};

const membersOf = (list: readonly unknown[]): Members => {
  const members: Members = { texts: new Set(), numbers: new Set(), truths: new Set() };
  for (const item of list) {
    if (typeof item === 'string') addText(members, item);
    else if (typeof item === 'boolean' || (typeof item === 'number' && Number.isFinite(item))) addText(members, String(item));
  }
  return members;
};

/** Equality of a scalar with any member of a list, by look-up instead of by comparing. */
const isAmong = ({ texts, numbers, truths }: Members, actual: unknown): boolean => {
  if (typeof actual === 'string') return texts.has(actual);
  if (typeof actual === 'number') return numbers.has(actual);
  return typeof actual === 'boolean' && truths.has(actual);
};

/** A condition's value as a list: a single value is a list of one, and a missing one a list of none. */
export const listOf = (value: unknown): readonly unknown[] => {
  if (Array.isArray(value)) return value;
  return value === undefined || value === null ? [] : [value];
};

/** The texts of a condition's value that names things by key. */
export const keysOf = (value: unknown): string[] => listOf(value).filter((item) => typeof item === 'string');

/** The list of an `in`, ready to be looked into. */
export const listMembers = (value: unknown): Members => membersOf(listOf(value));

/** `in`: equals one of the list; of an array attribute any member does. */
export const isMember = (members: Members, actual: unknown): boolean => {
  if (typeof actual === 'string') return members.texts.has(actual);
  return Array.isArray(actual) ? actual.some((one) => isAmong(members, one)) : isAmong(members, actual);
};

/** `contains`: a substring of a string, or a member of an array. */
export const containing = (value: unknown): Holds => {
  const equals = equalTo(value);
  return (actual) => {
    if (typeof actual === 'string') return typeof value === 'string' && actual.includes(value);
    return Array.isArray(actual) && actual.some(equals);
  };
};

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** Equality of JSON values; the order of an object's keys does not matter. */
export const deepEqual = (left: unknown, right: unknown): boolean => {
  if (left === right) return true;
  if (!isRecord(left) || !isRecord(right) || Array.isArray(left) !== Array.isArray(right)) return false;
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return false;
  return keys.every((key) => Object.prototype.hasOwnProperty.call(right, key) && deepEqual(left[key], right[key]));
};
