import type { CompiledRuleset, Ruleset, RulesetChange } from '@pataka/evaluation';

type Document = { readonly key: string; readonly version?: number };

/** A document without a version can't be told from another of its key: it counts as new. */
const isNews = (known: Document | undefined, next: Document): boolean => known === undefined || next.version === undefined || known.version !== next.version;

const newsOf = <T extends Document>(known: readonly T[], next: readonly T[]): { news: T[]; removed: string[] } => {
  const before = new Map(known.map((document) => [document.key, document]));
  const after = new Set(next.map(({ key }) => key));
  return { news: next.filter((document) => isNews(before.get(document.key), document)), removed: [...before.keys()].filter((key) => !after.has(key)) };
};

/** What differs between the rules in use and a whole ruleset, so that what stays keeps its compiled form. */
export const changeTo = (next: Ruleset, rules: CompiledRuleset): RulesetChange => {
  const known = rules.toRuleset();
  const flags = newsOf(known.flags, next.flags);
  const segments = newsOf(known.segments, next.segments);
  const regions = newsOf(known.regions, next.regions);
  const calendars = newsOf(known.calendars, next.calendars);
  return {
    position: next.position,
    flags: flags.news, removedFlags: flags.removed,
    segments: segments.news, removedSegments: segments.removed,
    regions: regions.news, removedRegions: regions.removed,
    calendars: calendars.news, removedCalendars: calendars.removed,
  };
};

const rulesRest = (change: RulesetChange): boolean =>
  [change.segments, change.removedSegments, change.regions, change.removedRegions, change.calendars, change.removedCalendars, change.lists === undefined ? [] : [change.lists]]
    .every((list) => list === undefined || list.length === 0);

/** The flags that may evaluate differently after a change: those in it and whatever rests on them; all, where it is not flags alone. */
export const affectedKeys = (change: RulesetChange, rules: CompiledRuleset): string[] => {
  if (!rulesRest(change)) return rules.flagKeys();
  const affected = new Set([...(change.flags ?? []).map(({ key }) => key), ...(change.removedFlags ?? [])]);
  const dependents = rules.toRuleset().flags.filter(({ prerequisites }) => prerequisites !== undefined && prerequisites.length > 0);
  // A set that grows while it is walked: what is added is walked too.
  for (const key of affected) for (const flag of dependents) if (flag.prerequisites!.some(({ flag: needed }) => needed === key)) affected.add(flag.key);
  return [...affected];
};

/** A streamed change without what is already here in the same or a newer version: events may come twice, and from a server that is behind. */
export const withoutOld = (change: RulesetChange, rules: CompiledRuleset): RulesetChange => ({
  ...change,
  position: Math.max(change.position, rules.position),
  flags: (change.flags ?? []).filter(({ key, version }) => (version ?? Infinity) > (rules.flagAt(key)?.version ?? -1)),
});

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether something read from a file or a server has a ruleset's shape. */
export const isRuleset = (value: unknown): value is Ruleset =>
  isObject(value) && typeof value['environment'] === 'string' && typeof value['position'] === 'number'
  && (['flags', 'segments', 'regions', 'calendars'] as const).every((list) => Array.isArray(value[list]));
