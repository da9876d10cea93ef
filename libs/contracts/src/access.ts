import 'reflect-metadata';
import { IsIn, IsISO8601, IsOptional, IsString, Length, Matches, MaxLength } from 'class-validator';

export const roles = ['admin', 'fleet_manager', 'viewer'] as const;
/** What a management token may do: admin everything, fleet_manager flags, segments, experiments and reports, viewer reads. */
export type Role = (typeof roles)[number];
export const keyKinds = ['server', 'client', 'management'] as const;
/** `server` and `client` keys evaluate in one environment; `management` keys carry a role. */
export type KeyKind = (typeof keyKinds)[number];

/** Body of `POST /api/keys`. A management key names a role, the others an environment. */
export class CreateKey {
  @IsString() @Length(1, 256) name!: string;
  @IsIn(keyKinds) kind!: KeyKind;
  @IsOptional() @IsString() @Length(1, 128) environment?: string;
  @IsOptional() @IsIn(roles) role?: Role;
  @IsOptional() @IsISO8601({ strict: true }) expiresAt?: string;
}

/** Body of `POST /api/environments`. */
export class CreateEnvironment {
  @Matches(/^[a-z0-9][a-z0-9_-]{0,63}$/) key!: string;
  @IsOptional() @IsString() @MaxLength(256) name?: string;
}

/** A key as published on access-changes and answered (there without `hash`). `hash` is the hex SHA-256 of the whole secret token. */
export interface AccessKey {
  id: string; name: string; kind: KeyKind; environment?: string; role?: Role; hash: string; hint: string;
  expiresAt?: string; revokedAt?: string; createdBy: string; createdAt: string; version: number;
}

/** An environment as published on access-changes. */
export interface Environment { key: string; name: string; createdBy: string; createdAt: string; version: number }

/** Who is calling: a credential that was recognised. `subject` is what events record as the actor; a member's principal names the session, which is its `keyId` too. */
export type Principal =
  | { kind: 'management'; role: Role; keyId: string; subject: string; session?: { id: string; expiresAt: string } }
  | { kind: 'server' | 'client'; environment: string; keyId: string; subject: string };
