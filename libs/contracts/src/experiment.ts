import 'reflect-metadata';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize, ArrayMinSize, ArrayUnique, IsArray, IsBoolean, IsIn, IsInt, IsISO8601, IsNumber, IsOptional, IsString, Length, Matches, Max, MaxLength, Min,
  ValidateNested,
} from 'class-validator';
import { JSONSchema } from 'class-validator-jsonschema';
import { Condition } from './condition';
import { KEY_PATTERN, type TrafficRange } from './flag';
import { IsFlagValue } from './flag-value';
import type { FlagValue, JsonValue } from './json';
import { MetricDefinition } from './metric';
import { BanditSettings, LayerPlace, Strategy } from './strategy';

export const experimentTypes = ['AB_TEST', 'MULTIVARIATE', 'BANDITS', 'GRADUAL_ROLLOUT'] as const;
export type ExperimentType = (typeof experimentTypes)[number];
export const experimentStatuses = ['DRAFT', 'ACTIVE', 'PAUSED', 'COMPLETED', 'ARCHIVED'] as const;
export type ExperimentStatus = (typeof experimentStatuses)[number];

/** One arm of an experiment; `config` is the value its subjects are served. */
export class Variant {
  @IsString() @Length(1, 128) id!: string;
  @IsOptional() @IsString() @MaxLength(256) name?: string;
  @IsOptional() @IsString() @MaxLength(4000) description?: string;
  @IsNumber() @Min(0) @Max(1) weight!: number;
  @IsFlagValue() config!: FlagValue;
  @IsOptional() @IsBoolean() isControl?: boolean;
}

/** One factor of a MULTIVARIATE experiment; cells are generated from the levels, the first level is the control's. */
export class Factor {
  @IsString() @Length(1, 64) name!: string;
  @IsArray() @ArrayMinSize(2) @ArrayMaxSize(10) levels!: JsonValue[];
}

/** Who may be in the experiment. */
export class TargetAudience {
  @IsOptional() @IsArray() @ArrayMaxSize(100) @ValidateNested({ each: true }) @Type(() => Condition) conditions?: Condition[];
}

/** What the experiment is planned to find, for power. */
export class ExperimentPlan {
  @IsOptional() @IsNumber() baseline?: number;
  @IsOptional() @IsNumber() minimumEffect?: number;
  /** Subjects a day that enter the audience for the first time. */
  @IsOptional() @IsNumber() @Min(0) dailySubjects?: number;
  @IsOptional() @IsNumber() @Min(0) @Max(1) power?: number;
  @IsOptional() @IsNumber() @Min(0) @Max(1) alpha?: number;
  @IsOptional() @IsInt() @Min(1) horizonDays?: number;
  /** Adjusts every conversion and mean by what the subjects did before their first exposure. */
  @IsOptional() @IsBoolean() cuped?: boolean;
}

/** Subjects whose attributes at their first exposure meet all conditions are left out, and counted under the rule's name: staff, bots. */
export class ExclusionRule {
  @Matches(KEY_PATTERN) name!: string;
  @IsArray() @ArrayMinSize(1) @ArrayMaxSize(20) @ValidateNested({ each: true }) @Type(() => Condition) conditions!: Condition[];
}

/** A metric named by key, or defined in place. */
export type MetricReference = string | MetricDefinition;
const METRICS = { type: 'array' as const, maxItems: 50, items: { oneOf: [{ type: 'string' as const, minLength: 1, maxLength: 128 }, { $ref: '#/components/schemas/MetricDefinition' }] } };

/** Body of `PATCH /api/experiments/{id}`: only the named members change; which are allowed depends on the status. */
export class PatchExperiment {
  @IsOptional() @IsString() @MaxLength(256) name?: string;
  @IsOptional() @IsString() @MaxLength(4000) description?: string;
  @IsOptional() @IsString() @MaxLength(4000) hypothesis?: string;
  @IsOptional() @IsArray() @ArrayMaxSize(50) @ValidateNested({ each: true }) @Type(() => Variant) variants?: Variant[];
  @IsOptional() @ValidateNested() @Type(() => TargetAudience) targetAudience?: TargetAudience;
  @IsOptional() @JSONSchema(METRICS) successMetrics?: MetricReference[];
  @IsOptional() @JSONSchema(METRICS) guardrailMetrics?: MetricReference[];
  @IsOptional() @JSONSchema(METRICS) safetyMetrics?: MetricReference[];
  @IsOptional() @ValidateNested() @Type(() => Strategy) strategy?: Strategy;
  @IsOptional() @ValidateNested() @Type(() => ExperimentPlan) plan?: ExperimentPlan;
  /** Attributes at first exposure by whose values the primary metric is told apart. */
  @IsOptional() @IsArray() @ArrayMaxSize(5) @ArrayUnique() @IsString({ each: true }) @Length(1, 64, { each: true }) segments?: string[];
  @IsOptional() @IsArray() @ArrayMaxSize(20) @ValidateNested({ each: true }) @Type(() => ExclusionRule) exclusions?: ExclusionRule[];
  /** Experiments of one layer share its units out among them. While it runs, the share can only grow. */
  @IsOptional() @ValidateNested() @Type(() => LayerPlace) layer?: LayerPlace;
  @IsOptional() @IsISO8601({ strict: true }) startDate?: string;
  @IsOptional() @IsISO8601({ strict: true }) endDate?: string;
}

