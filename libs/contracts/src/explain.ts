import 'reflect-metadata';
import { IsInt, IsObject, IsOptional, IsString, Length, Matches, Min } from 'class-validator';
import { JSONSchema } from 'class-validator-jsonschema';
import { INSTANT_PATTERN } from './exposure';
import type { JsonObject } from './json';

/** Why does a context get what it gets, got what it got, or will get what it will? */
export class ExplainRequest {
  @IsString() @Length(1, 128) flagKey!: string;
  /** Default: the key's own, for management tokens production. */
  @IsOptional() @IsString() @Length(1, 128) environment?: string;
  /** OpenFeature's context; a `timestamp` in it stays its own. */
  @IsOptional() @IsObject() @JSONSchema({ additionalProperties: true }) context?: JsonObject;
  /** By the rules of that instant, which also stands in for the context's missing `timestamp`. Absent: now. */
  @IsOptional() @Matches(INSTANT_PATTERN) at?: string;
  /** By the configuration of that global position, as a receipt names it; `at` is then only the instant judged at. */
  @IsOptional() @IsInt() @Min(0) position?: number;
  /** The engine that a receipt names, to be told whether this one is the same. */
  @IsOptional() @IsString() @Length(1, 64) engine?: string;
}

/** By which rules an explanation was made, and what was left out of account. */
export interface ExplainBasis {
  /** `present`: as served now. `past`: as of the instant asked for. `position`: as of a receipt. `future`: today's, at a later instant. */
  kind: 'present' | 'past' | 'position' | 'future';
  includes: readonly string[];
  excludes: readonly string[];
}

/** The change that made the flag what it was: what, when, by whom and why. */
export interface ExplainedChange { position: number; at: string | null; type: string; actor: string; reason?: string }

/** What `POST /v1/explain` answers. `Explanation` is the engine's, `@pataka/evaluation`. */
export interface ExplainAnswer<Explanation = JsonObject> {
  /** The evaluator knows rules, not what was served: it always computes again. What was recorded is with analytics. */
  source: 'recomputed';
  recorded: false;
  environment: string;
  /** The context that it was computed from, as given. */
  context: JsonObject;
  /** The instant judged at. */
  at: string;
  /** Every change up to this global position is in it, and none after it. */
  position: number;
  /** The engine that computed, and the one asked about; null: nobody said which engine decided then. */
  engine: { version: string; asked: string | null; same: boolean | null };
  basis: ExplainBasis;
  /** For the past: the newest change of the flag that is in it. */
  lastChange?: ExplainedChange;
  /** What a reader must know to take the answer right. */
  notes: readonly string[];
  explanation: Explanation;
}
