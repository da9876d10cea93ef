import type { Fault } from './problems';

/** Limits of any JSON that comes in. */
export interface JsonLimits { maxDepth: number; maxString?: number }

const FORBIDDEN_MEMBERS = new Set(['__proto__', 'constructor', 'prototype']);
const MAX_FAULTS = 50;
const escapePointer = (part: string): string => part.replaceAll('~', '~0').replaceAll('/', '~1');

const stringFault = (text: string, maxString: number): string | null => {
  if (text.length > maxString) return `is longer than ${maxString} characters`;
  if (text.includes('\u0000')) return 'contains a NUL character, which cannot be stored';
  return text.isWellFormed() ? null : 'contains a lone surrogate, which is no valid Unicode';
};

const numberFault = (value: number): string | null => {
  if (!Number.isFinite(value)) return 'is not a finite number';
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) return 'is an integer beyond 2^53-1 and has lost digits: send it as a string';
  return null;
};

/**
 * Faults of parsed JSON that no schema sees: too deep, NUL or lone surrogates, member names that could reach a prototype, integers that
 * have lost digits. Iterative, so that hostile depth cannot exhaust the stack. At most 50 faults.
 */
export const checkJson = (root: unknown, limits: JsonLimits): Fault[] => {
  const faults: Fault[] = [];
  const maxString = limits.maxString ?? 1_000_000;
  const pending: { value: unknown; pointer: string; depth: number }[] = [{ value: root, pointer: '', depth: 0 }];
  const fault = (pointer: string, detail: string | null): void => {
    if (detail !== null) faults.push({ pointer, detail });
  };
  while (pending.length > 0 && faults.length < MAX_FAULTS) {
    const { value, pointer, depth } = pending.pop()!;
    if (typeof value === 'string') fault(pointer, stringFault(value, maxString));
    else if (typeof value === 'number') fault(pointer, numberFault(value));
    else if (typeof value === 'object' && value !== null) {
      if (depth >= limits.maxDepth) {
        fault(pointer, `is nested deeper than ${limits.maxDepth} levels`);
        continue;
      }
      for (const [name, member] of Object.entries(value)) {
        const at = `${pointer}/${escapePointer(name)}`;
        if (FORBIDDEN_MEMBERS.has(name)) fault(at, `"${name}" is not allowed as a name`);
        else fault(at, stringFault(name, maxString));
        pending.push({ value: member, pointer: at, depth: depth + 1 });
      }
    }
  }
  return faults;
};
