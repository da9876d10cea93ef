import { createHash } from 'node:crypto';
import { DomainError } from '@pataka/contracts';
import type { Database } from '@pataka/event-sourcing';

/** So many attempts within so long. */
interface Limit { most: number; withinMs: number }
interface Counted { key: string; limit: Limit }

const MINUTE_MS = 60_000;
const LIMITS = {
  // One place at one account, so that a stranger cannot lock the owner out from elsewhere.
  pair: { most: 5, withinMs: 5 * MINUTE_MS },
  account: { most: 30, withinMs: 15 * MINUTE_MS },
  address: { most: 40, withinMs: 5 * MINUTE_MS },
} as const satisfies Record<string, Limit>;
const FORGOTTEN_MS = 60 * MINUTE_MS;

const keyOf = (kind: string, ...parts: string[]): string => `${kind}:${createHash('sha256').update(JSON.stringify(parts)).digest('base64url')}`;

/** Slows down guessing, over all processes of flag-admin. An attempt is counted before it is judged, so that many at once are no way past. */
export class Throttle {
  constructor(private readonly database: Database, private readonly schema: string, private readonly now: () => number) {}

  /**
   * Counts one attempt; what it resolves to takes that back, for one that succeeded.
   * @throws DomainError `rate-limited` with the seconds to wait, the same for accounts that there are and that there are not
   */
  async attempt(address: string, account?: string): Promise<() => Promise<void>> {
    const counted: Counted[] = [{ key: keyOf('address', address), limit: LIMITS.address }];
    if (account !== undefined) counted.push({ key: keyOf('pair', account, address), limit: LIMITS.pair }, { key: keyOf('account', account), limit: LIMITS.account });
    const waits = [];
    for (const one of counted) waits.push(await this.count(one));
    const seconds = Math.ceil(Math.max(...waits) / 1000);
    if (seconds > 0) throw new DomainError('rate-limited', `Too many attempts to sign in: wait ${seconds} seconds`, [], { retryAfterSeconds: seconds });
    return () => this.forgive(counted);
  }

  /** Milliseconds to wait. */
  private async count({ key, limit }: Counted): Promise<number> {
    const now = this.now();
    const [row] = await this.database.query<{ count: number; since: Date }>(
      `INSERT INTO ${this.schema}.sign_in_attempts AS a (key, count, since) VALUES ($1, 1, $2)
       ON CONFLICT (key) DO UPDATE SET count = CASE WHEN a.since < $3 THEN 1 ELSE least(a.count + 1, 1000000) END, since = CASE WHEN a.since < $3 THEN excluded.since ELSE a.since END
       RETURNING count, since`,
      [key, new Date(now), new Date(now - limit.withinMs)],
    );
    if (row === undefined || row.count <= limit.most) return 0;
    return Math.max(1, row.since.getTime() + limit.withinMs - now);
  }

  private async forgive(counted: readonly Counted[]): Promise<void> {
    const now = new Date(this.now() - FORGOTTEN_MS);
    const own = counted.filter(({ key }) => !key.startsWith('address:')).map(({ key }) => key);
    await this.database.query(`DELETE FROM ${this.schema}.sign_in_attempts WHERE key = ANY($1) OR since < $2`, [own, now]);
    await this.database.query(`UPDATE ${this.schema}.sign_in_attempts SET count = count - 1 WHERE key = ANY($1) AND count > 0`, [counted.map(({ key }) => key)]);
  }
}
