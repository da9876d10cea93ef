import 'reflect-metadata';
import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsIn, IsInt, IsISO8601, IsNumber, IsObject, IsOptional, IsString, Length, Matches, Max, Min, ValidateNested } from 'class-validator';
import { JSONSchema } from 'class-validator-jsonschema';
import type { JsonObject } from './json';

/** RFC 3339 with a zone; stricter than ISO 8601, so that an instant is never ambiguous. */
export const INSTANT_PATTERN = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$/;
/** Any UUID, upper or lower case. */
export const UUID_PATTERN = /^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/;
/** Largest magnitude of a conversion's value; beyond it fixed-point sums would not be exact. */
export const MAX_METRIC_VALUE = 1e12;

/** By which configuration, rule and bucket a variant came about; anyone can check it again. */
export class Receipt {
  @IsInt() @Min(0) flagVersion!: number;
  @IsInt() @Min(0) position!: number;
  @IsString() @Length(1, 128) ruleId!: string;
  @IsInt() @Min(0) @Max(99_999) bucket!: number;
  @IsNumber() @Min(0) @Max(1) probability!: number;
  @IsString() @Length(1, 64) engine!: string;
}

/** Numbers a client's events, so that loss and duplicates can be counted. */
export class EventSession {
  @IsString() @Length(1, 128) id!: string;
  @IsInt() @Min(0) sequence!: number;
}

/** A subject met a variant of an experiment. Data of `pataka.exposure.v1`. */
export class Exposure {
  @IsString() @Length(1, 256) targetingKey!: string;
  /** What was bucketed and is analysed; default: the targeting key. */
  @IsOptional() @IsString() @Length(1, 256) unit?: string;
  @IsOptional() @IsInt() @Min(1) phase?: number;
  @IsString() @Length(1, 128) experimentId!: string;
  @IsOptional() @IsString() @Length(1, 128) flagKey?: string;
  @IsString() @Length(1, 128) variant!: string;
  @IsOptional() @IsString() @Length(1, 128) environment?: string;
  @Matches(INSTANT_PATTERN) occurredAt!: string;
  @IsOptional() @IsObject() @JSONSchema({ maxProperties: 100, additionalProperties: true }) attributes?: JsonObject;
  @IsOptional() @ValidateNested() @Type(() => Receipt) receipt?: Receipt;
  @IsOptional() @ValidateNested() @Type(() => EventSession) session?: EventSession;
  @IsOptional() @IsISO8601() receivedAt?: string;
}

/** A subject did a measured thing. Data of `pataka.conversion.v1`. */
export class Conversion {
  @IsString() @Length(1, 256) targetingKey!: string;
  @IsOptional() @IsString() @Length(1, 256) unit?: string;
  @IsString() @Length(1, 128) metric!: string;
  /** Default 1. */
  @IsOptional() @IsNumber() @Min(-MAX_METRIC_VALUE) @Max(MAX_METRIC_VALUE) value?: number;
  @Matches(INSTANT_PATTERN) occurredAt!: string;
  @IsOptional() @IsString() @Length(1, 128) environment?: string;
  @IsOptional() @IsObject() @JSONSchema({ maxProperties: 100, additionalProperties: true }) properties?: JsonObject;
  @IsOptional() @IsString() @Length(1, 128) experimentId?: string;
  @IsOptional() @IsString() @Length(1, 128) variant?: string;
  @IsOptional() @ValidateNested() @Type(() => EventSession) session?: EventSession;
  @IsOptional() @IsISO8601() receivedAt?: string;
}

/** How often a flag was evaluated in one minute. Data of `pataka.evaluation-count.v1`. */
export class EvaluationCount {
  @IsString() @Length(1, 128) flagKey!: string;
  @IsString() @Length(1, 128) environment!: string;
  @IsOptional() @IsString() @Length(1, 128) variant?: string;
  @IsOptional() @IsString() @Length(1, 64) errorCode?: string;
  /** Start of the minute, an instant. */
  @Matches(INSTANT_PATTERN) minute!: string;
  @IsInt() @Min(1) count!: number;
}

/** Counts that one event may hold. */
export const MAX_COUNTS = 500;

/** How often a flag's evaluations came out in one way. */
export class OutcomeCount {
  @IsString() @Length(1, 128) flagKey!: string;
  @IsOptional() @IsString() @Length(1, 128) variant?: string;
  @IsOptional() @IsString() @Length(1, 64) errorCode?: string;
  @IsInt() @Min(1) @Max(1e9) count!: number;
}

/** What an SDK has evaluated by itself in one minute: the event `counts` of `POST /v1/events`. On the log it becomes an EvaluationCount for each of its counts. */
export class CountsReport {
  /** Start of the minute, an instant. */
  @Matches(INSTANT_PATTERN) minute!: string;
  @IsOptional() @IsString() @Length(1, 128) environment?: string;
  @IsArray() @ArrayMinSize(1) @ArrayMaxSize(MAX_COUNTS) @ValidateNested({ each: true }) @Type(() => OutcomeCount) counts!: OutcomeCount[];
  @IsOptional() @ValidateNested() @Type(() => EventSession) session?: EventSession;
}

/** An exposure as `POST /v1/events` takes it; the id is a UUID, and events of one id count once. */
export class ExposureEvent extends Exposure {
  @IsString() @JSONSchema({ format: 'uuid' }) id!: string;
  @IsIn(['exposure']) type!: 'exposure';
}

/** A conversion as `POST /v1/events` takes it. */
export class ConversionEvent extends Conversion {
  @IsString() @JSONSchema({ format: 'uuid' }) id!: string;
  @IsIn(['conversion']) type!: 'conversion';
}

/** A report of counts as `POST /v1/events` takes it. */
export class CountsReportEvent extends CountsReport {
  @IsString() @JSONSchema({ format: 'uuid' }) id!: string;
  @IsIn(['counts']) type!: 'counts';
}
