import { DomainError, KEY_PATTERN, type Fault } from '@pataka/contracts';

/** What is wrong with one value, or null. */
export type Check = (value: unknown) => string | null;

export const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A list, or nothing of it: that it is no list is the shape's fault to tell. */
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

export const faultOf = (pointer: string, detail: string | null): Fault[] => (detail === null ? [] : [{ pointer, detail }]);

/** A member's name as one part of a JSON pointer. */
export const pointerPart = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');

const RESERVED = new Set(['constructor', 'prototype', '__proto__']);

/** Names that reach a prototype in somebody's JavaScript, in whatever case, and so are nobody's key. */
export const reservedName: Check = (name) =>
  typeof name === 'string' && RESERVED.has(name.toLowerCase()) ? `"${name}" is a reserved name` : null;

/** Faults of meaning first: where one sits at a pointer, what the shape says there adds nothing. */
export const mergeFaults = (ofMeaning: readonly Fault[], ofShape: readonly Fault[]): Fault[] => {
  const seen = new Set(ofMeaning.map((fault) => fault.pointer));
  return [...ofMeaning, ...ofShape.filter((fault) => !seen.has(fault.pointer))];
};

export const refuse = (faults: readonly Fault[]): void => {
  if (faults.length === 0) return;
  throw new DomainError('validation', `${faults.length} fault${faults.length === 1 ? '' : 's'} in the request`, faults);
};

// Nothing can be called that: a body without a usable key is refused before anything is looked up by it.
const NO_KEY = '-';

/** The key that a body gives itself, as far as it can be one. */
export const keyOf = (body: unknown): string => {
  const key = isRecord(body) ? body['key'] : undefined;
  return typeof key === 'string' && KEY_PATTERN.test(key) ? key : NO_KEY;
};
