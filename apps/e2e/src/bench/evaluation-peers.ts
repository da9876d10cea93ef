import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Flag, Rule } from '@pataka/contracts';
import { root } from '../harness/build';
import { type BenchContext, type Comparison, comparisonsIn, contextAt, FLAGS, rulesIn } from './evaluation-workload';

export type Records = 'nothing' | 'itself' | 'callback';

/** One whose evaluations are measured. Each has a loop of its own, so that none is slowed by what engines learnt of another's. */
export interface Evaluating {
  name: string;
  /** What comes of an evaluation beside its value: nothing, counts or exposures that it batches itself, or a call back to its user. */
  records: Records;
  /** Evaluates the n-th to the (n + count)-th time and answers how often the value was true. */
  run: (from: number, count: number) => number | Promise<number>;
  close?: () => unknown;
}

export type Workload = { flags: readonly Flag[]; contexts: readonly BenchContext[] };

const requirePeer = createRequire(join(root, 'apps/e2e/peers/package.json'));
const load = <T>(name: string): T => requirePeer(name) as T;
const nothing = (): void => undefined;
const quiet = { error: nothing, warn: nothing, info: nothing, debug: nothing };
const percentageOf = (rule: Rule): number => rule.percentage ?? 100;
const keysOf = (flags: readonly Flag[]): string[] => flags.map(({ key }) => key);
const isTargeting = (flag: Flag): boolean => rulesIn(flag).length === 3;
const byKey = <T>(flags: readonly Flag[], make: (flag: Flag) => T): Record<string, T> => Object.fromEntries(flags.map((flag) => [flag.key, make(flag)]));

// flagd: JSONLogic. It has no regular expressions; the two ends of ^truck_\d+t$ tell these vehicles apart as well.
type Flagd = { setConfigurations: (json: string) => unknown; resolveBooleanEvaluation: (key: string, fallback: boolean, context: object, logger: object) => { value: boolean } };
const flagdCondition = ({ attribute, operator, value }: Comparison): object => {
  const actual = { var: attribute };
  switch (operator) {
    case 'in': return { in: [actual, value] };
    case 'gte': return { '>=': [actual, value] };
    case 'starts_with': return { starts_with: [actual, value] };
    case 'regex': return { and: [{ starts_with: [actual, 'truck_'] }, { ends_with: [actual, 't'] }] };
    case 'semver_gte': return { sem_ver: [actual, '>=', value] };
    case 'not_equals': return { '!=': [actual, value] };
  }
};
const flagdFlag = (flag: Flag): object => {
  const rules = rulesIn(flag);
  const onOff = { state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: 'off' };
  if (rules.length === 0) return onOff;
  if (isTargeting(flag)) return { ...onOff, targeting: { if: [...rules.flatMap((rule) => [{ and: comparisonsIn(rule).map(flagdCondition) }, rule.value === true ? 'on' : 'off']), 'off'] } };
  const [rule] = rules as [Rule];
  if (rule.split !== undefined) return { state: 'ENABLED', variants: Object.fromEntries(rule.split.map(({ variant, value }) => [variant, value])), defaultVariant: 'b', targeting: { fractional: rule.split.map(({ variant }) => [variant, 25]) } };
  return { ...onOff, targeting: { fractional: [['on', percentageOf(rule)], ['off', 100 - percentageOf(rule)]] } };
};
const flagd = ({ flags, contexts }: Workload): Evaluating => {
  const { FlagdCore } = load<{ FlagdCore: new () => Flagd }>('@openfeature/flagd-core');
  const core = new FlagdCore();
  core.setConfigurations(JSON.stringify({ flags: byKey(flags, flagdFlag) }));
  const keys = keysOf(flags);
  return {
    name: 'flagd-core', records: 'nothing',
    run: (from, count) => {
      let on = 0;
      for (let n = from; n < from + count; n += 1) if (core.resolveBooleanEvaluation(keys[n % FLAGS]!, false, contexts[contextAt(n)]!, quiet).value) on += 1;
      return on;
    },
  };
};

