import 'reflect-metadata';
import { IsBoolean, IsIn, IsInt, IsNumber, IsOptional, IsString, Length, Matches, Max, MaxLength, Min } from 'class-validator';
import { KEY_PATTERN } from './flag';

export const metricTypes = ['conversion', 'mean', 'ratio', 'quantile'] as const;
export type MetricType = (typeof metricTypes)[number];
export const aggregations = ['sum', 'count', 'mean', 'max', 'last'] as const;
export type Aggregation = (typeof aggregations)[number];
export const metricRoles = ['success', 'guardrail', 'safety'] as const;
export type MetricRole = (typeof metricRoles)[number];

/** How conversions become one number per subject. Defaults: event = key, aggregation sum, population exposed, direction increase. */
export class MetricDefinition {
  @Matches(KEY_PATTERN) key!: string;
  @IsOptional() @IsString() @MaxLength(256) name?: string;
  @IsOptional() @IsString() @MaxLength(4000) description?: string;
  @IsOptional() @IsIn(metricTypes) type?: MetricType;
  @IsOptional() @IsString() @Length(1, 128) event?: string;
  @IsOptional() @IsIn(aggregations) aggregation?: Aggregation;
  @IsOptional() @IsIn(['exposed', 'converted']) population?: 'exposed' | 'converted';
  @IsOptional() @IsString() @Length(1, 128) denominatorEvent?: string;
  @IsOptional() @IsNumber() @Min(0) @Max(1) quantile?: number;
  @IsOptional() @IsIn(['increase', 'decrease']) direction?: 'increase' | 'decrease';
  @IsOptional() @IsString() @MaxLength(64) unit?: string;
  @IsOptional() @IsNumber() cap?: number;
  @IsOptional() @IsInt() @Min(1) @Max(24 * 366) windowHours?: number;
  @IsOptional() @IsBoolean() clientWritable?: boolean;
  /** Who answers for it. */
  @IsOptional() @IsString() @MaxLength(256) owner?: string;
  /** What it is made for; an experiment may use it otherwise. */
  @IsOptional() @IsIn(metricRoles) role?: MetricRole;
}

/** A metric as answered and published. */
export interface Metric extends MetricDefinition { version: number; createdBy: string; createdAt: string; updatedAt: string }
