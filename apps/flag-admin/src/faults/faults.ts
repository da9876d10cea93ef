import { DomainError, KEY_PATTERN, type Fault } from '@pataka/contracts';
import { isRecord } from '@pataka/evaluation';

/** A member's name as one part of a JSON pointer. */
export const pointerPart = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');

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
