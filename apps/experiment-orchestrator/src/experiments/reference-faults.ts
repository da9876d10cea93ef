import type { Condition, CreateExperiment, Fault, Strategy } from '@pataka/contracts';

/** A name that an experiment uses for something that is kept elsewhere. */
export interface Reference { kind: 'segment' | 'region' | 'calendar'; key: string; pointer: string }

const operators: Readonly<Record<string, Reference['kind']>> = {
  within: 'region', in_segment: 'segment', not_in_segment: 'segment', in_calendar: 'calendar', not_in_calendar: 'calendar',
};

const listed = (value: unknown): string[] => (Array.isArray(value) ? value : [value]).filter((key): key is string => typeof key === 'string');

const ofCondition = (condition: Condition, pointer: string): Reference[] => {
  const kind = operators[condition.operator ?? ''];
  const own = kind === undefined ? [] : listed(condition.value).map((key) => ({ kind, key, pointer: `${pointer}/value` }));
  return [
    ...own,
    ...(condition.any ?? []).flatMap((part, index) => ofCondition(part, `${pointer}/any/${index}`)),
    ...(condition.all ?? []).flatMap((part, index) => ofCondition(part, `${pointer}/all/${index}`)),
    ...(condition.not === undefined ? [] : ofCondition(condition.not, `${pointer}/not`)),
  ];
};

const ofStrategy = (strategy: Strategy): Reference[] => {
  const each = (kind: Reference['kind'], keys: readonly string[] | undefined, pointer: string): Reference[] => (keys ?? []).map((key, index) => ({ kind, key, pointer: `/strategy/${pointer}/${index}` }));
  return [
    ...each('segment', strategy.audienceSegments, 'audienceSegments'),
    ...each('calendar', strategy.blackouts, 'blackouts'),
    ...(strategy.geographicRules ?? []).flatMap(({ regions }, index) => each('region', regions, `geographicRules/${index}/regions`)),
    ...(strategy.steps ?? []).flatMap(({ regions }, index) => each('region', regions, `steps/${index}/regions`)),
  ];
};

/** Every segment, region and calendar that an experiment names, with where it does. */
export const referencesOf = ({ strategy, targetAudience }: Pick<CreateExperiment, 'strategy' | 'targetAudience'>): Reference[] => [
  ...(targetAudience?.conditions ?? []).flatMap((condition, index) => ofCondition(condition, `/targetAudience/conditions/${index}`)),
  ...(strategy === undefined ? [] : ofStrategy(strategy)),
];

/** What is named and not there. */
export const unknownReferences = (references: readonly Reference[], known: ReadonlySet<string>): Fault[] =>
  references.filter(({ kind, key }) => !known.has(`${kind}:${key}`)).map(({ kind, key, pointer }) => ({ pointer, detail: `there is no ${kind} "${key}": make it first` }));
