import type { Condition, Flag, Rule } from '@pataka/contracts';
import type { Ruleset } from '@pataka/evaluation';

export const FLAGS = 200;
export const CONTEXTS = 10_000;

const cities = ['mumbai', 'pune', 'delhi', 'jaipur', 'bangalore', 'chennai', 'hyderabad', 'kolkata'];
const vehicles = ['truck_10t', 'truck_20t', 'van', 'auto', 'bus', 'tanker'];
const versions = ['1.2.3', '1.10.0', '2.0.0', '2.1.5', '3.0.1', '3.4.0', '3.10.2'];

const pick = <T>(list: readonly T[], index: number): T => list[index % list.length]!;

/** A subject as a caller would send it. */
export type BenchContext = { targetingKey: string; role: string; region: string; fleet_size: number; vehicle_type: string; app_version: string; language: string };

/** What each operator of the workload compares; what a peer has not is put in words that answer the same. */
export type Comparison =
  | { attribute: string; operator: 'in'; value: string[] }
  | { attribute: string; operator: 'gte'; value: number }
  | { attribute: string; operator: 'starts_with' | 'regex' | 'semver_gte' | 'not_equals'; value: string };

/** Three rules of two conditions each; which operators, turns with the flag. */
const targetingRules = (index: number): Rule[] => {
  const comparisons: Comparison[] = [
    { attribute: 'region', operator: 'in', value: [pick(cities, index), pick(cities, index + 1), pick(cities, index + 3)] },
    { attribute: 'fleet_size', operator: 'gte', value: 20 + (index % 50) },
    { attribute: 'role', operator: 'starts_with', value: 'fleet' },
    { attribute: 'vehicle_type', operator: 'regex', value: '^truck_\\d+t$' },
    { attribute: 'app_version', operator: 'semver_gte', value: pick(versions, index) },
    { attribute: 'language', operator: 'not_equals', value: 'hi' },
  ];
  return [0, 1, 2].map((rule) => ({
    id: `r${index}-${rule}`,
    priority: 30 - 10 * rule,
    conditions: [pick(comparisons, index + 2 * rule), pick(comparisons, index + 2 * rule + 3)] satisfies Condition[],
    value: rule % 2 === 0,
  }));
};

/** The split of 10% of the flags; each is an experiment, so that recording has exposures to tell. */
const splitRule = (index: number): Rule => ({
  id: `s${index}`, experimentId: `exp_${index}`, phase: 1, split: ['a', 'b', 'c', 'd'].map((variant) => ({ variant, weight: 0.25, value: variant === 'a' })),
});

const kinds = ['simple', 'targeting', 'simple', 'percentage', 'targeting', 'simple', 'split', 'targeting', 'percentage', 'simple'] as const;
export type Kind = (typeof kinds)[number];

/** 40% simple, 30% with three rules, 20% percentages, 10% four-way splits, evenly mixed. */
export const kindOf = (index: number): Kind => pick(kinds, index);

const rulesOf = (index: number): Rule[] => {
  const kind = kindOf(index);
  if (kind === 'simple') return [];
  if (kind === 'targeting') return targetingRules(index);
  return kind === 'split' ? [splitRule(index)] : [{ id: `p${index}`, percentage: 5 + (index % 90), value: true }];
};

export const benchFlag = (index: number): Flag => ({
  key: `flag_${index}`, type: 'BOOLEAN', status: 'ACTIVE', defaultValue: false, version: 1, environments: { production: { enabled: true, rules: rulesOf(index) } },
});

/** The ruleset of the mixed workload, as JSON brings it. */
export const benchRuleset = (flags = FLAGS): Ruleset =>
  JSON.parse(JSON.stringify({ environment: 'production', position: 1, flags: Array.from({ length: flags }, (_, index) => benchFlag(index)), segments: [], regions: [], calendars: [] })) as Ruleset;

/** The contexts of the mixed workload. */
export const benchContexts = (): BenchContext[] => Array.from({ length: CONTEXTS }, (_, index) => ({
  targetingKey: String(100_000 + index * 7919),
  role: pick(['driver', 'fleet_manager', 'admin'], index),
  region: pick(cities, index * 3),
  fleet_size: (index * 13) % 120,
  vehicle_type: pick(vehicles, index * 5),
  app_version: pick(versions, index * 11),
  language: pick(['hi', 'ta', 'te', 'mr', 'en'], index),
}));

/** The rules of a flag in the order in which they are judged; the workload has them so already. */
export const rulesIn = (flag: Flag): readonly Rule[] => flag.environments['production']!.rules;
export const comparisonsIn = (rule: Rule): Comparison[] => (rule.conditions ?? []) as Comparison[];

/** How many flags each context meets; the pairs come round again, as a subject's do in a service. */
const MEETINGS = 20;

/** Which context the n-th evaluation is of; its flag is the (n mod 200)-th. */
export const contextAt = (n: number): number => (n + (Math.floor(n / CONTEXTS) % MEETINGS)) % CONTEXTS;


/** After so many evaluations every pair has been met. */
export const PAIRS = CONTEXTS * MEETINGS;
