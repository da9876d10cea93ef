import 'reflect-metadata';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize, ArrayMinSize, IsArray, IsBoolean, IsIn, IsInt, IsISO8601, IsNumber, IsObject, IsOptional, IsString, Length, Matches,
  Max, MaxLength, Min, ValidateNested,
} from 'class-validator';
import { JSONSchema } from 'class-validator-jsonschema';
import { Condition } from './condition';
import { IsFlagValue } from './flag-value';
import type { FlagValue } from './json';

/** The type of a flag's values. */
export const flagTypes = ['BOOLEAN', 'STRING', 'NUMBER', 'JSON'] as const;
export type FlagType = (typeof flagTypes)[number];
/** Where a flag is in its life. */
export const flagStatuses = ['ACTIVE', 'INACTIVE', 'ARCHIVED'] as const;
export type FlagStatus = (typeof flagStatuses)[number];
/** The slug of a flag, experiment, segment, region, calendar or metric. */
export const KEY_PATTERN = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/;
/** Weekdays as a schedule names them. */
export const weekdays = ['MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN'] as const;
export type Weekday = (typeof weekdays)[number];

/** Limits of a flag document; each is checked when it is written. */
export const flagLimits = { rulesPerEnvironment: 200, conditionsPerRule: 100, splitVariants: 50, traffic: 10, tags: 50, prerequisites: 20, metadataEntries: 50 } as const;


/** One share of a rule's split. Weights of a rule sum to 1 ± 1e-9. */
export class SplitShare {
  @IsString() @Length(1, 128) variant!: string;
  @IsNumber() @Min(0) @Max(1) weight!: number;
  @IsFlagValue() value!: FlagValue;
}

/** A recurring window of local time: `start` inclusive, `end` exclusive, `HH:MM`, in an IANA zone. */
export class ScheduleWindow {
  @IsOptional() @IsArray() @ArrayMaxSize(7) @IsIn(weekdays, { each: true }) days?: Weekday[];
  @Matches(/^([01]\d|2[0-3]):[0-5]\d$/) start!: string;
  @Matches(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/) end!: string;
  @IsString() @Length(1, 64) timezone!: string;
}

/** When a rule is open: from (inclusive) until (exclusive) and, if there are windows, inside one of them. */
export class Schedule {
  @IsOptional() @IsISO8601({ strict: true }) from?: string;
  @IsOptional() @IsISO8601({ strict: true }) until?: string;
  @IsOptional() @IsArray() @ArrayMaxSize(50) @ValidateNested({ each: true }) @Type(() => ScheduleWindow) windows?: ScheduleWindow[];
}

/**
 * A range of buckets that a unit has to lie in. Experiments of one layer have ranges of one salt that don't meet; a holdout's range is what it
 * leaves over. `from` is inclusive, `until` exclusive.
 */
export class TrafficRange {
  @IsString() @Length(1, 128) salt!: string;
  /** What is bucketed; default: the targeting key, whatever the rule itself buckets by. */
  @IsOptional() @IsString() @Length(1, 128) bucketBy?: string;
  @IsInt() @Min(0) @Max(100_000) from!: number;
  @IsInt() @Min(0) @Max(100_000) until!: number;
}

/** A targeting rule: the first whose schedule, conditions and percentage hold serves its value or split. */
export class Rule {
  @IsString() @Length(1, 128) id!: string;
  @IsOptional() @IsInt() @Min(-1_000_000) @Max(1_000_000) priority?: number;
  @IsOptional() @IsString() @MaxLength(2000) description?: string;
  @IsOptional() @IsArray() @ArrayMaxSize(flagLimits.conditionsPerRule) @ValidateNested({ each: true }) @Type(() => Condition) conditions?: Condition[];
  /** 0 to 100. Absent: everyone. 0: nobody. */
  @IsOptional() @IsNumber() @Min(0) @Max(100) percentage?: number;
  @IsOptional() @IsFlagValue() value?: FlagValue;
  @IsOptional() @IsString() @Length(1, 128) variant?: string;
  @IsOptional() @IsArray() @ArrayMinSize(1) @ArrayMaxSize(flagLimits.splitVariants) @ValidateNested({ each: true }) @Type(() => SplitShare) split?: SplitShare[];
  @IsOptional() @IsString() @Length(1, 128) bucketBy?: string;
  @IsOptional() @IsString() @Length(1, 128) salt?: string;
  /** Only on rules that an experiment owns: the unit's bucket has to lie in every one of these. */
  @IsOptional() @IsArray() @ArrayMaxSize(flagLimits.traffic) @ValidateNested({ each: true }) @Type(() => TrafficRange) traffic?: TrafficRange[];
  /** Set by the system on rules that an experiment owns. */
  @IsOptional() @IsString() @Length(1, 128) experimentId?: string;
  @IsOptional() @IsInt() @Min(1) phase?: number;
  @IsOptional() @ValidateNested() @Type(() => Schedule) schedule?: Schedule;
}

