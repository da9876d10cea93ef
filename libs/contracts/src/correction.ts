import 'reflect-metadata';
import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsIn, IsNumber, IsOptional, IsString, Length, Matches, Max, Min, ValidateNested } from 'class-validator';
import { Condition } from './condition';
import { INSTANT_PATTERN, MAX_METRIC_VALUE } from './exposure';
import type { ExperimentResults } from './results';

export const correctionKinds = ['values', 'subjects', 'broken'] as const;
export type CorrectionKind = (typeof correctionKinds)[number];
export const valueActions = ['exclude', 'multiply', 'replace'] as const;
export type ValueAction = (typeof valueActions)[number];

/**
 * Body of `POST /api/corrections`: what was wrong with the evidence, and why. Events stay on the log; what is counted of them changes, for past and
 * future evidence alike, until the correction is reverted.
 * - `values`: the events of `metric` of the listed subjects between `from` (inclusive) and `until` (exclusive) are left out, multiplied by `factor`
 *   or replaced by `value`. Without subjects: of all.
 * - `subjects`: the listed subjects, or those whose attributes at their first exposure meet the conditions, are left out (staff, test devices).
 * - `broken`: exposures, conversions or both of an experiment (or one variant of it) in an interval are left out.
 */
export class CreateCorrection {
  @IsIn(correctionKinds) kind!: CorrectionKind;
  @IsString() @Length(1, 1000) reason!: string;
  /** Needed for `broken`; absent: every experiment. */
  @IsOptional() @IsString() @Length(1, 128) experimentId?: string;
  /** `broken` only; absent: every variant. */
  @IsOptional() @IsString() @Length(1, 128) variantId?: string;
  /** `values` only: the name that conversions carry, or a metric's key. */
  @IsOptional() @IsString() @Length(1, 128) metric?: string;
  /** Targeting keys or units. */
  @IsOptional() @IsArray() @ArrayMinSize(1) @ArrayMaxSize(10_000) @IsString({ each: true }) @Length(1, 256, { each: true }) subjects?: string[];
  @IsOptional() @IsArray() @ArrayMinSize(1) @ArrayMaxSize(20) @ValidateNested({ each: true }) @Type(() => Condition) conditions?: Condition[];
  @IsOptional() @Matches(INSTANT_PATTERN) from?: string;
  @IsOptional() @Matches(INSTANT_PATTERN) until?: string;
  /** `values` only; default: exclude. */
  @IsOptional() @IsIn(valueActions) action?: ValueAction;
  @IsOptional() @IsNumber() @Min(-1e6) @Max(1e6) factor?: number;
  @IsOptional() @IsNumber() @Min(-MAX_METRIC_VALUE) @Max(MAX_METRIC_VALUE) value?: number;
  /** `broken` only; default: both. */
  @IsOptional() @IsIn(['exposures', 'conversions', 'both']) of?: 'exposures' | 'conversions' | 'both';
}

/** A correction as answered and published. Reverted ones stay listed. */
export interface Correction extends CreateCorrection {
  id: string; version: number; status: 'active' | 'reverted';
  createdBy: string; createdAt: string; revertedBy?: string; revertedAt?: string; revertReason?: string;
}

/** An experiment that a correction touches: its report before and with it. `before` is null where none had been published. */
export interface CorrectionEffect { experimentId: string; before: ExperimentResults | null; after: ExperimentResults | null; pending: boolean }

/** `GET /api/corrections/{id}`. */
export interface CorrectionAnswer extends Correction { experiments: CorrectionEffect[] }
