import 'reflect-metadata';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize, ArrayMinSize, IsArray, IsBoolean, IsIn, IsInt, IsNumber, IsObject, IsOptional, IsString, Length, Matches, Max, Min, ValidateNested,
} from 'class-validator';
import { JSONSchema } from 'class-validator-jsonschema';
import { ScheduleWindow } from './flag';

export const strategyTypes = ['FIXED', 'GRADUAL', 'AUTOMATIC', 'CANARY'] as const;
export type StrategyType = (typeof strategyTypes)[number];

/** ISO 8601 durations of weeks, days, hours, minutes and seconds; a day is a local day, so that a step keeps its time of day over a change of clocks. */
export const DURATION_PATTERN = /^P(?!$)(\d{1,4}W|(\d{1,5}D)?(T(?=\d)(\d{1,6}H)?(\d{1,7}M)?(\d{1,8}S)?)?)$/;

/** Which side of a threshold's value is the good one. */
export const thresholdDirections = ['atLeast', 'atMost'] as const;
export type ThresholdDirection = (typeof thresholdDirections)[number];
/** What of a treatment is compared: its own level, its difference from control, or its ratio to control. */
export const thresholdMeasures = ['level', 'difference', 'ratio'] as const;
export type ThresholdMeasure = (typeof thresholdMeasures)[number];

/**
 * What a metric of a treatment has to keep: `direction` names the good side of `value`, both for success and for failure thresholds. With
 * `confidence` the whole interval has to be on that side (success) or on the other (failure), at that confidence at every look.
 */
export class Threshold {
  @IsNumber() value!: number;
  /** Default: atLeast, or atMost where the metric's direction is decrease. */
  @IsOptional() @IsIn(thresholdDirections) direction?: ThresholdDirection;
  /** Default level. */
  @IsOptional() @IsIn(thresholdMeasures) of?: ThresholdMeasure;
  /** Subjects in the treatment and, where it is compared with control, in control; below this nothing is judged. Default 100. */
  @IsOptional() @IsInt() @Min(1) @Max(1_000_000_000) minimumSample?: number;
  @IsOptional() @IsNumber() @Min(0.51) @Max(0.9999) confidence?: number;
}

/** Thresholds by metric: a number is the level that is good. */
export type Thresholds = Record<string, number | Threshold>;
const THRESHOLDS = { maxProperties: 50, additionalProperties: { oneOf: [{ type: 'number' as const }, { $ref: '#/components/schemas/Threshold' }] } };

/** Regions that are in (`include: true`) or out. */
export class GeographicRule {
  @IsArray() @ArrayMinSize(1) @ArrayMaxSize(200) @IsString({ each: true }) regions!: string[];
  @IsBoolean() include!: boolean;
}

/** One step of an explicit rollout plan. */
export class RolloutStep {
  @IsNumber() @Min(0) @Max(100) percentage!: number;
  /** ISO 8601 duration until the next step is decided; default the strategy's incrementInterval. */
  @IsOptional() @IsString() @Length(1, 64) duration?: string;
  /** Regions that this step adds to those of the steps before it; absent: everywhere. */
  @IsOptional() @IsArray() @ArrayMaxSize(200) @IsString({ each: true }) regions?: string[];
}

/** What guards an experiment whether it asks for it or not; each is on unless it is false. */
export class GuardSwitches {
  @IsOptional() @IsBoolean() sampleRatio?: boolean;
  @IsOptional() @IsBoolean() errorRate?: boolean;
  /** Safety and guardrail metrics; with CANARY success metrics too. */
  @IsOptional() @IsBoolean() metrics?: boolean;
  /** Chance that an experiment without any effect is rolled back by its guards; default 0.05. */
  @IsOptional() @IsNumber() @Min(0.0001) @Max(0.2) alpha?: number;
  /** Subjects a variant needs before a guard says anything; default 100. */
  @IsOptional() @IsInt() @Min(20) @Max(1_000_000) minimumSample?: number;
}

/** What happens when the last step has lasted and passed. */
export const finishes = ['keepRunning', 'complete'] as const;
export type Finish = (typeof finishes)[number];