/** A flag in one environment. */
export class FlagEnvironment {
  @IsBoolean() enabled!: boolean;
  @IsArray() @ArrayMaxSize(flagLimits.rulesPerEnvironment) @ValidateNested({ each: true }) @Type(() => Rule) rules!: Rule[];
}

/** Another flag that has to serve this value first. */
export class Prerequisite {
  @Matches(KEY_PATTERN) flag!: string;
  @IsFlagValue() value!: FlagValue;
}

/** What a caller writes of a flag, all but its key and type. */
export class FlagDefinition {
  @IsOptional() @IsString() @MaxLength(256) name?: string;
  @IsOptional() @IsString() @MaxLength(4000) description?: string;
  @IsOptional() @IsArray() @ArrayMaxSize(flagLimits.tags) @IsString({ each: true }) @Length(1, 64, { each: true }) tags?: string[];
  @IsOptional() @IsString() @MaxLength(256) owner?: string;
  @IsOptional() @IsString() @Length(1, 128) defaultVariant?: string;
  @IsOptional() @IsObject() @JSONSchema({ maxProperties: flagLimits.metadataEntries, additionalProperties: { type: ['string', 'number', 'boolean'] as unknown as 'string' } })
  metadata?: Record<string, string | number | boolean>;
  @IsOptional() @IsBoolean() clientVisible?: boolean;
  @IsOptional() @IsArray() @ArrayMaxSize(flagLimits.prerequisites) @ValidateNested({ each: true }) @Type(() => Prerequisite) prerequisites?: Prerequisite[];
}

/** Body of `POST /api/flags`: the flag document without its read-only fields. */
export class CreateFlag extends FlagDefinition {
  @Matches(KEY_PATTERN) key!: string;
  @IsIn(flagTypes) type!: FlagType;
  /** Default INACTIVE. */
  @IsOptional() @IsIn(flagStatuses) status?: FlagStatus;
  @IsFlagValue() defaultValue!: FlagValue;
  @IsOptional() @IsObject() @JSONSchema({ maxProperties: 50, additionalProperties: { $ref: '#/components/schemas/FlagEnvironment' } })
  environments?: Record<string, FlagEnvironment>;
}

/** Body of `PATCH /api/flags/{key}`: only the named members change. */
export class PatchFlag extends FlagDefinition {
  @IsOptional() @IsFlagValue() defaultValue?: FlagValue;
}

/** The whole flag document, as answered, published and evaluated. */
export class Flag extends FlagDefinition {
  @Matches(KEY_PATTERN) key!: string;
  @IsIn(flagTypes) type!: FlagType;
  @IsIn(flagStatuses) status!: FlagStatus;
  @IsFlagValue() defaultValue!: FlagValue;
  @IsObject() @JSONSchema({ additionalProperties: { $ref: '#/components/schemas/FlagEnvironment' } })
  environments!: Record<string, FlagEnvironment>;
  @IsOptional() @IsInt() @Min(0) version?: number;
  /** The experiment that made this flag, if one did. */
  @IsOptional() @IsString() experimentId?: string;
  @IsOptional() @IsInt() evaluationCount?: number;
  @IsOptional() @IsString() @JSONSchema({ type: ['string', 'null'] as unknown as 'string' }) lastEvaluated?: string | null;
  @IsOptional() @IsString() createdBy?: string;
  @IsOptional() @IsISO8601() createdAt?: string;
  @IsOptional() @IsISO8601() updatedAt?: string;
}