// GrowthBook: a MongoDB-like query per rule.
type GrowthBook = { initSync: (options: object) => unknown; evalFeature: (key: string, context: object) => { on: boolean } };
const growthBookCondition = ({ attribute, operator, value }: Comparison): object => {
  switch (operator) {
    case 'in': return { [attribute]: { $in: value } };
    case 'gte': return { [attribute]: { $gte: value } };
    case 'starts_with': return { [attribute]: { $regex: `^${value}` } };
    case 'regex': return { [attribute]: { $regex: value } };
    case 'semver_gte': return { [attribute]: { $vgte: value } };
    case 'not_equals': return { [attribute]: { $ne: value } };
  }
};
const growthBookRule = (rule: Rule, key: string): object => {
  if (rule.split !== undefined) return { key, variations: rule.split.map(({ value }) => value), weights: rule.split.map(({ weight }) => weight), coverage: 1, hashAttribute: 'id' };
  const conditions = comparisonsIn(rule).map(growthBookCondition);
  return conditions.length > 0 ? { condition: { $and: conditions }, force: rule.value } : { force: rule.value, coverage: percentageOf(rule) / 100, hashAttribute: 'id' };
};
const growthBook = ({ flags, contexts }: Workload, records: boolean): Evaluating => {
  const { GrowthBookClient } = load<{ GrowthBookClient: new (options: object) => GrowthBook }>('@growthbook/growthbook');
  let told = 0;
  const client = new GrowthBookClient(records ? { trackingCallback: () => { told += 1; } } : {});
  client.initSync({ payload: { features: byKey(flags, (flag) => ({ defaultValue: false, rules: rulesIn(flag).map((rule) => growthBookRule(rule, flag.key)) })) } });
  const keys = keysOf(flags);
  const users = contexts.map((context) => ({ attributes: { id: context.targetingKey, ...context } }));
  return {
    name: records ? 'GrowthBook, tracking callback' : 'GrowthBook', records: records ? 'callback' : 'nothing',
    run: (from, count) => {
      let on = 0;
      for (let n = from; n < from + count; n += 1) if (client.evalFeature(keys[n % FLAGS]!, users[contextAt(n)]!).on) on += 1;
      if (records && count > FLAGS && told === 0) throw new Error('GrowthBook told of nothing');
      return on;
    },
  };
};

// LaunchDarkly: clauses; it has "not less" instead of "at least" for versions.
type LaunchDarkly = { waitForInitialization: (options: object) => Promise<unknown>; boolVariation: (key: string, context: object, fallback: boolean) => Promise<boolean>; close: () => unknown };
type LaunchDarklyData = { usePreconfiguredFlag: (flag: object) => Promise<unknown>; getFactory: () => unknown };
const clause = ({ attribute, operator, value }: Comparison): object => {
  const made = (op: string, values: unknown[], negate = false): object => ({ contextKind: 'user', attribute, op, values, negate });
  switch (operator) {
    case 'in': return made('in', value);
    case 'gte': return made('greaterThanOrEqual', [value]);
    case 'starts_with': return made('startsWith', [value]);
    case 'regex': return made('matches', [value]);
    case 'semver_gte': return made('semVerLessThan', [value], true);
    case 'not_equals': return made('in', [value], true);
  }
};
const launchDarklyRule = (rule: Rule): object => {
  if (rule.split !== undefined) return { rollout: { contextKind: 'user', variations: rule.split.map(({ value }) => ({ variation: value === true ? 1 : 0, weight: 25_000 })) } };
  if (rule.conditions !== undefined) return { id: rule.id, clauses: comparisonsIn(rule).map(clause), variation: rule.value === true ? 1 : 0 };
  return { rollout: { contextKind: 'user', variations: [{ variation: 1, weight: percentageOf(rule) * 1000 }, { variation: 0, weight: (100 - percentageOf(rule)) * 1000 }] } };
};
const launchDarklyFlag = (flag: Flag): object => {
  const rules = rulesIn(flag).map(launchDarklyRule);
  const frame = { key: flag.key, version: 1, on: true, variations: [false, true], offVariation: 0, fallthrough: { variation: 0 }, salt: flag.key, prerequisites: [], targets: [], rules: [] };
  return rules.length === 1 ? { ...frame, fallthrough: rules[0] } : { ...frame, rules };
};
const launchDarkly = async ({ flags, contexts }: Workload): Promise<Evaluating> => {
  const { init } = load<{ init: (key: string, options: object) => LaunchDarkly }>('@launchdarkly/node-server-sdk');
  const { TestData } = load<{ TestData: new () => LaunchDarklyData }>('@launchdarkly/node-server-sdk/integrations');
  const data = new TestData();
  for (const flag of flags) await data.usePreconfiguredFlag(launchDarklyFlag(flag));
  const client = init('sdk-key', { updateProcessor: data.getFactory(), sendEvents: false, diagnosticOptOut: true, logger: quiet });
  await client.waitForInitialization({ timeout: 5 });
  const keys = keysOf(flags);
  const users = contexts.map((context) => ({ kind: 'user', key: context.targetingKey, ...context }));
  return {
    name: 'LaunchDarkly', records: 'nothing', close: () => client.close(),
    run: async (from, count) => {
      let on = 0;
      for (let n = from; n < from + count; n += 1) if (await client.boolVariation(keys[n % FLAGS]!, users[contextAt(n)]!, false)) on += 1;
      return on;
    },
  };
};

