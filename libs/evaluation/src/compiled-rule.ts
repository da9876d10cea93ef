import type { Flag, Rule, SplitShare } from '@pataka/contracts';
import { readerOf } from './attribute';
import { BUCKETS, bucketWith, saltOf, serialiseBucketKey, thresholdOf } from './bucket';
import { compileConditions, type Scope } from './condition';
import type { Context, Reader, Test } from './context';
import { served, unserved, type Evaluation, type Served } from './evaluation';
import type { Suffix } from './md5';
import { compileSchedule, type IsOpen } from './schedule';
import { compileTraffic, NOBODY, type Gate } from './traffic';

/** The shares of a split: variant i serves the buckets below `limits[i]` that no variant before it serves. */
type Split = { readonly salt: Suffix; readonly limits: readonly number[] };

const hasShares = (split: unknown): split is SplitShare[] => Array.isArray(split) && split.length > 0;

/** Weights are added from left to right, as every other implementation has to. */
const limitsOf = (shares: readonly SplitShare[]): number[] => {
  let sum = 0;
  return shares.map(({ weight }) => {
    sum += weight;
    return Math.round(BUCKETS * sum);
  });
};

const valueOf = (value: Flag['defaultValue'] | undefined, where: string): Flag['defaultValue'] => {
  if (value === undefined || value === null) throw new TypeError(`${where} has no value`);
  return value;
};

/** A variant may hold several shares: weights that have changed moved as few as possible. Its probability is all of them. */
const weightsOf = (shares: readonly SplitShare[]): Map<string, number> => {
  const weights = new Map<string, number>();
  for (const { variant, weight } of shares) weights.set(variant, (weights.get(variant) ?? 0) + weight);
  return weights;
};

/** Every answer that a rule can give, made once. */
const answersOf = (rule: Rule, flagVersion: number | undefined): Served[] => {
  const owner = { flagVersion, ruleId: rule.id, experimentId: rule.experimentId, phase: rule.phase };
  if (hasShares(rule.split)) {
    const weights = weightsOf(rule.split);
    return rule.split.map(({ variant, value }) =>
      served({ ...owner, value: valueOf(value, `variant ${variant} of rule ${rule.id}`), variant, reason: 'SPLIT', probability: weights.get(variant) }));
  }
  const everyone = thresholdOf(rule.percentage) === BUCKETS && !isPartial(rule) && !hasTraffic(rule);
  const value = valueOf(rule.value, `rule ${rule.id}`);
  return [served({ ...owner, value, variant: rule.variant ?? rule.id, reason: everyone ? 'TARGETING_MATCH' : 'SPLIT', probability: 1 })];
};

const hasTraffic = ({ traffic }: Rule): boolean => Array.isArray(traffic) && traffic.length > 0;

/** Whether the percentage asks for a bucket: 99.9999 rounds to everyone, and asks all the same. */
const isPartial = ({ percentage }: Rule): boolean => typeof percentage === 'number' && percentage > 0 && percentage < 100;

/** Nobody gets past a percentage of nothing; what rounds to nothing asks for a bucket all the same. */
const gateOf = (rule: Rule, environment: string): Gate | undefined =>
  thresholdOf(rule.percentage) === 0 && !isPartial(rule) ? NOBODY : compileTraffic(rule.traffic, environment);

const needsUnit = (rule: Rule): boolean => isPartial(rule) || hasShares(rule.split) || typeof rule.experimentId === 'string';

