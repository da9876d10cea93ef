import type { Condition, FlagValue, ScheduleWindow } from '@pataka/contracts';
import type { Evaluation } from './evaluation';

/** Why a segment contains a context or not. `unknown`: there is no such segment. `ring`: it refers to itself. `nothing`: it lists nobody else. */
export type SegmentReason = 'excluded' | 'included' | 'conditions' | 'nothing' | 'unknown' | 'ring';

/** A segment that a condition names. */
export type SegmentExplanation = {
  readonly key: string;
  readonly contains: boolean;
  readonly reason: SegmentReason;
  /** The segment's own conditions, where the lists have not decided. */
  readonly conditions: readonly ConditionExplanation[];
};

/** A calendar that a condition names. */
export type CalendarExplanation = { readonly key: string; readonly contains: boolean; readonly known: boolean };

/** One condition, or a group with its members. */
export type ConditionExplanation = {
  readonly condition: Condition;
  readonly holds: boolean;
  /** What the context has for the condition's attribute; undefined when it is missing or the condition takes none. */
  readonly actual?: unknown;
  /** The members of `any` and `all`, the one member of `not`. */
  readonly members?: readonly ConditionExplanation[];
  /** Of `in_segment` and `not_in_segment`: each segment named. */
  readonly segments?: readonly SegmentExplanation[];
  /** Of `in_calendar` and `not_in_calendar`: each calendar named. */
  readonly calendars?: readonly CalendarExplanation[];
};

/** A rule's schedule at the instant evaluated at. */
export type ScheduleExplanation = {
  readonly open: boolean;
  /** The bounds as written, and whether the instant lies within each; undefined where there is no such bound. */
  readonly from: { readonly instant: string; readonly holds: boolean } | undefined;
  readonly until: { readonly instant: string; readonly holds: boolean } | undefined;
  /** One of them has to be open; without any, the bounds alone decide. */
  readonly windows: readonly { readonly window: ScheduleWindow; readonly open: boolean }[];
};

/** What a rule comes to: it `served`, it decided by an error (`keyMissing`), or why it did not match. */
export type RuleFinding = 'served' | 'keyMissing' | 'scheduleClosed' | 'conditionsFailed' | 'outsideTraffic' | 'notIncluded' | 'noVariant';

/** What came of a rule. `notReached`: an earlier rule or the flag's state decided; see `finding` for what it would have come to. */
export type RuleOutcome = RuleFinding | 'notReached';

/** A range of a rule's `traffic`: what is bucketed, its bucket, and whether that lies in the range; without a unit there is no bucket. */
export type TrafficExplanation = {
  readonly salt: string;
  readonly bucketBy: string;
  readonly unit: string | undefined;
  readonly bucket: number | undefined;
  readonly from: number;
  readonly until: number;
  readonly holds: boolean;
};

/** One rule, judged on its own. */
export type RuleExplanation = {
  readonly ruleId: string;
  readonly description: string | undefined;
  readonly priority: number;
  /** The experiment that owns the rule, and its phase. */
  readonly experimentId: string | undefined;
  readonly phase: number | undefined;
  readonly outcome: RuleOutcome;
  /** What the rule comes to on its own: the outcome, had it been reached. */
  readonly finding: RuleFinding;
  /** What it serves the context, or would serve if it were reached; undefined where it does not match. */
  readonly serves: { readonly variant: string; readonly value: FlagValue } | undefined;
  /** Undefined for a rule without schedule. */
  readonly scheduleOpen: boolean | undefined;
  readonly schedule: ScheduleExplanation | undefined;
  readonly conditions: readonly ConditionExplanation[];
  /** Ranges of buckets that the unit has to lie in, beside the percentage; empty for most rules. */
  readonly traffic: readonly TrafficExplanation[];
  readonly percentage: number | undefined;
  /** The attribute that is bucketed, and the salt it is hashed with (`<salt>:split` for the split). */
  readonly bucketBy: string;
  readonly salt: string;
  /** What the rule buckets, if the context has it. */
  readonly unit: string | undefined;
  /** The bucket of the inclusion, and the threshold it has to be below; no bucket where the percentage needs none. */
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

/** Why a flag answers its default without looking at a rule; undefined where it is evaluated. */
export type DisabledBy = 'status' | 'environmentMissing' | 'environmentOff';

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
  /** Whether the flag is ACTIVE and enabled in the environment; without that no rule is reached. */
  readonly enabled: boolean;
  readonly disabledBy: DisabledBy | undefined;
  /** Whether its prerequisites lead into a ring, which keeps the flag at its default. */
  readonly needsRing: boolean;
  readonly prerequisites: readonly PrerequisiteExplanation[];
  /** Every rule in the order in which they are judged. */
  readonly rules: readonly RuleExplanation[];
};