// Statsig: gates; each rule is a set of conditions, a percentage of 100 per rule, and the first whose conditions hold decides.
type Statsig = { initializeAsync: () => Promise<unknown>; checkGate: (user: object, gate: string) => boolean; checkGateWithExposureLoggingDisabled: (user: object, gate: string) => boolean; shutdown: () => unknown };
const statsigCondition = ({ attribute, operator, value }: Comparison): object => {
  const made = (op: string, targetValue: unknown): object => ({ type: 'user_field', targetValue, operator: op, field: attribute, additionalValues: {}, isDeviceBased: false, idType: 'userID' });
  switch (operator) {
    case 'in': return made('any', value);
    case 'gte': return made('gte', value);
    case 'starts_with': return made('str_starts_with_any', [value]);
    case 'regex': return made('str_matches', value);
    case 'semver_gte': return made('version_gte', value);
    case 'not_equals': return made('none', [value]);
  }
};
const everybody = { type: 'public', targetValue: null, operator: null, field: null, additionalValues: {}, isDeviceBased: false, idType: 'userID' };
const statsigRule = (rule: Rule): object => ({
  name: rule.id, id: rule.id, salt: rule.id, groupName: rule.id, idType: 'userID', isDeviceBased: false, returnValue: rule.split !== undefined || rule.value === true,
  passPercentage: rule.split !== undefined ? 25 : rule.value === true ? percentageOf(rule) : 0, conditions: rule.conditions === undefined ? [everybody] : comparisonsIn(rule).map(statsigCondition),
});
const statsig = async ({ flags, contexts }: Workload, records: boolean): Promise<Evaluating> => {
  const Server = load<{ default: new (key: string, options: object) => Statsig }>('statsig-node/dist/StatsigServer.js').default;
  const feature_gates = flags.map((flag) => ({ name: flag.key, type: 'feature_gate', salt: flag.key, enabled: true, defaultValue: false, idType: 'userID', entity: 'feature_gate', isActive: true, rules: rulesIn(flag).map(statsigRule) }));
  const client = new Server('secret-key', { localMode: true, disableDiagnostics: true, bootstrapValues: JSON.stringify({ has_updates: true, time: 1, feature_gates, dynamic_configs: [], layer_configs: [], id_lists: {}, layers: {} }) });
  await client.initializeAsync();
  const keys = keysOf(flags);
  const users = contexts.map(({ targetingKey, ...custom }) => ({ userID: targetingKey, custom }));
  return {
    name: records ? 'Statsig, exposures' : 'Statsig', records: records ? 'itself' : 'nothing', close: () => client.shutdown(),
    run: records
      ? (from, count) => {
          let on = 0;
          for (let n = from; n < from + count; n += 1) if (client.checkGate(users[contextAt(n)]!, keys[n % FLAGS]!)) on += 1;
          return on;
        }
      : (from, count) => {
          let on = 0;
          for (let n = from; n < from + count; n += 1) if (client.checkGateWithExposureLoggingDisabled(users[contextAt(n)]!, keys[n % FLAGS]!)) on += 1;
          return on;
        },
  };
};

