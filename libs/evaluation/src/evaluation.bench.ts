import type { Condition, Flag, Rule } from '@pataka/contracts';
import { compileRuleset, evaluate, evaluateValue, prepareContext, type Context, type Ruleset } from './index';

const FLAGS = 200;
const CONTEXTS = 10_000;
const NOW = Date.UTC(2026, 10, 22, 6, 30);

const cities = ['mumbai', 'pune', 'delhi', 'jaipur', 'bangalore', 'chennai', 'hyderabad', 'kolkata'];
const vehicles = ['truck_10t', 'truck_20t', 'van', 'auto', 'bus', 'tanker'];
const versions = ['1.2.3', '1.10.0', '2.0.0', '2.0.0-beta.2', '2.1.5', '3.0.1', '3.4.0'];

const pick = <T>(list: readonly T[], index: number): T => list[index % list.length]!;

/** Three rules of two conditions each; which operators, turns with the flag. */
const targetingRules = (index: number): Rule[] => {
  const conditions: Condition[] = [
    { attribute: 'region', operator: 'in', value: [pick(cities, index), pick(cities, index + 1), pick(cities, index + 3)] },
    { attribute: 'fleet_size', operator: 'gte', value: 20 + (index % 50) },
    { attribute: 'role', operator: 'starts_with', value: 'fleet' },
    { attribute: 'vehicle_type', operator: 'regex', value: '^truck_\\d+t$' },
    { attribute: 'app_version', operator: 'semver_gte', value: pick(versions, index) },
    { attribute: 'language', operator: 'not_equals', value: 'hi' },
  ];
  return [0, 1, 2].map((rule) => ({
    id: `r${index}-${rule}`,
    priority: 10 * rule,
    conditions: [pick(conditions, index + 2 * rule), pick(conditions, index + 2 * rule + 3)],
    value: rule % 2 === 0,
  }));
};

const rulesOf = (index: number): Rule[] => {
  const share = (index * 7) % 10; // spreads the kinds over the keys
  if (share < 4) return [];
  if (share < 7) return targetingRules(index);
  if (share < 9) return [{ id: `p${index}`, percentage: 5 + (index % 90), value: true }];
  return [{ id: `s${index}`, split: ['a', 'b', 'c', 'd'].map((variant) => ({ variant, weight: 0.25, value: variant === 'a' })) }];
};

/** The ruleset of the mixed workload: 40% simple, 30% targeting, 20% percentage, 10% four-way split. */
export const benchmarkRuleset = (): Ruleset => ({
  environment: 'production',
  position: 1,
  flags: Array.from({ length: FLAGS }, (_, index): Flag => ({
    key: `flag_${index}`,
    type: 'BOOLEAN',
    status: 'ACTIVE',
    defaultValue: false,
    version: 1,
    environments: { production: { enabled: true, rules: rulesOf(index) } },
  })),
  segments: [],
  regions: [],
  calendars: [],
});

/** The contexts of the mixed workload, as a caller would send them. */
export const benchmarkContexts = (): Record<string, unknown>[] => Array.from({ length: CONTEXTS }, (_, index) => ({
  targetingKey: String(100_000 + index * 7919),
  role: pick(['driver', 'fleet_manager', 'admin'], index),
  region: pick(cities, index * 3),
  fleet_size: (index * 13) % 120,
  vehicle_type: pick(vehicles, index * 5),
  app_version: pick(versions, index * 11),
  language: pick(['hi', 'ta', 'te', 'mr', 'en'], index),
}));

/** What was measured: nanoseconds of CPU time per evaluation, and evaluations per CPU second. */
export type BenchmarkResult = { readonly name: string; readonly nanoseconds: number; readonly perSecond: number };

const ROUNDS = 8;

/** The best of some rounds: what else runs on the machine only ever adds time. */
const measure = (name: string, evaluations: number, work: (index: number) => unknown): BenchmarkResult => {
  let kept: unknown;
  let nanoseconds = Infinity;
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = process.cpuUsage();
    for (let index = 0; index < evaluations; index += 1) kept = work(index);
    const { user, system } = process.cpuUsage(before);
    nanoseconds = Math.min(nanoseconds, ((user + system) * 1000) / evaluations);
  }
  if (kept === undefined) throw new Error('nothing was evaluated');
  return { name, nanoseconds, perSecond: Math.round(1e9 / nanoseconds) };
};

/**
 * Measures the mixed workload on one thread.
 *
 * @param evaluations - how many evaluations per round
 */
export const run = (evaluations = 1_000_000): BenchmarkResult[] => {
  const ruleset = compileRuleset(benchmarkRuleset());
  const keys = ruleset.flagKeys();
  const raw = benchmarkContexts();
  const contexts = raw.map((context) => prepareContext(context) as Context);
  const key = (index: number): string => keys[index % FLAGS]!;
  const at = (index: number): number => Math.floor(index / FLAGS + index) % CONTEXTS;
  return [
    measure('loop alone', evaluations, (index) => key(index).length + contexts[at(index)]!.attributes['region']!.toString().length),
    measure('evaluateValue', evaluations, (index) => evaluateValue(ruleset, key(index), contexts[at(index)]!, NOW, null)),
    measure('prepareContext + evaluateValue', evaluations, (index) => evaluateValue(ruleset, key(index), prepareContext(raw[at(index)]) as Context, NOW, null)),
    measure('evaluate', evaluations, (index) => evaluate(ruleset, key(index), contexts[at(index)]!, NOW)),
  ];
};
