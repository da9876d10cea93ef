import type { Flag, Segment } from '@pataka/contracts';
import { segmentsWithin } from './segment';

/** The keys that something refers to. */
type References = (key: string) => readonly string[];

type Step = { readonly key: string; readonly rest: string[] };

/** Depth-first with a path of its own instead of the call stack, which a long chain would overflow. */
const findCycleFrom = (start: string, references: References, done: Set<string>): string[] | null => {
  const path: Step[] = [{ key: start, rest: [...references(start)] }];
  const onPath = new Set([start]);
  for (let step = path[path.length - 1]; step !== undefined; step = path[path.length - 1]) {
    const next = step.rest.shift();
    if (next === undefined) {
      done.add(step.key);
      onPath.delete(step.key);
      path.pop();
    } else if (onPath.has(next)) {
      const keys = path.map(({ key }) => key);
      return keys.slice(keys.indexOf(next));
    } else if (!done.has(next)) {
      onPath.add(next);
      path.push({ key: next, rest: [...references(next)] });
    }
  }
  return null;
};

/** Tells which keys lead into a ring of references; between changes it follows each reference once. */
export class Rings {
  private readonly free = new Set<string>();
  private readonly bound = new Set<string>();

  constructor(private readonly references: References) {}

  /** Whether references from this key never come to an end. */
  bind(key: string): boolean {
    if (this.free.has(key)) return false;
    if (this.bound.has(key)) return true;
    const isBound = findCycleFrom(key, this.references, this.free) !== null;
    if (isBound) this.bound.add(key);
    return isBound;
  }

  /** Forgets what was found: references have changed. */
  forget(): void {
    this.free.clear();
    this.bound.clear();
  }
}

const findCycle = (keys: Iterable<string>, references: References): string[] | null => {
  const done = new Set<string>();
  for (const key of keys) {
    const cycle = done.has(key) ? null : findCycleFrom(key, references, done);
    if (cycle !== null) return cycle;
  }
  return null;
};

/** The keys of the flags that a flag names as its prerequisites. */
export const prerequisitesOf = (flag: Pick<Flag, 'prerequisites'> | undefined): string[] =>
  Array.isArray(flag?.prerequisites) ? flag.prerequisites.flatMap((one) => (typeof one?.flag === 'string' ? [one.flag] : [])) : [];

/**
 * Looks for flags that need each other as prerequisites.
 *
 * @param flags - every flag, whatever its status: a disabled one may be enabled later
 * @returns the keys of one cycle in order, each once (the last needs the first), or null
 */
export const findPrerequisiteCycle = (flags: readonly Pick<Flag, 'key' | 'prerequisites'>[]): string[] | null => {
  const byKey = new Map(flags.map((flag) => [flag.key, flag]));
  return findCycle(byKey.keys(), (key) => prerequisitesOf(byKey.get(key)));
};

/**
 * Looks for segments whose conditions refer to each other.
 *
 * @returns the keys of one cycle in order, each once (the last refers to the first), or null
 */
export const findSegmentCycle = (segments: readonly Segment[]): string[] | null => {
  const byKey = new Map(segments.map((segment) => [segment.key, segment]));
  return findCycle(byKey.keys(), (key) => segmentsWithin(byKey.get(key)));
};
