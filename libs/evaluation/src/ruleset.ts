import type { Calendar, Flag, Region, Segment } from '@pataka/contracts';
import { isEnabled, type Decider } from './compiled-flag';
import type { Context } from './context';
import { prerequisitesOf, Rings } from './cycle';
import type { Evaluation } from './evaluation';
import type { KeyList, KeyLists } from './key-list';
import { CalendarPlace, FlagPlace, SegmentPlace, type Places } from './places';
import { RegionTree, type RegionSet } from './regions';
import { segmentsWithin } from './segment';

/** Everything that evaluations in one environment need: what `GET /v1/ruleset` answers. */
export type Ruleset = {
  readonly environment: string;
  /** The global position of the last change in it. */
  readonly position: number;
  /** Flag documents, with that environment alone or with more. */
  readonly flags: readonly Flag[];
  readonly segments: readonly Segment[];
  readonly regions: readonly Region[];
  readonly calendars: readonly Calendar[];
  /** The lists that segments name; a flag that needs one which is not there answers GENERAL. */
  readonly lists?: KeyLists;
};

/** A change of a ruleset: documents that are new or replace those with their keys, and keys of documents that go. */
export type RulesetChange = { readonly position: number } & Partial<Omit<Ruleset, 'environment' | 'position'>> & {
    readonly removedFlags?: readonly string[];
    readonly removedSegments?: readonly string[];
    readonly removedRegions?: readonly string[];
    readonly removedCalendars?: readonly string[];
  };

type Store<T> = { put(key: string, document: T | undefined): void };

const isDocument = <T extends { key: string }>(document: T | null | undefined): document is T => typeof document?.key === 'string';

const applyTo = <T extends { key: string }>(store: Store<T>, documents: readonly T[] | undefined, removed: readonly string[] | undefined): void => {
  for (const key of removed ?? []) store.put(key, undefined);
  for (const document of documents ?? []) if (isDocument(document)) store.put(document.key, document);
};

/** Places by key; a place is made when something first refers to it and stays, so that references never go stale. */
class PlaceMap<T, P extends { readonly document: T | undefined; put(document: T | undefined): void }> implements Store<T> {
  private readonly places = new Map<string, P>();

  constructor(private readonly make: (key: string) => P) {}

  find(key: string): P | undefined {
    return this.places.get(key);
  }

  at(key: string): P {
    let place = this.places.get(key);
    if (place === undefined) this.places.set(key, (place = this.make(key)));
    return place;
  }

  put(key: string, document: T | undefined): void {
    if (document !== undefined) this.at(key).put(document);
    else this.places.get(key)?.put(undefined);
  }

  documents(): T[] {
    return [...this.places.values()].flatMap(({ document }) => (document === undefined ? [] : [document]));
  }
}

/** The flags of one environment, ready to be evaluated; made by {@link compileRuleset}, kept up to date by `apply`. */
export class CompiledRuleset implements Places {
  /** Numbers evaluations; see {@link Places}. */
  run = 0;
  /** See {@link Places}. */
  readonly segmentRings: Rings = new Rings((key) => segmentsWithin(this.segments.find(key)?.document));
  private currentPosition = -1;
  private readonly flagRings: Rings = new Rings((key) => this.needsOf(key));
  private readonly flags = new PlaceMap<Flag, FlagPlace>(() => new FlagPlace(this));
  private readonly segments = new PlaceMap<Segment, SegmentPlace>((key) => new SegmentPlace(key, this));
  private readonly calendars = new PlaceMap<Calendar, CalendarPlace>(() => new CalendarPlace(this));
  private readonly regions = new RegionTree();
  private lists: KeyLists | undefined;

  constructor(readonly environment: string) {}

  /** The global position of the last change in it. */
  get position(): number {
    return this.currentPosition;
  }

  /**
   * Applies a change in place; evaluations from then on see it. What goes is taken out first. Costs as much as the change is
   * large, not the ruleset: flags are compiled when they are next evaluated, and those that refer to a changed one stay compiled.
   */
  apply(change: RulesetChange): void {
    this.lists = change.lists ?? this.lists;
    applyTo(this.flags, change.flags, change.removedFlags);
    applyTo(this.segments, change.segments, change.removedSegments);
    applyTo(this.regions, change.regions, change.removedRegions);
    applyTo(this.calendars, change.calendars, change.removedCalendars);
    this.currentPosition = change.position;
    this.flagRings.forget();
    this.segmentRings.forget();
  }

  /** A flag's document. */
  flagAt(key: string): Flag | undefined {
    return this.flags.find(key)?.document;
  }

  /** The keys of all flags. */
  flagKeys(): string[] {
    return this.flags.documents().map(({ key }) => key);
  }

  /** The documents as they were given. */
  toRuleset(): Ruleset {
    return {
      environment: this.environment,
      position: this.position,
      flags: this.flags.documents(),
      segments: this.segments.documents(),
      regions: this.regions.documents(),
      calendars: this.calendars.documents(),
      ...(this.lists === undefined ? {} : { lists: this.lists }),
    };
  }

  /** The compiled flag of an evaluation that begins; undefined where there is no such flag. */
  begin(key: string): Decider | undefined {
    this.run += 1;
    const place = this.flags.find(key);
    return place === undefined ? undefined : place.compiled;
  }

  /**
   * The place of a flag, for who evaluates it again and again: it stays the same whatever is changed. `evaluateTogether` evaluates what is there.
   */
  place(key: string): FlagPlace {
    return this.flags.at(key);
  }

  /** What a condition's `in_segment` refers to. */
  segment(key: string): SegmentPlace {
    return this.segments.at(key);
  }

  /** What a segment's `includedList` and `excludedList` refer to. */
  keyList(hash: string): KeyList | undefined {
    return this.lists?.get(hash);
  }

  /** What a condition's `in_calendar` refers to. */
  calendar(key: string): CalendarPlace {
    return this.calendars.at(key);
  }

  /** What a condition's `within` refers to. */
  within(regions: readonly string[]): RegionSet {
    return this.regions.within(regions);
  }

  /** A prerequisite's answer in the evaluation that is under way. */
  prerequisite(key: string, context: Context, at: number): Evaluation | undefined {
    return this.flags.find(key)?.decideOnce(context, at);
  }

  /** Whether a flag's prerequisites lead into a ring. */
  needsRing(key: string): boolean {
    return this.flagRings.bind(key);
  }

  /** A disabled flag answers without its prerequisites, so it ends every ring. */
  private needsOf(key: string): readonly string[] {
    const flag = this.flagAt(key);
    return flag !== undefined && isEnabled(flag, this.environment) ? prerequisitesOf(flag) : [];
  }
}

/** Compiles a ruleset. Nothing is compiled before it is needed, so this takes microseconds a flag. */
export const compileRuleset = (ruleset: Ruleset): CompiledRuleset => {
  const compiled = new CompiledRuleset(ruleset.environment);
  compiled.apply(ruleset);
  return compiled;
};