// Eppo: allocations of shards.
type Eppo = { setAssignmentLogger: (logger: object) => void; setIsGracefulFailureMode: (graceful: boolean) => void; getBooleanAssignment: (key: string, subject: string, attributes: object, fallback: boolean) => boolean };
type EppoStore = { setEntries: (entries: object) => Promise<unknown>; setFormat: (format: string) => void };
const eppoCondition = ({ attribute, operator, value }: Comparison): object => {
  switch (operator) {
    case 'in': return { attribute, operator: 'ONE_OF', value };
    case 'gte': case 'semver_gte': return { attribute, operator: 'GTE', value };
    case 'starts_with': return { attribute, operator: 'MATCHES', value: `^${value}` };
    case 'regex': return { attribute, operator: 'MATCHES', value };
    case 'not_equals': return { attribute, operator: 'NOT_ONE_OF', value: [value] };
  }
};
const eppoSplits = (rule: Rule): object[] => {
  const whole = (value: unknown): string => (value === true ? 'on' : 'off');
  const shard = (start: number, end: number): object => ({ salt: rule.id, ranges: [{ start, end }] });
  if (rule.split !== undefined) return rule.split.map(({ value }, index) => ({ variationKey: whole(value), shards: [shard(index * 2500, (index + 1) * 2500)] }));
  return [{ variationKey: whole(rule.value), shards: rule.percentage === undefined ? [] : [shard(0, rule.percentage * 100)] }];
};
const eppoAllocation = (rule: Rule): object => ({ key: rule.id, doLog: rule.experimentId !== undefined, splits: eppoSplits(rule), ...(rule.conditions === undefined ? {} : { rules: [{ conditions: comparisonsIn(rule).map(eppoCondition) }] }) });
const eppo = async ({ flags, contexts }: Workload, records: boolean): Promise<Evaluating> => {
  const common = createRequire(requirePeer.resolve('@eppo/node-server-sdk'))('@eppo/js-client-sdk-common') as { EppoClient: new (options: object) => Eppo; MemoryOnlyConfigurationStore: new () => EppoStore };
  const flagConfigurationStore = new common.MemoryOnlyConfigurationStore();
  const variations = { on: { key: 'on', value: true }, off: { key: 'off', value: false } };
  await flagConfigurationStore.setEntries(byKey(flags, (flag) => ({ key: flag.key, enabled: true, variationType: 'BOOLEAN', variations, totalShards: 10_000, allocations: rulesIn(flag).map(eppoAllocation) })));
  flagConfigurationStore.setFormat('SERVER');
  const client = new common.EppoClient({ flagConfigurationStore, isObfuscated: false });
  client.setIsGracefulFailureMode(false);
  let told = 0;
  if (records) client.setAssignmentLogger({ logAssignment: () => { told += 1; } });
  const keys = keysOf(flags);
  const users = contexts.map(({ targetingKey, ...attributes }) => ({ targetingKey, attributes }));
  return {
    name: records ? 'Eppo, assignment logger' : 'Eppo', records: records ? 'callback' : 'nothing',
    run: (from, count) => {
      let on = 0;
      for (let n = from; n < from + count; n += 1) {
        const user = users[contextAt(n)]!;
        if (client.getBooleanAssignment(keys[n % FLAGS]!, user.targetingKey, user.attributes, false)) on += 1;
      }
      if (records && count > FLAGS && told === 0) throw new Error('Eppo told of nothing');
      return on;
    },
  };
};

// Unleash: strategies of which any may hold; a rule that serves false becomes a constraint, negated, on those below it.
type Unleash = { on: (event: string, listener: () => void) => unknown; isEnabled: (key: string, context: object) => boolean; destroy: () => unknown };
const constraint = ({ attribute, operator, value }: Comparison, inverted = false): object => {
  const made = (op: string, one: object, isInverted = inverted): object => ({ contextName: attribute, operator: op, inverted: isInverted, values: [], ...one });
  switch (operator) {
    case 'in': return made('IN', { values: value });
    case 'gte': return made('NUM_GTE', { value: String(value) });
    case 'starts_with': return made('STR_STARTS_WITH', { values: [value] });
    case 'regex': return made('REGEX', { value });
    case 'semver_gte': return made('SEMVER_GTE', { value });
    case 'not_equals': return made('NOT_IN', { values: [value] });
  }
};
const rollout = (percentage: number, groupId: string, constraints: object[] = []): object => ({ name: 'flexibleRollout', parameters: { rollout: String(percentage), stickiness: 'userId', groupId }, constraints });
/** Rules serve true, false, true: the third is reached where the first and the second fail, and the second fails where either of its conditions does. */
const unleashStrategies = (flag: Flag): object[] => {
  const [first, second, third] = rulesIn(flag);
  if (first === undefined) return [];
  if (first.split !== undefined) return [rollout(25, first.id)];
  if (second === undefined || third === undefined) return [rollout(percentageOf(first), first.id)];
  const thirds = comparisonsIn(third).map((one) => constraint(one));
  const standard = (constraints: object[]): object => ({ name: 'default', parameters: {}, constraints });
  return [standard(comparisonsIn(first).map((one) => constraint(one))), ...comparisonsIn(second).map((one) => standard([constraint(one, true), ...thirds]))];
};
const unleash = async ({ flags, contexts }: Workload, records: boolean): Promise<Evaluating> => {
  const { Unleash } = load<{ Unleash: new (options: object) => Unleash }>('unleash-client');
  const data = flags.map((flag) => ({ name: flag.key, enabled: rulesIn(flag).length > 0, type: 'release', strategies: unleashStrategies(flag), variants: [], impressionData: false }));
  const client = new Unleash({
    appName: records ? 'recording' : 'plain', url: 'http://127.0.0.1:9/', refreshInterval: 0, metricsInterval: 3_600_000, disableMetrics: !records, skipInstanceCountWarning: true, bootstrap: { data },
    storageProvider: { set: async () => undefined, get: async () => undefined },
  });
  client.on('error', nothing);
  client.on('warn', nothing);
  await new Promise<void>((resolve) => client.on('ready', resolve));
  const keys = keysOf(flags);
  const users = contexts.map(({ targetingKey, ...properties }) => ({ userId: targetingKey, properties: { ...properties, fleet_size: String(properties.fleet_size) } }));
  return {
    name: records ? 'Unleash, counters' : 'Unleash', records: records ? 'itself' : 'nothing', close: () => client.destroy(),
    run: (from, count) => {
      let on = 0;
      for (let n = from; n < from + count; n += 1) if (client.isEnabled(keys[n % FLAGS]!, users[contextAt(n)]!)) on += 1;
      return on;
    },
  };
};