/** Body of `POST /api/experiments`. */
export class CreateExperiment extends PatchExperiment {
  @Matches(KEY_PATTERN) key!: string;
  @IsIn(experimentTypes) type!: ExperimentType;
  @IsOptional() @IsString() @Length(1, 128) environment?: string;
  @IsOptional() @Matches(KEY_PATTERN) flagKey?: string;
  @IsOptional() @IsString() @Length(1, 128) bucketBy?: string;
  @IsOptional() @IsArray() @ArrayMinSize(1) @ArrayMaxSize(4) @ValidateNested({ each: true }) @Type(() => Factor) factors?: Factor[];
  /** Holdouts whose members stay out. */
  @IsOptional() @IsArray() @ArrayMaxSize(20) @Matches(KEY_PATTERN, { each: true }) holdouts?: string[];
  /** BANDITS only. */
  @IsOptional() @ValidateNested() @Type(() => BanditSettings) bandit?: BanditSettings;
}

/** Body of `POST /api/experiments/{id}/clone`: a new draft like that one, but for what is named. */
export class CloneExperiment extends PatchExperiment {
  @Matches(KEY_PATTERN) key!: string;
  @IsOptional() @Matches(KEY_PATTERN) flagKey?: string;
  @IsOptional() @IsString() @Length(1, 128) environment?: string;
}

/** Body of `POST /api/experiments/{id}/start`. */
export class StartExperiment {
  @IsOptional() @IsBoolean() force?: boolean;
}

/** Body of `POST /api/experiments/{id}/complete`. */
export class CompleteExperiment {
  @IsOptional() @IsString() @Length(1, 128) winnerVariantId?: string;
}

/** Where a rollout stands. Instants are in UTC, with milliseconds. */
export interface Rollout {
  percentage: number; step: number;
  /** When the next step falls due, before windows and blackouts; null when none will. */
  nextStepAt: string | null;
  /** When the present step began. */
  stepFrom?: string;
  /** Since when the step is held, why, and since when that waits for a person. */
  heldSince?: string; holdReasons?: string[]; holds?: number; escalatedAt?: string;
  pausedAt?: string;
  finishedAt?: string;
  /** When a bandit's weights are decided anew. */
  nextReweighAt?: string;
  /** The earliest instant at which anything of this experiment falls due: what the timers look for. */
  dueAt?: string;
}

/**
 * The whole experiment, as answered, published with every experiment event, and folded by analytics.
 * `phase` counts stretches of unchanged weights from 1; `linked` says that its flag is there.
 */
export interface Experiment extends Omit<CreateExperiment, 'factors' | 'variants' | 'layer'> {
  id: string;
  status: ExperimentStatus;
  environment: string;
  flagKey: string;
  variants: Variant[];
  factors?: Factor[];
  /** Its place in its layer: the layer's buckets from `from` (inclusive) to `until` (exclusive), of 100,000. */
  layer?: LayerPlace & { from?: number; until?: number };
  /** From its start on: the ranges of buckets that its layer and holdouts leave it. */
  traffic?: TrafficRange[];
  strategy: Strategy;
  successMetrics: MetricReference[];
  guardrailMetrics: MetricReference[];
  safetyMetrics: MetricReference[];
  /** Metrics that guard it beside those it names: errors, unless it switches that off. Judged as safety metrics. */
  watchedMetrics?: string[];
  linked: boolean;
  /** Why the flag could not be made, where that is so. */
  refusal?: string;
  /** The experiment that this one was cloned from. */
  clonedFrom?: string;
  phase: number;
  phases: { phase: number; from: string; weights: Record<string, number> }[];
  rollout: Rollout;
  outcome?: 'rolledBack' | 'completed';
  winnerVariantId?: string;
  startedAt?: string;
  completedAt?: string;
  version: number;
  createdBy: string;
  createdAt: string;
  updatedAt: string;
}
