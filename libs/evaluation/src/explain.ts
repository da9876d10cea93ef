import type { Condition, FlagValue } from '@pataka/contracts';
import { bucketWith } from './bucket';
import { CompiledFlag } from './compiled-flag';
import type { CompiledRule } from './compiled-rule';
import { compileCondition, groupOf } from './condition';
import { readerOf, type Context } from './context';
import { ENGINE_VERSION, evaluate } from './evaluate';
import type { Evaluation } from './evaluation';
import type { CompiledRuleset } from './ruleset';

/** One condition, or a group with its members. */
export type ConditionExplanation = {
  readonly condition: Condition;
  readonly holds: boolean;
  /** What the context has for the condition's attribute; undefined when it is missing or the condition takes none. */
  readonly actual?: unknown;
  /** The members of `any` and `all`, the one member of `not`. */
  readonly members?: readonly ConditionExplanation[];
};

/**
 * What came of a rule. `served`: it decided. `keyMissing`: it decided by an error. `notReached`: an earlier rule or the flag's
 * state decided; what else is said of the rule is what it would have found. The others say why it did not match.
 */
export type RuleOutcome = 'served' | 'keyMissing' | 'notReached' | 'scheduleClosed' | 'conditionsFailed' | 'notIncluded' | 'noVariant';

/** One rule, judged on its own. */
export type RuleExplanation = {
  readonly ruleId: string;
  readonly priority: number;
  readonly outcome: RuleOutcome;
  /** Undefined for a rule without schedule. */
  readonly scheduleOpen: boolean | undefined;
  readonly conditions: readonly ConditionExplanation[];
  /** What the rule buckets, if the context has it. */
  readonly unit: string | undefined;
  /** The bucket of the inclusion, and the threshold it has to be below; undefined where the percentage needs none. */
  readonly bucket: number | undefined;
  readonly threshold: number;
  /** The bucket of the split, and below which bucket each variant serves. */
  readonly splitBucket: number | undefined;
  readonly shares: readonly { readonly variant: string; readonly below: number }[];
  /** The variant of the split that the unit would get. */
  readonly splitVariant: string | undefined;
};

/** A prerequisite and what its flag answered. */
export type PrerequisiteExplanation = {
  readonly flag: string;
  readonly expected: FlagValue;
  /** Undefined where there is no such flag. */
  readonly actual: Evaluation | undefined;
  readonly holds: boolean;
};

/** Why a flag answers what it answers for a context. */
export type Explanation = {
  readonly flagKey: string;
  readonly environment: string;
  /** The configuration, by the global position of its last change. */
  readonly position: number;
  readonly engine: string;
  /** The instant evaluated at, in milliseconds since the epoch. */
  readonly atMs: number;
  readonly evaluation: Evaluation;
  /** Whether the flag is ACTIVE and enabled in the environment; without that no rule is looked at. */
  readonly enabled: boolean;
  /** Whether its prerequisites lead into a ring, which keeps the flag at its default. */
  readonly needsRing: boolean;
  readonly prerequisites: readonly PrerequisiteExplanation[];
  /** Every rule in the order in which they are judged. */
  readonly rules: readonly RuleExplanation[];
};

type Setting = { readonly ruleset: CompiledRuleset; readonly context: Context; readonly at: number };

const explainCondition = (condition: Condition, setting: Setting): ConditionExplanation => {
  const { ruleset, context, at } = setting;
  const holds = compileCondition(condition, ruleset)(context, at);
  const group = typeof condition === 'object' && condition !== null ? groupOf(condition) : undefined;
  if (group !== undefined) return { condition, holds, members: group.members.map((member) => explainCondition(member, setting)) };
  const attribute = condition?.attribute;
  return typeof attribute === 'string' ? { condition, holds, actual: readerOf(attribute, ruleset.environment)(context, at) ?? undefined } : { condition, holds };
};

type Buckets = Pick<RuleExplanation, 'unit' | 'bucket' | 'splitBucket' | 'splitVariant'>;

const bucketsOf = (compiled: CompiledRule, { context, at }: Setting): Buckets => {
  const { rule, inclusion, split } = compiled;
  const unit = compiled.unitOf(context, at);
  if (unit === undefined) return { unit, bucket: undefined, splitBucket: undefined, splitVariant: undefined };
  const splitBucket = split === undefined ? undefined : bucketWith(unit, split.salt);
  return {
    unit,
    bucket: inclusion === undefined ? undefined : bucketWith(unit, inclusion),
    splitBucket,
    splitVariant: splitBucket === undefined ? undefined : rule.split?.[compiled.shareOf(splitBucket)]?.variant,
  };
};