/** How the percentage of the audience grows. */
export class Strategy {
  @IsIn(strategyTypes) type!: StrategyType;
  @IsOptional() @IsNumber() @Min(0) @Max(100) initialPercentage?: number;
  @IsOptional() @IsNumber() @Min(0) @Max(100) targetPercentage?: number;
  @IsOptional() @IsNumber() @Min(0) @Max(100) incrementSize?: number;
  @IsOptional() @IsString() @Length(1, 64) incrementInterval?: string;
  @IsOptional() @IsArray() @ArrayMaxSize(100) @ValidateNested({ each: true }) @Type(() => RolloutStep) steps?: RolloutStep[];
  /** CANARY: how long the slice of initialPercentage lasts; default P1D. */
  @IsOptional() @IsString() @Length(1, 64) sliceDuration?: string;
  @IsOptional() @IsObject() @JSONSchema(THRESHOLDS) successThresholds?: Thresholds;
  @IsOptional() @IsObject() @JSONSchema(THRESHOLDS) failureThresholds?: Thresholds;
  @IsOptional() @ValidateNested() @Type(() => GuardSwitches) guards?: GuardSwitches;
  /** After a hold the step is judged again; default a day or, where that is shorter, the step's duration, twice as long after each hold. */
  @IsOptional() @IsString() @Length(1, 64) retryInterval?: string;
  /** A hold that lasts longer is escalated, once; default P14D. */
  @IsOptional() @IsString() @Length(1, 64) maximumHold?: string;
  /** How old the newest evidence may be when a step is judged; default the step's duration, at most P2D. */
  @IsOptional() @IsString() @Length(1, 64) maximumEvidenceAge?: string;
  /** Default complete for GRADUAL_ROLLOUT, else keepRunning: then a person completes, or the end date does. */
  @IsOptional() @IsIn(finishes) whenFinished?: Finish;
  @IsOptional() @IsArray() @ArrayMaxSize(50) @IsString({ each: true }) audienceSegments?: string[];
  @IsOptional() @IsArray() @ArrayMaxSize(50) @ValidateNested({ each: true }) @Type(() => GeographicRule) geographicRules?: GeographicRule[];
  /** Steps are only taken inside one of these; a step that falls due outside waits for the next. */
  @IsOptional() @IsArray() @ArrayMaxSize(50) @ValidateNested({ each: true }) @Type(() => ScheduleWindow) windows?: ScheduleWindow[];
  /** Calendars in whose periods no step is taken. */
  @IsOptional() @IsArray() @ArrayMaxSize(50) @IsString({ each: true }) blackouts?: string[];
  /** The variants are only served inside one of these; outside, everyone gets the control's value. */
  @IsOptional() @IsArray() @ArrayMaxSize(50) @ValidateNested({ each: true }) @Type(() => ScheduleWindow) servingWindows?: ScheduleWindow[];
  /** IANA zone of days in durations; default Asia/Kolkata. */
  @IsOptional() @IsString() @Length(1, 64) timezone?: string;
}

/** How an experiment of type BANDITS moves its weights. */
export class BanditSettings {
  /** Default thompson with two variants, topTwo with more. */
  @IsOptional() @IsIn(['thompson', 'topTwo']) algorithm?: 'thompson' | 'topTwo';
  /** How often weights are decided anew; default P1D. */
  @IsOptional() @IsString() @Length(1, 64) interval?: string;
  /** Weight that every variant keeps; default 0.05. */
  @IsOptional() @IsNumber() @Min(0) @Max(0.5) floor?: number;
  /** Weights stay as they are until every variant has this many subjects; default 100. */
  @IsOptional() @IsInt() @Min(1) @Max(1_000_000) burnInSubjects?: number;
  /** …and until this has passed since the start; default P1D. */
  @IsOptional() @IsString() @Length(1, 64) burnInDuration?: string;
  /** Beta priors by variant; default Beta(1, 1). */
  @IsOptional() @IsObject() @JSONSchema({ maxProperties: 50, additionalProperties: { $ref: '#/components/schemas/BetaPrior' } }) priors?: Record<string, BetaPrior>;
}

/** What is believed of a variant's rate before there is evidence. */
export class BetaPrior {
  @IsNumber() @Min(0.001) @Max(1_000_000) a!: number;
  @IsNumber() @Min(0.001) @Max(1_000_000) b!: number;
}

/** A place in a layer: experiments of one layer never meet in one unit. */
export class LayerPlace {
  @IsString() @Matches(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/) key!: string;
  /** Percent of the layer that this experiment takes. */
  @IsNumber() @Min(0.001) @Max(100) share!: number;
}
