import 'reflect-metadata';
import { IsIn, IsOptional, IsString, Length, Matches } from 'class-validator';
import { roles, type Role } from './access';

/** Shortest and longest password taken, in characters. Longer ones cost nothing but the time to send them. */
export const PASSWORD_LENGTH = { least: 12, most: 256 } as const;

// What a mail server takes is its own affair: this only keeps out what nobody could sign in with.
const EMAIL = /^[^\s@<>"]{1,64}@[^\s@<>"]{1,189}$/;

/** Body of `POST /api/members`. Without a password the answer holds an invitation, with which the member chooses one. */
export class CreateMember {
  @Matches(EMAIL) email!: string;
  @IsString() @Length(1, 128) name!: string;
  @IsIn(roles) role!: Role;
  @IsOptional() @IsString() @Length(PASSWORD_LENGTH.least, PASSWORD_LENGTH.most) password?: string;
}

/** Body of `PATCH /api/members/{id}`. */
export class PatchMember {
  @IsOptional() @Matches(EMAIL) email?: string;
  @IsOptional() @IsString() @Length(1, 128) name?: string;
  @IsOptional() @IsIn(roles) role?: Role;
}

/** Body of `POST /api/session`. Any length is taken here: the answer to a wrong password must not tell what a right one looks like. */
export class SignIn {
  @IsString() @Length(1, 256) email!: string;
  @IsString() @Length(1, 1024) password!: string;
}

/** Body of `PUT /api/members/{id}/password`. */
export class SetPassword {
  @IsString() @Length(PASSWORD_LENGTH.least, PASSWORD_LENGTH.most) password!: string;
}

/** Body of `PUT /api/session/password`. */
export class ChangePassword {
  @IsString() @Length(1, 1024) currentPassword!: string;
  @IsString() @Length(PASSWORD_LENGTH.least, PASSWORD_LENGTH.most) password!: string;
}

/** Body of `POST /api/session/join`: the token of an invitation, and the password that is chosen with it. */
export class JoinWithInvitation {
  @IsString() @Length(1, 256) token!: string;
  @IsString() @Length(PASSWORD_LENGTH.least, PASSWORD_LENGTH.most) password!: string;
}

/** A person who signs in. `identity` is who an OpenID provider says this is. */
export interface Member {
  id: string; email: string; name: string; role: Role;
  identity?: { issuer: string; subject: string };
  /** When the password was set last; absent: there is none. */
  passwordSetAt?: string;
  /** Sessions that began before this instant are over. */
  validFrom?: string;
  removedAt?: string; createdBy: string; createdAt: string; version: number;
}

/** A member as published on access-changes: who and which role, no name, no address, no password. */
export type AccessMember = Pick<Member, 'id' | 'role' | 'validFrom' | 'removedAt' | 'createdBy' | 'createdAt' | 'version'>;

/** A public key that session tokens are checked with, as published on access-changes: Ed25519, its 32 bytes in base64url. */
export interface SessionSigner { kid: string; publicKey: string; until: string }

/** A session that is over, as published on access-changes; after `until` no token of it can be valid anyway. */
export interface EndedSession { id: string; member: string; until: string }

/** Answer of `GET /api/session/options`: what a sign-in page offers. */
export interface SignInOptions { firstRun: boolean; password: boolean; oidc: { name: string } | null }
