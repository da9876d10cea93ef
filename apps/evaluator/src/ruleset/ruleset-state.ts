import type { Calendar, Flag, FlagChange, Region, Segment, SegmentChange } from '@pataka/contracts';
import { type CompiledRuleset, compileRuleset, type KeyLists } from '@pataka/evaluation';
import { PositionTracker } from './position-tracker';
import { affectedBy, type Difference, type RulesetChange, RulesetHistory } from './ruleset-history';
import { type Catalogue, RulesetTexts, type Touched } from './ruleset-texts';

/** What survives a restart: one ruleset per environment, and where to go on in each topic. */
export interface RulesetSnapshot {
  environment: string;
  position: number;
  ahead: number[];
  offsets: Record<string, string>;
  ruleset: { environment: string; position: number; flags: Flag[]; segments: Segment[]; regions: Region[]; calendars: Calendar[] };
}

const versionOf = (flag: Flag): number => flag.version ?? 0;

/**
 * All flags, segments, regions and calendars, folded from the topics, with one compiled ruleset per environment. Older versions of
 * an object are ignored, so records may be applied again and in any order between topics.
 */
export class RulesetState {
  readonly #flags = new Map<string, Flag>();
  readonly #catalogue: Catalogue = { segment: new Map(), region: new Map(), calendar: new Map() };
  /** Position of the last change of each catalogue object, so that an older one applied again changes nothing. */
  readonly #lastChange = new Map<string, number>();
  #floor = 0;
  readonly #compiled = new Map<string, CompiledRuleset>();
  readonly #texts = new RulesetTexts(this.#flags, this.#catalogue);
  readonly #listeners = new Set<(change: RulesetChange) => void>();
  readonly #history = new RulesetHistory();
  #tracker = new PositionTracker();

  /** `lists` has the lists that segments name, before they come here. */
  constructor(private readonly lists: KeyLists = new Map()) {}

  get position(): number {
    return this.#tracker.position;
  }

  onChange(listener: (change: RulesetChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  flag(key: string): Flag | undefined {
    return this.#flags.get(key);
  }

  flags(): IterableIterator<Flag> {
    return this.#flags.values();
  }

  /** true once the change of that position is applied, even while earlier ones are still to come. */
  has(position: number): boolean {
    return this.#tracker.has(position);
  }

  segment(key: string): Segment | undefined {
    return this.#catalogue.segment.get(key);
  }

  segments(): IterableIterator<Segment> {
    return this.#catalogue.segment.values();
  }

  /** Whether a change of a segment, region or calendar is newer than what is known of it. */
  isNews(kind: SegmentChange['kind'], key: string, position: number): boolean {
    return position > (this.#lastChange.get(`${kind}:${key}`) ?? this.#floor);
  }

  /** What changed after a position. */
  changedSince(position: number): Difference {
    return this.#history.since(position);
  }

  applyFlagChange({ flag }: FlagChange, position: number): void {
    const known = flag === undefined ? undefined : this.#flags.get(flag.key);
    const news = flag !== undefined && (known === undefined || versionOf(known) < versionOf(flag));
    this.#tracker.applied(position);
    if (!news) return;
    this.#flags.set(flag.key, flag);
    this.#texts.forget();
    for (const ruleset of this.#compiled.values()) ruleset.apply({ flags: [flag], position });
    const flags = affectedBy(flag.key, this.#flags.values());
    // A client is told too of a flag that it may not see any more.
    const visible = flags.filter((key) => this.#flags.get(key)?.clientVisible === true || (key === flag.key && known?.clientVisible === true));
    this.#notify({ position, flags, visible, touched: { flags: [flag.key], objects: [] } });
  }

  applySegmentChange({ kind, key, after }: SegmentChange, position: number): void {
    this.#tracker.applied(position);
    if (!this.isNews(kind, key, position)) return;
    const objects = this.#catalogue[kind] as Map<string, unknown>;
    if (after === null) objects.delete(key);
    else objects.set(key, after);
    this.#lastChange.set(`${kind}:${key}`, position);
    this.#texts.forget();
    this.#compiled.clear();
    this.#notify({ position, flags: null, visible: [], touched: { flags: [], objects: [{ kind, key }] } });
  }

  /** Marks a position of a topic that carries no rules (access) as seen. */
  seen(position: number): void {
    this.#tracker.applied(position);
  }

  compiled(environment: string): CompiledRuleset {
    let ruleset = this.#compiled.get(environment);
    if (ruleset === undefined) {
      ruleset = compileRuleset({ environment, position: this.position, flags: [...this.#flags.values()], ...this.#lists(), lists: this.lists });
      this.#compiled.set(environment, ruleset);
    }
    return ruleset;
  }

  /** `GET /v1/ruleset`'s body for an environment. */
  text(environment: string): string {
    return this.#texts.whole(environment, this.position);
  }

  /** What was touched, as text that a ruleset of the environment can apply. */
  documents(environment: string, touched: Touched): string {
    return this.#texts.documents(environment, touched);
  }

  /** The snapshot's text for an environment. */
  snapshot(environment: string, offsets: Record<string, string>): string {
    return `{"environment":${JSON.stringify(environment)},"position":${this.position},"ahead":${JSON.stringify(this.#tracker.ahead)},` +
      `"offsets":${JSON.stringify(offsets)},"ruleset":${this.text(environment)}}`;
  }

  /** Takes in snapshots of all environments together; what is known in a higher version stays. */
  restore(snapshots: readonly RulesetSnapshot[]): void {
    if (snapshots.length === 0) return;
    const lowest = snapshots.reduce((a, b) => (a.position <= b.position ? a : b));
    if (lowest.position > this.position) {
      for (const objects of Object.values(this.#catalogue)) objects.clear();
      this.#floor = lowest.position;
      this.#tracker = new PositionTracker(lowest.position, lowest.ahead);
    }
    for (const snapshot of snapshots) this.#merge(snapshot);
    this.#compiled.clear();
    this.#texts.forget();
    this.#notify({ position: this.position, flags: null, visible: [], touched: null });
  }

  #merge({ environment, ruleset }: RulesetSnapshot): void {
    for (const flag of ruleset.flags) this.#mergeFlag(flag, environment);
    for (const [objects, list] of [[this.#catalogue.segment, ruleset.segments], [this.#catalogue.region, ruleset.regions], [this.#catalogue.calendar, ruleset.calendars]] as const) {
      for (const object of list) if (!objects.has(object.key)) (objects as Map<string, unknown>).set(object.key, object);
    }
  }

  /** Snapshots hold one environment each: those of one version are put together again. */
  #mergeFlag(flag: Flag, environment: string): void {
    const known = this.#flags.get(flag.key);
    const settings = flag.environments[environment];
    if (known === undefined || versionOf(known) < versionOf(flag)) this.#flags.set(flag.key, flag);
    else if (versionOf(known) === versionOf(flag) && settings !== undefined) {
      this.#flags.set(flag.key, { ...known, environments: { ...known.environments, [environment]: settings } });
    }
  }

  #lists(): { segments: Segment[]; regions: Region[]; calendars: Calendar[] } {
    const { segment, region, calendar } = this.#catalogue;
    return { segments: [...segment.values()], regions: [...region.values()], calendars: [...calendar.values()] };
  }

  #notify(change: RulesetChange): void {
    this.#history.add(change);
    for (const listener of this.#listeners) listener(change);
  }
}