const outcomeOfBuckets = ({ inclusion, split, threshold }: CompiledRule, { unit, bucket, splitVariant }: Buckets): RuleOutcome => {
  if (inclusion === undefined && threshold === 0) return 'notIncluded';
  if (unit === undefined) return inclusion === undefined && split === undefined ? 'served' : 'keyMissing';
  if (bucket !== undefined && bucket >= threshold) return 'notIncluded';
  return split !== undefined && splitVariant === undefined ? 'noVariant' : 'served';
};

const explainRule = (compiled: CompiledRule, setting: Setting): RuleExplanation => {
  const { rule, split } = compiled;
  const scheduleOpen = compiled.isOpen?.(setting.at);
  const conditions = (Array.isArray(rule.conditions) ? rule.conditions : []).map((condition) => explainCondition(condition, setting));
  const buckets = bucketsOf(compiled, setting);
  const outcome = compiled.conditionsHold(setting.context, setting.at) ? outcomeOfBuckets(compiled, buckets) : 'conditionsFailed';
  return {
    ruleId: rule.id,
    priority: rule.priority ?? 0,
    outcome: scheduleOpen === false ? 'scheduleClosed' : outcome,
    scheduleOpen,
    conditions,
    ...buckets,
    threshold: compiled.threshold,
    shares: split === undefined ? [] : split.limits.map((below, index) => ({ variant: rule.split![index]!.variant, below })),
  };
};

const isDecisive = ({ outcome }: RuleExplanation): boolean => outcome === 'served' || outcome === 'keyMissing';

/** Rules are judged in order until one decides. */
const explainRules = (flag: CompiledFlag, reached: boolean, setting: Setting): RuleExplanation[] => {
  let decided = !reached;
  return flag.rules.map((rule) => {
    const explanation = explainRule(rule, setting);
    if (decided) return { ...explanation, outcome: 'notReached' };
    decided = isDecisive(explanation);
    return explanation;
  });
};

const explainPrerequisites = (flag: CompiledFlag, { ruleset, context, at }: Setting): PrerequisiteExplanation[] =>
  flag.prerequisites.map((prerequisite) => ({
    flag: prerequisite.flag,
    expected: prerequisite.value,
    actual: ruleset.prerequisite(prerequisite.flag, context, at),
    holds: flag.holds(prerequisite, context, at),
  }));

type Findings = Pick<Explanation, 'enabled' | 'needsRing' | 'prerequisites' | 'rules'>;

const NO_FINDINGS: Findings = { enabled: false, needsRing: false, prerequisites: [], rules: [] };

const explainFlag = (flag: CompiledFlag, setting: Setting): Findings => {
  const needsRing = flag.prerequisites.length > 0 && setting.ruleset.needsRing(flag.flag.key);
  const prerequisites = needsRing ? [] : explainPrerequisites(flag, setting);
  const reached = flag.enabled && !needsRing && prerequisites.every(({ holds }) => holds);
  return { enabled: flag.enabled, needsRing, prerequisites, rules: explainRules(flag, reached, setting) };
};

/**
 * Explains an evaluation: every prerequisite, every rule in order with each condition's outcome, bucket and threshold. Slower than
 * `evaluate`, and always in agreement with it. Never throws: what can't be looked into is left out.
 *
 * @param ruleset - the flags of one environment
 * @param flagKey - the flag's key
 * @param context - made by `prepareContext`
 * @param nowMs - milliseconds since the epoch; stands in for a context's missing `timestamp`
 */
export const explain = (ruleset: CompiledRuleset, flagKey: string, context: Context, nowMs: number): Explanation => {
  const evaluation = evaluate(ruleset, flagKey, context, nowMs);
  const setting = { ruleset, context, at: context.timestampMs ?? nowMs };
  const frame = { flagKey, environment: ruleset.environment, position: ruleset.position, engine: ENGINE_VERSION, atMs: setting.at, evaluation };
  try {
    const flag = ruleset.begin(flagKey);
    return flag instanceof CompiledFlag ? { ...frame, ...explainFlag(flag, setting) } : { ...frame, ...NO_FINDINGS };
  } catch {
    return { ...frame, ...NO_FINDINGS }; // the evaluation fell short of the same obstacle, or says GENERAL
  }
};
