import type { CompiledPlan } from './evidence-plan';
import type { Subject } from './evidence.fold';

// About 1 KB each, held for one generation; a second one is there while a replay takes the first one's place.
const MOST_SUBJECTS = 100_000;
const MOST_GENERATIONS = 2;
const MOST_PLANS = 1_000;

type Plans = Map<string, CompiledPlan | null>;
/** What the writer that left `mark` knew of a shard: all subjects of a unit (none is knowledge too), oldest use first, plans, and whether no subject has one of its keys. */
interface Known { mark: string; units: Map<string, readonly Subject[]>; subjects: number; plans: Plans; keyless: boolean | null }
interface Entry { known: Known | null; next: { mark: string; held: HeldShard } }

// A unit without subjects takes a place too.
const weightOf = (subjects: readonly Subject[] | undefined): number => (subjects === undefined ? 0 : Math.max(1, subjects.length));

/** A shard as the transaction that holds it sees it. What was known before is left as it was, for the transaction may be rolled back. */
export class HeldShard {
  private readonly units = new Map<string, readonly Subject[]>();
  private known: Known | null;
  private plans: Plans | null = null;
  private keyless: boolean | null;

  constructor(readonly before: Known | null) {
    this.known = before;
    this.keyless = before?.keyless ?? null;
  }

  /** All subjects of a unit; undefined when they are not known. */
  subjectsOf(unit: string): readonly Subject[] | undefined {
    const own = this.units.get(unit);
    if (own !== undefined) return own;
    const before = this.known?.units.get(unit);
    if (before !== undefined) this.units.set(unit, before);
    return before;
  }

  learn(unit: string, subjects: readonly Subject[]): void {
    this.units.set(unit, subjects);
  }

  /** Puts a subject as it is now in the place of what was known of it; of a unit that is not known nothing can be said. */
  put(subject: Subject): void {
    const all = this.subjectsOf(subject.unit);
    if (all !== undefined) this.units.set(subject.unit, [...all.filter(({ experiment }) => experiment !== subject.experiment), subject]);
  }

  planOf(experiment: string): CompiledPlan | null | undefined {
    return (this.plans ?? this.known?.plans)?.get(experiment);
  }

  learnPlan(experiment: string, plan: CompiledPlan | null): void {
    const before = this.plans ?? this.known?.plans ?? [];
    this.plans = new Map('size' in before && before.size >= MOST_PLANS ? [] : before).set(experiment, plan);
  }

  isKeyless(): boolean | null {
    return this.keyless;
  }

  learnKeyless(keyless: boolean): void {
    this.keyless = keyless;
  }

  /** For writes that are not followed subject by subject. */
  forget(): void {
    this.units.clear();
    [this.known, this.plans, this.keyless] = [null, null, null];
  }

  /** What is known once the transaction is committed. */
  concluded(mark: string, most: number): Known {
    const known = this.known ?? { mark, units: new Map<string, readonly Subject[]>(), subjects: 0, plans: new Map(), keyless: null };
    for (const [unit, subjects] of this.units) {
      known.subjects += weightOf(subjects) - weightOf(known.units.get(unit));
      known.units.delete(unit);
      known.units.set(unit, subjects);
    }
    for (const [unit, subjects] of known.units) {
      if (known.subjects <= most) break;
      known.subjects -= weightOf(subjects);
      known.units.delete(unit);
    }
    return Object.assign(known, { mark, plans: this.plans ?? known.plans, keyless: this.keyless });
  }
}

/**
 * Subjects this process has read or written, by shard. Every writer of a shard leaves a mark of its own in the database, in the transaction of its
 * rows; what is known holds for one mark only. So the database alone says whether a transaction of ours took effect and whether another process wrote since.
 */
export class SubjectCache {
  private readonly generations = new Map<string, Map<number, Entry>>();

  constructor(private readonly mostSubjects = MOST_SUBJECTS) {}

  /** Begins to hold a shard that had the mark `found` and will have the mark `left` if the transaction is committed. */
  hold(schema: string, shard: number, found: string, left: string): HeldShard {
    const shards = this.shardsOf(schema);
    const entry = shards.get(shard);
    const held = new HeldShard(entry === undefined ? null : knownAt(entry, found, Math.floor(this.mostSubjects / shards.size)));
    shards.set(shard, { known: held.before, next: { mark: left, held } });
    return held;
  }

  /** Whether nobody was seen under a key of these shards when they were last written here. A hint only: it may have changed since. */
  seemKeyless(schema: string, shards: ReadonlySet<number>): boolean {
    const entries = this.generations.get(schema);
    return [...shards].every((shard) => entries?.get(shard)?.next.held.isKeyless() === true);
  }

  private shardsOf(schema: string): Map<number, Entry> {
    const shards = this.generations.get(schema) ?? new Map<number, Entry>();
    this.generations.delete(schema);
    this.generations.set(schema, shards);
    const [oldest] = this.generations.keys();
    if (this.generations.size > MOST_GENERATIONS) this.generations.delete(oldest!);
    return shards;
  }
}

// Whoever can read a mark knows that the transaction that wrote it is committed (or is its own): nothing has to be told when it is.
const knownAt = ({ known, next }: Entry, found: string, most: number): Known | null => {
  if (next.mark === found) return next.held.concluded(found, most);
  return known?.mark === found ? known : null;
};