/** A rule as it is evaluated: nothing is sorted, parsed or made per evaluation, and the hash is taken last. */
export class CompiledRule {
  // What every evaluation reads comes first, so that it lies in one line of the processor's cache.
  readonly isOpen: IsOpen | undefined;
  /** Conditions, the first two apart: few rules have more, and a list of them is one more place to look. */
  private readonly first: Test | undefined;
  private readonly second: Test | undefined;
  private readonly rest: readonly Test[];
  /** The answer where the rule matches without looking at a key. */
  private readonly plain: Served | undefined;
  /** What lets only some units through before the percentage is asked, or nobody; undefined where all get that far. */
  private readonly gate: Gate | undefined;
  /** Below which bucket the rule includes a key. */
  readonly threshold: number;
  /** The salt of the inclusion; undefined where the percentage includes everyone or nobody without looking. */
  readonly inclusion: Suffix | undefined;
  readonly split: Split | undefined;
  private readonly answers: readonly Served[];
  private readonly keyMissing: Evaluation;
  private readonly readKey: Reader | undefined;
  readonly rule: Rule;

  constructor(rule: Rule, flag: Flag, scope: Scope) {
    this.rule = rule;
    const salt = rule.salt ?? rule.id;
    const bucketBy = rule.bucketBy || 'targetingKey';
    this.isOpen = compileSchedule(rule.schedule);
    const tests = compileConditions(rule.conditions, scope);
    this.first = tests[0];
    this.second = tests[1];
    this.rest = tests.slice(2);
    this.threshold = thresholdOf(rule.percentage);
    this.inclusion = isPartial(rule) ? saltOf(salt) : undefined;
    this.split = hasShares(rule.split) ? { salt: saltOf(`${salt}:split`), limits: limitsOf(rule.split) } : undefined;
    this.answers = answersOf(rule, flag.version);
    this.keyMissing = unserved('TARGETING_KEY_MISSING', `rule ${rule.id} buckets by ${bucketBy}, which the context has not`, flag.version);
    this.readKey = bucketBy === 'targetingKey' ? undefined : readerOf(bucketBy, scope.environment);
    this.gate = gateOf(rule, scope.environment);
    this.plain = this.gate !== undefined || needsUnit(rule) ? undefined : this.answers[0];
  }

  /** The rule's answer, or undefined where it does not match. */
  serve(context: Context, at: number): Evaluation | undefined {
    if (this.isOpen !== undefined && !this.isOpen(at)) return undefined;
    if (!this.conditionsHold(context, at)) return undefined;
    return this.plain === undefined ? this.serveUnit(context, at) : this.plain;
  }

  /** Whether every condition holds. */
  conditionsHold(context: Context, at: number): boolean {
    const { first, second } = this;
    if (first === undefined) return true;
    if (!first(context, at)) return false;
    if (second === undefined) return true;
    return second(context, at) && (this.rest.length === 0 || this.restHolds(context, at));
  }

  private restHolds(context: Context, at: number): boolean {
    for (let index = 0; index < this.rest.length; index += 1) if (!this.rest[index]!(context, at)) return false;
    return true;
  }

  /** What the rule buckets; undefined where the context has no such thing. */
  unitOf(context: Context, at: number): string | undefined {
    return this.readKey === undefined ? context.targetingKey : serialiseBucketKey(this.readKey(context, at));
  }

  /** The index of the variant that serves a bucket, or -1 where the weights don't reach that far. */
  shareOf(bucket: number): number {
    const limits = this.split!.limits;
    for (let index = 0; index < limits.length; index += 1) if (bucket < limits[index]!) return index;
    return -1;
  }

  private serveUnit(context: Context, at: number): Evaluation | undefined {
    if (this.gate !== undefined) {
      const passes = this.gate(context, at);
      if (passes !== true) return passes === undefined ? this.keyMissing : undefined;
    }
    const unit = this.unitOf(context, at);
    context.unit = unit;
    context.bucket = undefined;
    if (unit === undefined) return this.inclusion === undefined && this.split === undefined ? this.answers[0] : this.keyMissing;
    if (this.inclusion !== undefined) {
      context.bucket = bucketWith(unit, this.inclusion);
      if (context.bucket >= this.threshold) return undefined;
    }
    if (this.split === undefined) return this.answers[0];
    context.bucket = bucketWith(unit, this.split.salt);
    return this.answers[this.shareOf(context.bucket)];
  }
}
