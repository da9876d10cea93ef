import type { Calendar, Flag, FlagChange, Region, Segment, SegmentChange } from '@pataka/contracts';
import { type CompiledRuleset, compileRuleset } from '@pataka/evaluation';
import { PositionTracker } from './position-tracker';

type Catalogue = { segment: Map<string, Segment>; region: Map<string, Region>; calendar: Map<string, Calendar> };

/** What a change touched; `flags` null: anything may evaluate differently (a segment, region or calendar changed). */
export interface RulesetChange { position: number; flags: readonly string[] | null }

/** What survives a restart: one ruleset per environment, and where to go on in each topic. */
export interface RulesetSnapshot {
  environment: string;
  position: number;
  ahead: number[];
  offsets: Record<string, string>;
  ruleset: { environment: string; position: number; flags: Flag[]; segments: Segment[]; regions: Region[]; calendars: Calendar[] };
}

const HISTORY = 1_000;

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
  readonly #texts = new Map<string, string>();
  readonly #fragments = new Map<string, Map<string, { version: number; text: string }>>();
  readonly #listeners = new Set<(change: RulesetChange) => void>();
  readonly #recent: RulesetChange[] = [];
  #tracker = new PositionTracker();

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

  flagKeys(): IterableIterator<string> {
    return this.#flags.keys();
  }

  /** Which flags changed after a position; null: too long ago, or something that any flag may rest on. */
  changedSince(position: number): readonly string[] | null {
    const oldest = this.#recent[0];
    if (position < this.position && (oldest === undefined || oldest.position > position + 1)) return null;
    const keys = new Set<string>();
    for (const change of this.#recent) {
      if (change.position <= position) continue;
      if (change.flags === null) return null;
      for (const key of change.flags) keys.add(key);
    }
    return [...keys];
  }

  applyFlagChange(change: FlagChange, position: number): void {
    const flag = change.flag;
    const known = flag === undefined ? undefined : this.#flags.get(flag.key);
    const news = flag !== undefined && (known === undefined || (known.version ?? 0) < (flag.version ?? 0));
    if (news) {
      this.#flags.set(flag.key, flag);
      this.#texts.clear();
      for (const ruleset of this.#compiled.values()) ruleset.apply({ flags: [flag], position });
    }
    this.#settle(position, news ? [flag.key] : []);
  }

  applySegmentChange(change: SegmentChange, position: number): void {
    const name = `${change.kind}:${change.key}`;
    const news = position > (this.#lastChange.get(name) ?? this.#floor);
    if (news) {
      const objects = this.#catalogue[change.kind] as Map<string, unknown>;
      if (change.after === null) objects.delete(change.key);
      else objects.set(change.key, change.after);
      this.#lastChange.set(name, position);
      this.#texts.clear();
      this.#compiled.clear();
    }
    this.#settle(position, news ? null : []);
  }

  /** Marks a position of a topic that carries no rules (access) as seen. */
  seen(position: number): void {
    this.#tracker.applied(position);
  }

  compiled(environment: string): CompiledRuleset {
    let ruleset = this.#compiled.get(environment);
    if (ruleset === undefined) {
      ruleset = compileRuleset({ environment, position: this.position, flags: [...this.#flags.values()], ...this.#lists() });
      this.#compiled.set(environment, ruleset);
    }
    return ruleset;
  }

  /** `GET /v1/ruleset`'s body for an environment; each flag is serialised once per version. */
  text(environment: string): string {
    let text = this.#texts.get(environment);
    if (text === undefined) {
      const lists = this.#lists();
      text = `{"environment":${JSON.stringify(environment)},"position":${this.position},"flags":[${this.#flagTexts(environment).join(',')}],` +
        `"segments":${JSON.stringify(lists.segments)},"regions":${JSON.stringify(lists.regions)},"calendars":${JSON.stringify(lists.calendars)}}`;
      this.#texts.set(environment, text);
    }
    return text;
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
    this.#texts.clear();
    this.#notify({ position: this.position, flags: null });
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

  #flagTexts(environment: string): string[] {
    let fragments = this.#fragments.get(environment);
    if (fragments === undefined) this.#fragments.set(environment, (fragments = new Map()));
    const texts: string[] = [];
    for (const flag of this.#flags.values()) {
      let fragment = fragments.get(flag.key);
      if (fragment === undefined || fragment.version !== flag.version) {
        const settings = flag.environments[environment];
        const text = JSON.stringify({ ...flag, environments: settings === undefined ? {} : { [environment]: settings } });
        fragments.set(flag.key, (fragment = { version: flag.version ?? 0, text }));
      }
      texts.push(fragment.text);
    }
    return texts;
  }

  #lists(): { segments: Segment[]; regions: Region[]; calendars: Calendar[] } {
    const { segment, region, calendar } = this.#catalogue;
    return { segments: [...segment.values()], regions: [...region.values()], calendars: [...calendar.values()] };
  }

  #settle(position: number, flags: readonly string[] | null): void {
    this.#tracker.applied(position);
    if (flags === null || flags.length > 0) this.#notify({ position, flags });
  }

  #notify(change: RulesetChange): void {
    this.#recent.push(change);
    if (this.#recent.length > HISTORY) this.#recent.shift();
    for (const listener of this.#listeners) listener(change);
  }
}
