import type { Flag, Prerequisite, Rule } from '@pataka/contracts';
import { needsClock, type Scope } from './condition';
import { CompiledRule } from './compiled-rule';
import type { Context } from './context';
import { deepEqual } from './equality';
import { served, unserved, type Evaluation, type Reason } from './evaluation';

/** What a flag refers to: conditions' scope, and other flags as its prerequisites. */
export type FlagScope = Scope & {
  /** A prerequisite's answer in the evaluation that is under way; undefined where there is no such flag. */
  prerequisite(key: string, context: Context, at: number): Evaluation | undefined;
  /** Whether a flag's prerequisites lead into a ring: then it can't be evaluated. */
  needsRing(key: string): boolean;
};

/** A flag, ready to be evaluated. */
export type Decider = {
  /** Whether the answer may depend on the time; otherwise the instant passed to `decide` does not matter. */
  readonly needsClock: boolean;
  /** The answer of a flag that has but one, whatever the context: one without rules, or disabled. */
  readonly constant: Evaluation | undefined;
  /** The flag's answer, made once and shared; what was bucketed is left in the context. */
  decide(context: Context, at: number): Evaluation;
};

const own = <T>(record: Readonly<Record<string, T>> | undefined | null, key: string): T | undefined =>
  record && Object.prototype.hasOwnProperty.call(record, key) ? record[key] : undefined;

const priorityOf = ({ priority }: Rule): number => (typeof priority === 'number' && !Number.isNaN(priority) ? priority : 0);

const defaultAnswer = (flag: Flag, reason: Reason): Evaluation => {
  const value = flag.defaultValue;
  if (value === undefined || value === null) throw new TypeError(`flag ${flag.key} has no default value`);
  return served({ value, variant: flag.defaultVariant ?? 'default', reason, flagVersion: flag.version });
};

const prerequisitesOf = ({ key, prerequisites }: Flag): readonly Prerequisite[] => {
  if (prerequisites === undefined || prerequisites === null) return [];
  const areWhole = Array.isArray(prerequisites) && prerequisites.every((one) => typeof one?.flag === 'string');
  if (!areWhole) throw new TypeError(`flag ${key} has a prerequisite that names no flag`);
  return prerequisites;
};

const ruleNeedsClock = ({ schedule, bucketBy, conditions, traffic }: Rule): boolean =>
  (schedule !== undefined && schedule !== null) || bucketBy === 'timestamp' || traffic?.some((range) => range.bucketBy === 'timestamp') === true || (Array.isArray(conditions) && conditions.some(needsClock));

/** A flag in one environment, ready to be evaluated. */
export class CompiledFlag implements Decider {
  readonly enabled: boolean;
  readonly needsClock: boolean;
  /** Highest priority first; equal priorities as they are listed. */
  readonly rules: readonly CompiledRule[];
  readonly prerequisites: readonly Prerequisite[];
  readonly constant: Evaluation | undefined;
  private readonly disabled: Evaluation;
  private readonly fallback: Evaluation;
  private readonly unmet: Evaluation;

  constructor(readonly flag: Flag, private readonly scope: FlagScope) {
    const environment = own(flag.environments, scope.environment);
    const rules = environment?.rules ?? [];
    this.enabled = isEnabled(flag, scope.environment);
    this.rules = this.enabled ? [...rules].sort((one, other) => priorityOf(other) - priorityOf(one)).map((rule) => new CompiledRule(rule, flag, scope)) : [];
    this.prerequisites = this.enabled ? prerequisitesOf(flag) : [];
    this.needsClock = this.prerequisites.length > 0 || this.rules.some(({ rule }) => ruleNeedsClock(rule));
    this.disabled = defaultAnswer(flag, 'DISABLED');
    this.unmet = defaultAnswer(flag, 'DEFAULT');
    this.fallback = rules.length === 0 ? defaultAnswer(flag, 'STATIC') : this.unmet;
    this.constant = !this.enabled ? this.disabled : this.rules.length === 0 && this.prerequisites.length === 0 ? this.fallback : undefined;
  }

  decide(context: Context, at: number): Evaluation {
    if (!this.enabled) return this.disabled;
    if (this.prerequisites.length > 0 && !this.prerequisitesHold(context, at)) return this.unmet;
    for (let index = 0; index < this.rules.length; index += 1) {
      const answer = this.rules[index]!.serve(context, at);
      if (answer !== undefined) return answer;
    }
    return this.fallback;
  }

  /** Whether the flag may be evaluated at all where it has prerequisites. */
  prerequisitesHold(context: Context, at: number): boolean {
    if (this.scope.needsRing(this.flag.key)) return false;
    return this.prerequisites.every((prerequisite) => this.holds(prerequisite, context, at));
  }

  /** Whether a prerequisite can be evaluated and serves the value it has to. */
  holds({ flag, value }: Prerequisite, context: Context, at: number): boolean {
    const answer = this.scope.prerequisite(flag, context, at);
    return answer !== undefined && answer.errorCode === undefined && deepEqual(answer.value, value);
  }
}

/** Whether a flag is evaluated in an environment, or answers its default as disabled. */
export const isEnabled = (flag: Flag, environment: string): boolean =>
  flag.status === 'ACTIVE' && own(flag.environments, environment)?.enabled === true;

/** Compiles a flag; a document that can't be compiled answers PARSE_ERROR. */
export const compileFlag = (flag: Flag, scope: FlagScope): Decider => {
  try {
    return new CompiledFlag(flag, scope);
  } catch (error) {
    const failure = unserved('PARSE_ERROR', error instanceof Error ? error.message : 'the flag document is malformed', flag.version);
    return { needsClock: false, constant: failure, decide: () => failure };
  }
};
