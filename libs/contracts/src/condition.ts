import 'reflect-metadata';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsIn, IsOptional, IsString, Length, ValidateNested } from 'class-validator';
import { JSONSchema } from 'class-validator-jsonschema';
import type { JsonValue } from './json';

/** Every operator a condition can use; what each means is CONTRACTS' table of operators. */
export const operators = [
  'equals', 'not_equals', 'in', 'not_in', 'gt', 'gte', 'lt', 'lte', 'contains', 'starts_with', 'ends_with', 'regex',
  'exists', 'not_exists', 'semver_eq', 'semver_gt', 'semver_gte', 'semver_lt', 'semver_lte', 'before', 'after',
  'language_matches', 'within', 'in_calendar', 'not_in_calendar', 'in_segment', 'not_in_segment',
] as const;
/** The name of an operator. */
export type Operator = (typeof operators)[number];

const MAX_CONDITIONS = 100;

/**
 * One condition on an evaluation context (`attribute`, `operator`, `value`), or a group: exactly one of
 * `any`, `all`, `not`. Which members belong together is checked when a flag or segment is written.
 */
export class Condition {
  @IsOptional() @IsString() @Length(1, 128) attribute?: string;
  @IsOptional() @IsIn(operators) operator?: Operator;
  @IsOptional() @JSONSchema({ description: 'string, number, boolean or a list of them, as the operator asks' }) value?: JsonValue;
  @IsOptional() @IsArray() @ArrayMaxSize(MAX_CONDITIONS) @ValidateNested({ each: true }) @Type(() => Condition) any?: Condition[];
  @IsOptional() @IsArray() @ArrayMaxSize(MAX_CONDITIONS) @ValidateNested({ each: true }) @Type(() => Condition) all?: Condition[];
  @IsOptional() @ValidateNested() @Type(() => Condition) not?: Condition;
}
