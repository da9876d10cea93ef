import type { Flag } from '@pataka/contracts';
import type { Touched } from './ruleset-texts';

/** One change, as subscribers hear of it. */
export interface RulesetChange {
  position: number;
  /** Flags that may evaluate differently; null: any may. */
  flags: readonly string[] | null;
  /** Those among them that client keys may see, or might before. */
  visible: readonly string[];
  /** What was touched; null: anything, so that everything has to be fetched again. */
  touched: Touched | null;
}

/** Several changes told as one. */
export type Difference = Omit<RulesetChange, 'position'>;

const KEPT = 1_000;
const UNKNOWN: Difference = { flags: null, visible: [], touched: null };

/** A flag and whatever rests on it as a prerequisite, directly or not. */
export const affectedBy = (key: string, flags: Iterable<Flag>): string[] => {
  const dependents = [...flags].filter(({ prerequisites }) => prerequisites !== undefined && prerequisites.length > 0);
  const affected = new Set([key]);
  // A set that grows while it is walked: what is added is walked too.
  for (const one of affected) {
    for (const { key: dependent, prerequisites } of dependents) if (prerequisites!.some(({ flag }) => flag === one)) affected.add(dependent);
  }
  return [...affected];
};

const merged = (changes: readonly RulesetChange[]): Difference => {
  if (changes.some(({ touched }) => touched === null)) return UNKNOWN;
  const flags = new Set(changes.flatMap((change) => change.touched!.flags));
  const objects = new Map(changes.flatMap((change) => change.touched!.objects.map((object) => [`${object.kind}:${object.key}`, object] as const)));
  const all = changes.some((change) => change.flags === null);
  return {
    flags: all ? null : [...new Set(changes.flatMap((change) => change.flags!))],
    visible: [...new Set(changes.flatMap(({ visible }) => visible))],
    touched: { flags: [...flags], objects: [...objects.values()] },
  };
};

/** The last changes, so that a client that was cut off is told only what it missed. Names, no documents: those are as they are now. */
export class RulesetHistory {
  readonly #recent: RulesetChange[] = [];
  /** Everything after this position is still known here. */
  #completeAfter = 0;

  add(change: RulesetChange): void {
    this.#recent.push(change);
    if (this.#recent.length > KEPT) this.#completeAfter = Math.max(this.#completeAfter, this.#recent.shift()!.position);
  }

  /** What changed after a position. */
  since(position: number): Difference {
    return position < this.#completeAfter ? UNKNOWN : merged(this.#recent.filter((change) => change.position > position));
  }
}
