import type { Flag, Prerequisite, Rule } from '@pataka/contracts';
import { isEnabled } from './compiled-flag';
import type { Context } from './context';
import { deepEqual } from './equality';
import { ENGINE_VERSION, evaluate } from './evaluate';
import type { Evaluation } from './evaluation';
import type { Setting } from './explain-condition';
import { explainRule } from './explain-rule';
import type { DisabledBy, Explanation, PrerequisiteExplanation, RuleExplanation } from './explain-shape';
import type { CompiledRuleset } from './ruleset';

export type * from './explain-shape';

const environmentOf = (flag: Flag, environment: string): Flag['environments'][string] | undefined =>
  Object.prototype.hasOwnProperty.call(flag.environments ?? {}, environment) ? flag.environments[environment] : undefined;

const disabledBy = (flag: Flag, environment: string): DisabledBy | undefined => {
  if (isEnabled(flag, environment)) return undefined;
  if (flag.status !== 'ACTIVE') return 'status';
  return environmentOf(flag, environment) === undefined ? 'environmentMissing' : 'environmentOff';
};

const priorityOf = ({ priority }: Rule): number => (typeof priority === 'number' && !Number.isNaN(priority) ? priority : 0);

const isDecisive = ({ finding }: RuleExplanation): boolean => finding === 'served' || finding === 'keyMissing';

/** Rules are judged in order until one decides. */
const explainRules = (flag: Flag, reached: boolean, setting: Setting): RuleExplanation[] => {
  const rules = environmentOf(flag, setting.ruleset.environment)?.rules ?? [];
  let decided = !reached;
  return [...rules].sort((one, other) => priorityOf(other) - priorityOf(one)).map((rule) => {
    const explanation = explainRule(rule, setting);
    if (decided) return { ...explanation, outcome: 'notReached' };
    decided = isDecisive(explanation);
    return explanation;
  });
};

/** What a recorder has put at a shared answer is not the asker's. */
const unmarked = (evaluation: Evaluation): Evaluation => ({ ...evaluation, tally: undefined });

const explainPrerequisite = ({ flag, value }: Prerequisite, { ruleset, context, at }: Setting): PrerequisiteExplanation => {
  const actual = ruleset.prerequisite(flag, context, at);
  return { flag, expected: value, actual: actual === undefined ? undefined : unmarked(actual), holds: actual !== undefined && actual.errorCode === undefined && deepEqual(actual.value, value) };
};

type Findings = Pick<Explanation, 'enabled' | 'disabledBy' | 'needsRing' | 'prerequisites' | 'rules'>;

const NO_FINDINGS: Findings = { enabled: false, disabledBy: undefined, needsRing: false, prerequisites: [], rules: [] };

const explainFlag = (flag: Flag, evaluation: Evaluation, setting: Setting): Findings => {
  const why = disabledBy(flag, setting.ruleset.environment);
  const needs = Array.isArray(flag.prerequisites) ? flag.prerequisites : [];
  const needsRing = why === undefined && needs.length > 0 && setting.ruleset.needsRing(flag.key);
  const prerequisites = needs.map((need) => explainPrerequisite(need, setting));
  const readable = evaluation.errorCode !== 'PARSE_ERROR' && evaluation.errorCode !== 'GENERAL';
  const reached = readable && why === undefined && !needsRing && prerequisites.every(({ holds }) => holds);
  return { enabled: why === undefined, disabledBy: why, needsRing, prerequisites, rules: explainRules(flag, reached, setting) };
};

/**
 * Explains an evaluation: every prerequisite, every rule in order with each condition's outcome, bucket and threshold, those that were
 * not reached included. Slower than `evaluate`, and always in agreement with it. Never throws: what can't be looked into is left out.
 *
 * @param ruleset - the flags of one environment
 * @param flagKey - the flag's key
 * @param context - made by `prepareContext`
 * @param nowMs - milliseconds since the epoch; stands in for a context's missing `timestamp`
 */
export const explain = (ruleset: CompiledRuleset, flagKey: string, context: Context, nowMs: number): Explanation => {
  const evaluation = unmarked(evaluate(ruleset, flagKey, context, nowMs));
  const setting = { ruleset, context, at: context.timestampMs ?? nowMs };
  const frame = { flagKey, environment: ruleset.environment, position: ruleset.position, engine: ENGINE_VERSION, atMs: setting.at, evaluation };
  try {
    ruleset.begin(flagKey);
    const flag = ruleset.flagAt(flagKey);
    return flag === undefined ? { ...frame, ...NO_FINDINGS } : { ...frame, ...explainFlag(flag, evaluation, setting) };
  } catch {
    return { ...frame, ...NO_FINDINGS }; // the evaluation fell short of the same obstacle, or says GENERAL
  }
};
