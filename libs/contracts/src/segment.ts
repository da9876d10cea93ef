import 'reflect-metadata';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsIn, IsInt, IsISO8601, IsOptional, IsString, Length, Matches, Max, MaxLength, Min, ValidateNested } from 'class-validator';
import { Condition } from './condition';
import { KEY_PATTERN } from './flag';

/** Keys that a segment may list in its document. */
export const SEGMENT_LIST_LIMIT = 10_000;

/** Keys that a list beside the document may have. */
export const KEY_LIST_LIMIT = 1_000_000;

/** A list of keys beside a segment's document, by its hash: SHA-256, in hex, of its keys in byte order, each followed by a line feed. */
export class KeyListRef {
  @Matches(/^[0-9a-f]{64}$/) hash!: string;
  @IsInt() @Min(0) @Max(KEY_LIST_LIMIT) size!: number;
}

/** A reusable set of contexts: excluded first, then included, then all conditions. */
export class Segment {
  @Matches(KEY_PATTERN) key!: string;
  @IsOptional() @IsString() @MaxLength(256) name?: string;
  @IsOptional() @IsString() @MaxLength(4000) description?: string;
  @IsOptional() @IsArray() @ArrayMaxSize(SEGMENT_LIST_LIMIT) @IsString({ each: true }) @Length(1, 256, { each: true }) included?: string[];
  @IsOptional() @IsArray() @ArrayMaxSize(SEGMENT_LIST_LIMIT) @IsString({ each: true }) @Length(1, 256, { each: true }) excluded?: string[];
  /** Set by uploading; counts like `included`. */
  @IsOptional() @ValidateNested() @Type(() => KeyListRef) includedList?: KeyListRef;
  /** Set by uploading; counts like `excluded`. */
  @IsOptional() @ValidateNested() @Type(() => KeyListRef) excludedList?: KeyListRef;
  @IsOptional() @IsArray() @ArrayMaxSize(100) @ValidateNested({ each: true }) @Type(() => Condition) conditions?: Condition[];
}

/** What changes in a list: keys that come and keys that go. */
export class PatchKeyList {
  @IsOptional() @IsArray() @ArrayMaxSize(SEGMENT_LIST_LIMIT) @IsString({ each: true }) @Length(1, 256, { each: true }) add?: string[];
  @IsOptional() @IsArray() @ArrayMaxSize(SEGMENT_LIST_LIMIT) @IsString({ each: true }) @Length(1, 256, { each: true }) remove?: string[];
}

/** A place in the region tree: `within` follows `parent` upwards. */
export class Region {
  @Matches(KEY_PATTERN) key!: string;
  @IsOptional() @IsString() @MaxLength(256) name?: string;
  @IsOptional() @IsIn(['zone', 'state', 'city', 'other']) kind?: 'zone' | 'state' | 'city' | 'other';
  @IsOptional() @Matches(KEY_PATTERN) parent?: string;
}

/** Local dates, both inclusive; with regions it holds only where the attribute `region` is within one of them. */
export class CalendarPeriod {
  @Matches(/^\d{4}-\d{2}-\d{2}$/) from!: string;
  @Matches(/^\d{4}-\d{2}-\d{2}$/) until!: string;
  @IsOptional() @IsString() @MaxLength(256) name?: string;
  @IsOptional() @IsArray() @ArrayMaxSize(200) @IsString({ each: true }) regions?: string[];
}

/** A named set of periods in one IANA zone. */
export class Calendar {
  @Matches(KEY_PATTERN) key!: string;
  @IsOptional() @IsString() @MaxLength(256) name?: string;
  @IsString() @Length(1, 64) timezone!: string;
  @IsArray() @ArrayMaxSize(500) @ValidateNested({ each: true }) @Type(() => CalendarPeriod) periods!: CalendarPeriod[];
}

/** What the system adds to a segment, region or calendar that it answers. */
export class Versioned {
  @IsOptional() @IsInt() version?: number;
  @IsOptional() @IsString() createdBy?: string;
  @IsOptional() @IsISO8601() createdAt?: string;
  @IsOptional() @IsISO8601() updatedAt?: string;
}
