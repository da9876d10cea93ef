import type { Rule, Schedule, SplitShare, TrafficRange } from '@pataka/contracts';
import { bucketOf, BUCKETS, serialiseBucketKey, thresholdOf } from './bucket';
import { readerOf } from './attribute';
import { allHold, explainConditions, type Setting } from './explain-condition';
import type { RuleExplanation, RuleFinding, ScheduleExplanation, TrafficExplanation } from './explain-shape';
import { compileSchedule } from './schedule';
import { isTrafficLimit } from './traffic';

// Read from the rule's document, not from its compiled form: so the engine may compile it in any way, and a property holds the two together.

const boundOf = (instant: string | null | undefined, schedule: Schedule, at: number): ScheduleExplanation['from'] =>
  instant === undefined || instant === null ? undefined : { instant, holds: compileSchedule(schedule)!(at) };

const explainSchedule = (schedule: Schedule | null | undefined, at: number): ScheduleExplanation | undefined => {
  const isOpen = compileSchedule(schedule);
  if (isOpen === undefined || schedule === undefined || schedule === null) return undefined;
  const { from, until, windows } = schedule;
  return {
    open: isOpen(at),
    from: boundOf(from, { from: from! }, at),
    until: boundOf(until, { until: until! }, at),
    windows: (windows ?? []).map((window) => ({ window, open: compileSchedule({ windows: [window] })!(at) })),
  };
};

const sharesOf = ({ split }: Rule): readonly SplitShare[] => (Array.isArray(split) ? split : []);

/** Weights are added from left to right, as every implementation has to. */
const limitsOf = (shares: readonly SplitShare[]): RuleExplanation['shares'] => {
  let sum = 0;
  return shares.map(({ variant, weight }) => ({ variant, below: Math.round(BUCKETS * (sum += weight)) }));
};

type Buckets = Pick<RuleExplanation, 'bucketBy' | 'salt' | 'unit' | 'bucket' | 'threshold' | 'splitBucket' | 'shares' | 'splitVariant'>;

/** Whether the percentage asks for a bucket: 99.9999 rounds to everyone, and asks all the same. */
const isPartial = ({ percentage }: Rule): boolean => typeof percentage === 'number' && percentage > 0 && percentage < 100;

const bucketsOf = (rule: Rule, { ruleset, context, at }: Setting): Buckets => {
  const bucketBy = rule.bucketBy || 'targetingKey';
  const salt = rule.salt ?? rule.id;
  const unit = serialiseBucketKey(readerOf(bucketBy, ruleset.environment)(context, at));
  const shares = limitsOf(sharesOf(rule));
  const splitBucket = unit === undefined || shares.length === 0 ? undefined : bucketOf(unit, `${salt}:split`);
  return {
    bucketBy, salt, unit, threshold: thresholdOf(rule.percentage), shares, splitBucket,
    bucket: unit !== undefined && isPartial(rule) ? bucketOf(unit, salt) : undefined,
    splitVariant: splitBucket === undefined ? undefined : shares.find(({ below }) => splitBucket < below)?.variant,
  };
};

const explainRange = ({ salt, bucketBy = 'targetingKey', from, until }: TrafficRange, { ruleset, context, at }: Setting): TrafficExplanation => {
  const unit = serialiseBucketKey(readerOf(bucketBy, ruleset.environment)(context, at));
  const limits = isTrafficLimit({ salt, from, until });
  const bucket = unit === undefined || !limits ? undefined : bucketOf(unit, salt);
  return { salt, bucketBy, unit, bucket, from, until, holds: bucket === undefined ? !limits : bucket >= from && bucket < until };
};

/** What keeps a unit from the rule before its bucket is asked. A range that nobody lies in needs no unit; one that all lie in neither. */
const findingOfTraffic = (rule: Rule, traffic: readonly TrafficExplanation[]): RuleFinding | undefined => {
  if (!isPartial(rule) && thresholdOf(rule.percentage) === 0) return 'notIncluded';
  if (traffic.some(({ from, until }) => !(Math.max(from, 0) < Math.min(until, BUCKETS)))) return 'outsideTraffic';
  const first = traffic.find(({ holds }) => !holds);
  if (first === undefined) return undefined;
  return first.bucket === undefined ? 'keyMissing' : 'outsideTraffic';
};

const findingOfBuckets = (rule: Rule, { unit, bucket, threshold, shares, splitVariant }: Buckets): RuleFinding => {
  if (unit === undefined) return isPartial(rule) || shares.length > 0 ? 'keyMissing' : 'served';
  if (bucket !== undefined && bucket >= threshold) return 'notIncluded';
  return shares.length > 0 && splitVariant === undefined ? 'noVariant' : 'served';
};

const servesOf = (rule: Rule, finding: RuleFinding, { splitBucket, shares }: Buckets): RuleExplanation['serves'] => {
  if (finding !== 'served') return undefined;
  if (shares.length === 0) return { variant: rule.variant ?? rule.id, value: rule.value! };
  const { variant, value } = sharesOf(rule)[shares.findIndex(({ below }) => splitBucket! < below)]!;
  return { variant, value };
};

/** A rule as it is judged on its own; `outcome` is what it comes to if it is reached. */
export const explainRule = (rule: Rule, setting: Setting): RuleExplanation => {
  const schedule = explainSchedule(rule.schedule, setting.at);
  const buckets = bucketsOf(rule, setting);
  const traffic = (rule.traffic ?? []).map((range) => explainRange(range, setting));
  const matched = allHold(rule.conditions, setting) ? findingOfTraffic(rule, traffic) ?? findingOfBuckets(rule, buckets) : 'conditionsFailed';
  const finding = schedule?.open === false ? 'scheduleClosed' : matched;
  return {
    ruleId: rule.id, description: rule.description, priority: rule.priority ?? 0, experimentId: rule.experimentId, phase: rule.phase,
    outcome: finding, finding, serves: servesOf(rule, finding, buckets),
    scheduleOpen: schedule?.open, schedule, conditions: explainConditions(rule.conditions, setting), traffic, percentage: rule.percentage, ...buckets,
  };
};
