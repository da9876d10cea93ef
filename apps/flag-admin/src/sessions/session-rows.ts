import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Database, Migration, Sql } from '@pataka/event-sourcing';
import { hashToken } from '@pataka/platform';

/** How somebody came in. */
export type SignInMethod = 'password' | 'invitation' | 'oidc';
/** A session as kept: what renews its tokens is here as a hash only. */
export interface SessionRow { id: string; member: string; method: SignInMethod; createdAt: string }

export const sessionMigrations = (schema: string): Migration[] => [{
  name: '0005-sessions',
  up: `CREATE TABLE ${schema}.sessions (
         id text PRIMARY KEY, member text NOT NULL, hash text NOT NULL, method text NOT NULL, created_at timestamptz NOT NULL, used_at timestamptz NOT NULL, expires_at timestamptz NOT NULL);
       CREATE INDEX ON ${schema}.sessions (member);
       CREATE TABLE ${schema}.sign_in_attempts (key text PRIMARY KEY, count int NOT NULL, since timestamptz NOT NULL);
       CREATE TABLE ${schema}.oidc_logins (id text PRIMARY KEY, state text NOT NULL, nonce text NOT NULL, verifier text NOT NULL, return_to text NOT NULL, expires_at timestamptz NOT NULL);`,
}];

const HOUR_MS = 3_600_000;
/** Whoever does nothing for so long, or came in so long ago, signs in again. */
export const SESSION_LIMITS = { idleMs: 8 * HOUR_MS, wholeMs: 14 * 24 * HOUR_MS } as const;
const RENEWAL = /^(ses_[0-9a-f]{20})\.([\w-]{43})$/;

const equal = (a: string, b: string): boolean => a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));

/** The sessions there are. A renewal cookie is `<id>.<secret>`; the secret is kept as its hash. */
export class SessionRows {
  constructor(private readonly database: Database, private readonly schema: string, private readonly now: () => number) {}

  async open(member: string, method: SignInMethod): Promise<{ session: SessionRow; renewal: string }> {
    const session = { id: `ses_${randomBytes(10).toString('hex')}`, member, method, createdAt: new Date(this.now()).toISOString() };
    const secret = randomBytes(32).toString('base64url');
    await this.database.query(
      `INSERT INTO ${this.schema}.sessions (id, member, hash, method, created_at, used_at, expires_at) VALUES ($1, $2, $3, $4, $5, $5, $6)`,
      [session.id, member, hashToken(secret), method, session.createdAt, new Date(this.now() + SESSION_LIMITS.wholeMs)],
    );
    // Old ones go where new ones come.
    await this.database.query(`DELETE FROM ${this.schema}.sessions WHERE expires_at < $1 OR used_at < $2`, [new Date(this.now()), new Date(this.now() - SESSION_LIMITS.idleMs)]);
    return { session, renewal: `${session.id}.${secret}` };
  }

  /** The session that a renewal cookie belongs to, and notes that it is in use; null for one that is over, or forged. */
  async use(renewal: string | null): Promise<SessionRow | null> {
    const [, id, secret] = RENEWAL.exec(renewal ?? '') ?? [];
    if (id === undefined || secret === undefined) return null;
    const [row] = await this.database.query<{ member: string; hash: string; method: SignInMethod; created_at: Date }>(
      `UPDATE ${this.schema}.sessions SET used_at = greatest(used_at, $2) WHERE id = $1 AND expires_at > $2 AND used_at > $3 AND hash = $4 RETURNING member, hash, method, created_at`,
      [id, new Date(this.now()), new Date(this.now() - SESSION_LIMITS.idleMs), hashToken(secret)],
    );
    if (row === undefined || !equal(row.hash, hashToken(secret))) return null;
    return { id, member: row.member, method: row.method, createdAt: row.created_at.toISOString() };
  }

  async end(id: string): Promise<void> {
    await this.database.query(`DELETE FROM ${this.schema}.sessions WHERE id = $1`, [id]);
  }

  async endAll(sql: Sql, member: string): Promise<void> {
    await sql.query(`DELETE FROM ${this.schema}.sessions WHERE member = $1`, [member]);
  }
}
