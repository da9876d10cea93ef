import type { Operator } from '@pataka/contracts';

/** What a condition compares with, and so how its value is edited. */
export type Operand = 'scalar' | 'list' | 'number' | 'text' | 'regex' | 'none' | 'version' | 'instant' | 'languages' | 'regions' | 'calendars' | 'segments';
interface Meaning { operand: Operand; group: 'value' | 'text' | 'number' | 'presence' | 'version' | 'time' | 'place' | 'people' }

/** Every operator; a new one in the contracts is a type error here. */
export const meanings: Readonly<Record<Operator, Meaning>> = {
  equals: { operand: 'scalar', group: 'value' }, not_equals: { operand: 'scalar', group: 'value' }, in: { operand: 'list', group: 'value' }, not_in: { operand: 'list', group: 'value' },
  within: { operand: 'regions', group: 'place' }, in_segment: { operand: 'segments', group: 'people' }, not_in_segment: { operand: 'segments', group: 'people' }, language_matches: { operand: 'languages', group: 'people' },
  gt: { operand: 'number', group: 'number' }, gte: { operand: 'number', group: 'number' }, lt: { operand: 'number', group: 'number' }, lte: { operand: 'number', group: 'number' },
  contains: { operand: 'scalar', group: 'text' }, starts_with: { operand: 'text', group: 'text' }, ends_with: { operand: 'text', group: 'text' }, regex: { operand: 'regex', group: 'text' },
  exists: { operand: 'none', group: 'presence' }, not_exists: { operand: 'none', group: 'presence' },
  semver_eq: { operand: 'version', group: 'version' }, semver_gt: { operand: 'version', group: 'version' }, semver_gte: { operand: 'version', group: 'version' }, semver_lt: { operand: 'version', group: 'version' }, semver_lte: { operand: 'version', group: 'version' },
  before: { operand: 'instant', group: 'time' }, after: { operand: 'instant', group: 'time' }, in_calendar: { operand: 'calendars', group: 'time' }, not_in_calendar: { operand: 'calendars', group: 'time' },
};

export const operatorNames = Object.keys(meanings) as Operator[];

/** Calendars and segments ask of the context as a whole. */
export const takesAttribute = (operator: Operator): boolean => !['calendars', 'segments'].includes(meanings[operator].operand);
export const takesMany = (operator: Operator): boolean => ['list', 'languages', 'regions', 'calendars', 'segments'].includes(meanings[operator].operand);

/** Attributes that fleets have, with the operator that is usually wanted. */
export const knownAttributes: Readonly<Record<string, Operator>> = {
  region: 'within', language: 'language_matches', role: 'in', vehicle_type: 'in', fleet_id: 'in', fleet_size: 'gte', app_version: 'semver_gte', payment_methods: 'contains', targetingKey: 'in', timestamp: 'after',
};
