import 'reflect-metadata';
import { Type } from 'class-transformer';
import { IsBoolean, IsIn, IsInt, IsNumber, IsOptional, IsString, Length, Matches, Max, MaxLength, Min, ValidateNested } from 'class-validator';
import { KEY_PATTERN } from './flag';

export const metricTypes = ['conversion', 'mean', 'ratio', 'quantile'] as const;
export type MetricType = (typeof metricTypes)[number];
export const aggregations = ['sum', 'count', 'mean', 'max', 'last'] as const;
export type Aggregation = (typeof aggregations)[number];
export const metricRoles = ['success', 'guardrail', 'safety'] as const;
export type MetricRole = (typeof metricRoles)[number];

/** How much worse a guardrail may get and still pass: a share of the control's value, or an amount in the metric's unit. One of the two. */
export class MetricMargin {
  @IsOptional() @IsNumber() @Min(0) @Max(10) relative?: number;
  @IsOptional() @IsNumber() @Min(0) @Max(1e12) absolute?: number;
}

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
  /**
   * Whose mean it is where whole clusters are assigned (`bucketBy`): the unit's (default), or that of the members seen in it, told as a ratio over
   * units so that its standard error stays that of the clusters. Means only.
   */
  @IsOptional() @IsIn(['unit', 'member']) per?: 'unit' | 'member';
  /** Subjects count once this long has passed since their first exposure. */
  @IsOptional() @IsInt() @Min(1) @Max(24 * 366) maturityHours?: number;
  /** Adjusts the comparison by the same subject's events of the 14 days before its first exposure. */
  @IsOptional() @IsBoolean() cuped?: boolean;
  /** Default: as much, relatively, as the experiment's smallest effect of interest (5%). */
  @IsOptional() @ValidateNested() @Type(() => MetricMargin) margin?: MetricMargin;
  @IsOptional() @IsBoolean() clientWritable?: boolean;
  /** Who answers for it. */
  @IsOptional() @IsString() @MaxLength(256) owner?: string;
  /** What it is made for; an experiment may use it otherwise. */
  @IsOptional() @IsIn(metricRoles) role?: MetricRole;
}

/** A metric as answered and published. */
export interface Metric extends MetricDefinition { version: number; createdBy: string; createdAt: string; updatedAt: string }
