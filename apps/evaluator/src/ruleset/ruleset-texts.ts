import type { Calendar, Flag, Region, Segment } from '@pataka/contracts';

/** Segments, regions and calendars by key. */
export type Catalogue = { segment: Map<string, Segment>; region: Map<string, Region>; calendar: Map<string, Calendar> };
export type Kind = keyof Catalogue;

/** Flags and catalogue objects that a change touched, each once. */
export interface Touched { flags: readonly string[]; objects: readonly { kind: Kind; key: string }[] }

const listNames: Record<Kind, string> = { segment: 'segments', region: 'regions', calendar: 'calendars' };
const removedNames: Record<Kind, string> = { segment: 'removedSegments', region: 'removedRegions', calendar: 'removedCalendars' };

/** Rulesets and their changes as JSON text: each flag is serialised once per version and environment, whoever asks. */
export class RulesetTexts {
  readonly #whole = new Map<string, string>();
  readonly #fragments = new Map<string, Map<string, { flag: Flag; text: string }>>();

  constructor(private readonly flags: ReadonlyMap<string, Flag>, private readonly catalogue: Catalogue) {}

  /** Something changed: whole texts are written anew when they are next asked for. */
  forget(): void {
    this.#whole.clear();
  }

  /** `GET /v1/ruleset`'s body. */
  whole(environment: string, position: number): string {
    let text = this.#whole.get(environment);
    if (text === undefined) {
      const { segment, region, calendar } = this.catalogue;
      const flags = Array.from(this.flags.values(), (flag) => this.#flagText(flag, environment));
      text = `{"environment":${JSON.stringify(environment)},"position":${position},"flags":[${flags.join(',')}],` +
        `"segments":${JSON.stringify([...segment.values()])},"regions":${JSON.stringify([...region.values()])},"calendars":${JSON.stringify([...calendar.values()])}}`;
      this.#whole.set(environment, text);
    }
    return text;
  }

  /** What was touched, as it is now: a change that a ruleset of the environment can apply. */
  documents(environment: string, { flags, objects }: Touched): string {
    const lists = new Map<string, string[]>();
    const add = (name: string, text: string): void => void (lists.get(name)?.push(text) ?? lists.set(name, [text]));
    for (const key of flags) {
      const flag = this.flags.get(key);
      if (flag !== undefined) add('flags', this.#flagText(flag, environment));
    }
    for (const { kind, key } of objects) {
      const object = this.catalogue[kind].get(key);
      if (object === undefined) add(removedNames[kind], JSON.stringify(key));
      else add(listNames[kind], JSON.stringify(object));
    }
    return `{${Array.from(lists, ([name, texts]) => `"${name}":[${texts.join(',')}]`).join(',')}}`;
  }

  #flagText(flag: Flag, environment: string): string {
    let fragments = this.#fragments.get(environment);
    if (fragments === undefined) this.#fragments.set(environment, (fragments = new Map()));
    let fragment = fragments.get(flag.key);
    if (fragment?.flag !== flag) {
      const settings = flag.environments[environment];
      const text = JSON.stringify({ ...flag, environments: settings === undefined ? {} : { [environment]: settings } });
      fragments.set(flag.key, (fragment = { flag, text }));
    }
    return fragment.text;
  }
}
