import { randomBytes } from 'node:crypto';
import type { Database, Migration, Sql } from '@pataka/event-sourcing';
import { hashToken } from '@pataka/platform';

export const invitationMigrations = (schema: string): Migration[] => [{
  name: '0004-invitations',
  up: `CREATE TABLE ${schema}.invitations (member text PRIMARY KEY, hash text NOT NULL, expires_at timestamptz NOT NULL)`,
}];

/** A secret that lets its holder choose a member's password, once. */
export interface Invitation { token: string; expiresAt: string }

const LIFETIME_MS = 72 * 60 * 60 * 1000;

/** One open invitation a member at most, kept as a hash. A newer one takes the place of the one before. */
export class Invitations {
  constructor(private readonly database: Database, private readonly schema: string, private readonly now: () => number) {}

  async make(sql: Sql, member: string): Promise<Invitation> {
    const token = `pataka_invitation_${randomBytes(32).toString('base64url')}`;
    const expiresAt = new Date(this.now() + LIFETIME_MS).toISOString();
    await sql.query(
      `INSERT INTO ${this.schema}.invitations (member, hash, expires_at) VALUES ($1, $2, $3) ON CONFLICT (member) DO UPDATE SET hash = excluded.hash, expires_at = excluded.expires_at`,
      [member, hashToken(token), expiresAt],
    );
    return { token, expiresAt };
  }

  /** Whom a token invites; null for one that is used, replaced or too old. */
  async memberOf(token: string, sql: Sql = this.database): Promise<string | null> {
    const [row] = await sql.query<{ member: string }>(`SELECT member FROM ${this.schema}.invitations WHERE hash = $1 AND expires_at > $2`, [hashToken(token), new Date(this.now())]);
    return row?.member ?? null;
  }

  async forget(sql: Sql, member: string): Promise<void> {
    await sql.query(`DELETE FROM ${this.schema}.invitations WHERE member = $1`, [member]);
  }
}