// PostHog: groups of properties, of which the first that matches decides; a group that serves false is a variant of its own.
type PostHog = { reloadFeatureFlags: () => Promise<unknown>; getFeatureFlag: (key: string, subject: string, options: object) => Promise<string | boolean | undefined>; shutdown: () => Promise<unknown> };
const property = ({ attribute, operator, value }: Comparison): object => {
  const made = (op: string, one: unknown): object => ({ key: attribute, type: 'person', operator: op, value: one });
  switch (operator) {
    case 'in': return made('exact', value);
    case 'gte': return made('gte', value);
    case 'starts_with': return made('regex', `^${value}`);
    case 'regex': return made('regex', value);
    case 'semver_gte': return made('semver_gte', value);
    case 'not_equals': return made('is_not', value);
  }
};
const postHogFlag = (flag: Flag, index: number): object => {
  const rules = rulesIn(flag);
  const groups = rules.map((rule) => ({ properties: comparisonsIn(rule).map(property), rollout_percentage: rule.split === undefined ? percentageOf(rule) : 100, ...(isTargeting(flag) ? { variant: rule.value === true ? 'on' : 'off' } : {}) }));
  const variants = isTargeting(flag) ? [{ key: 'on', rollout_percentage: 50 }, { key: 'off', rollout_percentage: 50 }] : (rules[0]?.split ?? []).map(({ variant }) => ({ key: variant === 'a' ? 'on' : variant, rollout_percentage: 25 }));
  return { id: index, key: flag.key, name: flag.key, active: true, deleted: false, filters: { groups, ...(variants.length > 0 ? { multivariate: { variants } } : {}) } };
};
const postHog = async ({ flags, contexts }: Workload): Promise<Evaluating> => {
  const { PostHog } = load<{ PostHog: new (key: string, options: object) => PostHog }>('posthog-node');
  const definitions = JSON.stringify({ flags: flags.map(postHogFlag), group_type_mapping: {}, cohorts: {} });
  const client = new PostHog('phc_bench', { host: 'http://127.0.0.1:9', secretKey: 'phs_bench', featureFlagsPollingInterval: 3_600_000, fetch: async () => new Response(definitions, { status: 200 }) });
  await client.reloadFeatureFlags();
  const keys = keysOf(flags);
  const users = contexts.map(({ targetingKey, ...personProperties }) => ({ targetingKey, options: { personProperties, onlyEvaluateLocally: true, sendFeatureFlagEvents: false } }));
  return {
    name: 'PostHog', records: 'nothing', close: () => client.shutdown(),
    run: async (from, count) => {
      let on = 0;
      for (let n = from; n < from + count; n += 1) {
        const user = users[contextAt(n)]!;
        const value = await client.getFeatureFlag(keys[n % FLAGS]!, user.targetingKey, user.options);
        if (value === true || value === 'on') on += 1;
      }
      return on;
    },
  };
};

/** The peers, each made when it is its turn: one that can't be made is told of and left out. */
export const peers: readonly { name: string; make: (workload: Workload) => Evaluating | Promise<Evaluating> }[] = [
  { name: 'flagd-core', make: flagd },
  { name: 'GrowthBook', make: (workload) => growthBook(workload, false) },
  { name: 'LaunchDarkly', make: launchDarkly },
  { name: 'Statsig', make: (workload) => statsig(workload, false) },
  { name: 'Eppo', make: (workload) => eppo(workload, false) },
  { name: 'Unleash', make: (workload) => unleash(workload, false) },
  { name: 'PostHog', make: postHog },
  { name: 'Unleash, counters', make: (workload) => unleash(workload, true) },
  { name: 'GrowthBook, tracking callback', make: (workload) => growthBook(workload, true) },
  { name: 'Statsig, exposures', make: (workload) => statsig(workload, true) },
  { name: 'Eppo, assignment logger', make: (workload) => eppo(workload, true) },
];
