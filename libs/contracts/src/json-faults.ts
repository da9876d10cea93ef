import type { Fault } from './problems';

/** Limits of any JSON that comes in. */
export interface JsonLimits {
  maxDepth: number;
  maxString?: number;
  /** The text had no escape with a code point (`\\u…`) and was valid UTF-8: then no string of it holds a NUL or half a surrogate pair, and none is looked for. */
  withoutEscapes?: boolean;
}

const FORBIDDEN_MEMBERS = new Set(['__proto__', 'constructor', 'prototype']);
const MAX_FAULTS = 50;
const escapePointer = (part: string): string => part.replaceAll('~', '~0').replaceAll('/', '~1');

type Told = Omit<Fault, 'pointer'>;

const stringFault = (text: string, maxString: number): Told | null => {
  if (text.length > maxString) return { detail: `is longer than ${maxString} characters`, code: 'too-long', params: { limit: maxString } };
  if (text.includes('\u0000')) return { detail: 'contains a NUL character, which cannot be stored', code: 'bad-character' };
  return text.isWellFormed() ? null : { detail: 'contains a lone surrogate, which is no valid Unicode', code: 'bad-character' };
};

const numberFault = (value: number): Told | null => {
  if (!Number.isFinite(value)) return { detail: 'is not a finite number', code: 'not-finite' };
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) return { detail: 'is an integer beyond 2^53-1 and has lost digits: send it as a string', code: 'integer-too-large' };
  return null;
};

interface Visit { value: object; pointer: string; depth: number }

const isNested = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** Walks with a list of its own, so that hostile depth cannot exhaust the stack. */
class Walk {
  readonly faults: Fault[] = [];
  private readonly pending: Visit[] = [];

  constructor(private readonly maxDepth: number, private readonly maxString: number) {}

  from(root: unknown): Fault[] {
    if (isNested(root)) this.pending.push({ value: root, pointer: '', depth: 0 });
    else this.note('', this.leafFault(root));
    while (this.pending.length > 0 && this.faults.length < MAX_FAULTS) this.enter(this.pending.pop()!);
    return this.faults;
  }

  private leafFault(value: unknown): Told | null {
    if (typeof value === 'string') return stringFault(value, this.maxString);
    return typeof value === 'number' ? numberFault(value) : null;
  }

  private enter({ value, pointer, depth }: Visit): void {
    if (depth >= this.maxDepth) return this.note(pointer, { detail: `is nested deeper than ${this.maxDepth} levels`, code: 'too-deep', params: { limit: this.maxDepth } });
    for (const name of Object.keys(value)) {
      if (this.faults.length >= MAX_FAULTS) return;
      const member = (value as Record<string, unknown>)[name];
      const named = FORBIDDEN_MEMBERS.has(name) ? { detail: `"${name}" is not allowed as a name`, code: 'reserved-name' as const, params: { name } } : stringFault(name, this.maxString);
      const fault = named ?? (isNested(member) ? null : this.leafFault(member));
      if (fault !== null) this.note(`${pointer}/${escapePointer(name)}`, fault);
      if (isNested(member)) this.pending.push({ value: member, pointer: `${pointer}/${escapePointer(name)}`, depth: depth + 1 });
    }
  }

  private note(pointer: string, told: Told | null): void {
    if (told !== null) this.faults.push({ pointer, ...told });
  }
}

const MAX_STRING = 1_000_000;

const isSoundString = (text: string, { maxString = MAX_STRING, withoutEscapes = false }: JsonLimits): boolean =>
  text.length <= maxString && (withoutEscapes || stringFault(text, maxString) === null);

/** Whether there is no fault; makes nothing, since every event that comes in passes here. Goes no deeper than is allowed, so the stack is safe. */
const isSound = (value: unknown, limits: JsonLimits, depth: number): boolean => {
  if (typeof value === 'string') return isSoundString(value, limits);
  if (typeof value === 'number') return numberFault(value) === null;
  if (!isNested(value)) return true;
  if (depth >= limits.maxDepth) return false;
  if (Array.isArray(value)) return value.every((element) => isSound(element, limits, depth + 1));
  for (const name in value) {
    if (FORBIDDEN_MEMBERS.has(name) || !isSoundString(name, limits) || !isSound((value as Record<string, unknown>)[name], limits, depth + 1)) return false;
  }
  return true;
};

/**
 * Faults of parsed JSON that no schema sees: too deep, NUL or lone surrogates, member names that could reach a prototype, integers that
 * have lost digits. At most 50 faults.
 */
export const checkJson = (root: unknown, limits: JsonLimits): Fault[] => (isSound(root, limits, 0) ? [] : new Walk(limits.maxDepth, limits.maxString ?? MAX_STRING).from(root));
