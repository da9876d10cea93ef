import 'reflect-metadata';
import { IsNumber, IsOptional, IsString, Length, Matches, Max, MaxLength, Min } from 'class-validator';
import { KEY_PATTERN } from './flag';

/** Body of `POST /api/holdouts`: a share of units that every experiment naming the holdout leaves out. It never changes, or its members would. */
export class CreateHoldout {
  @Matches(KEY_PATTERN) key!: string;
  @IsOptional() @IsString() @MaxLength(256) name?: string;
  @IsOptional() @IsString() @MaxLength(4000) description?: string;
  /** Percent of units that are held out. */
  @IsNumber() @Min(0.001) @Max(99) percentage!: number;
  /** What is bucketed; default: the targeting key. */
  @IsOptional() @IsString() @Length(1, 128) bucketBy?: string;
  @IsOptional() @IsString() @Length(1, 128) environment?: string;
  /** Default `holdout:<key>`. That of an experiment's split, `<experiment id>:split`, holds out the units of its first variant. */
  @IsOptional() @IsString() @Length(1, 128) salt?: string;
}

/** A holdout: units whose bucket under `salt` is below `until`, of 100,000, are held out while it is ACTIVE. */
export interface Holdout extends CreateHoldout {
  environment: string;
  salt: string;
  until: number;
  status: 'ACTIVE' | 'ENDED';
  endedAt?: string;
  version: number;
  createdBy: string;
  createdAt: string;
  updatedAt: string;
}

/** What can happen to a holdout. */
export type HoldoutEvent =
  | { type: 'holdout.created'; data: { holdout: CreateHoldout & { environment: string; salt: string; until: number } } }
  | { type: 'holdout.ended'; data: Record<string, never> };

/** Value of a record on pataka.holdout-changes.v1: what happened, by whom and why, and the holdout after it. */
export interface HoldoutChange { change: HoldoutEvent; actor: string; reason?: string; holdout: Holdout }

/** An experiment's place in a layer; `from` and `until` are its buckets once it has started. */
export interface LayerMember { id: string; key: string; name: string; status: string; share: number; from: number | null; until: number | null }

/** `GET /api/layers`: who has what. Shares are percent; `longestFree` is what one more experiment can have at most. */
export interface LayerView { key: string; environment: string; bucketBy: string; taken: number; free: number; longestFree: number; experiments: LayerMember[] }
