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

interface Visit { value: unknown; pointer: string; depth: number }

/** Walks with a list of its own, so that hostile depth cannot exhaust the stack. */
class Walk {
  readonly faults: Fault[] = [];
  private readonly pending: Visit[] = [];

  constructor(private readonly maxDepth: number, private readonly maxString: number) {}

  from(root: unknown): Fault[] {
    this.pending.push({ value: root, pointer: '', depth: 0 });
    while (this.pending.length > 0 && this.faults.length < MAX_FAULTS) this.visit(this.pending.pop()!);
    return this.faults;
  }

  private visit({ value, pointer, depth }: Visit): void {
    if (typeof value === 'string') this.note(pointer, stringFault(value, this.maxString));
    else if (typeof value === 'number') this.note(pointer, numberFault(value));
    else if (typeof value === 'object' && value !== null) this.enter(value, pointer, depth);
  }

  private enter(value: object, pointer: string, depth: number): void {
    if (depth >= this.maxDepth) return this.note(pointer, `is nested deeper than ${this.maxDepth} levels`);
    for (const [name, member] of Object.entries(value)) {
      const at = `${pointer}/${escapePointer(name)}`;
      this.note(at, FORBIDDEN_MEMBERS.has(name) ? `"${name}" is not allowed as a name` : stringFault(name, this.maxString));
      this.pending.push({ value: member, pointer: at, depth: depth + 1 });
    }
  }

  private note(pointer: string, detail: string | null): void {
    if (detail !== null) this.faults.push({ pointer, detail });
  }
}

/**
 * Faults of parsed JSON that no schema sees: too deep, NUL or lone surrogates, member names that could reach a prototype, integers that
 * have lost digits. At most 50 faults.
 */
export const checkJson = (root: unknown, limits: JsonLimits): Fault[] => new Walk(limits.maxDepth, limits.maxString ?? 1_000_000).from(root);
