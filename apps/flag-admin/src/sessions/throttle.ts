import { createHash } from 'node:crypto';
import { DomainError } from '@pataka/contracts';
import type { Database } from '@pataka/event-sourcing';

/** So many attempts within so long. */
interface Limit { most: number; withinMs: number }
interface Counted { kind: keyof typeof LIMITS; key: string; limit: Limit }
/** Where an attempt came from, and what ties its traces together. */
export interface Attempt { address: string; correlationId: string }
/** A limit that was passed just now, for the first time within its time. `account` is what was typed: it is for looking up a member, never for writing down. */
export interface Overstep extends Attempt { limit: keyof typeof LIMITS; account: string | null; until: string }

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
  constructor(private readonly database: Database, private readonly schema: string, private readonly now: () => number, private readonly onOverstep: (overstep: Overstep) => void) {}

  /**
   * Counts one attempt; what it resolves to takes that back, for one that succeeded.
   * @throws DomainError `rate-limited` with the seconds to wait, the same for accounts that there are and that there are not
   */
  async attempt(from: Attempt, account?: string): Promise<() => Promise<void>> {
    const counted: Counted[] = [{ kind: 'address', key: keyOf('address', from.address), limit: LIMITS.address }];
    if (account !== undefined) counted.push({ kind: 'pair', key: keyOf('pair', account, from.address), limit: LIMITS.pair }, { kind: 'account', key: keyOf('account', account), limit: LIMITS.account });
    const waits: number[] = [];
    for (const one of counted) {
      const { waitMs, first } = await this.count(one);
      // A place that is over its own limit can pass no other one that is told of: or guessing many accounts from there would fill the trail.
      if (first && !waits.some((ms) => ms > 0)) this.onOverstep({ ...from, limit: one.kind, account: account ?? null, until: new Date(this.now() + waitMs).toISOString() });
      waits.push(waitMs);
    }
    const seconds = Math.ceil(Math.max(...waits) / 1000);
    if (seconds > 0) throw new DomainError('rate-limited', `Too many attempts to sign in: wait ${seconds} seconds`, [], { retryAfterSeconds: seconds });
    return () => this.forgive(counted);
  }

  /** Milliseconds to wait, and whether this very attempt was the first too many. */
  private async count({ key, limit }: Counted): Promise<{ waitMs: number; first: boolean }> {
    const now = this.now();
    const [row] = await this.database.query<{ count: number; since: Date }>(
      `INSERT INTO ${this.schema}.sign_in_attempts AS a (key, count, since) VALUES ($1, 1, $2)
       ON CONFLICT (key) DO UPDATE SET count = CASE WHEN a.since < $3 THEN 1 ELSE least(a.count + 1, 1000000) END, since = CASE WHEN a.since < $3 THEN excluded.since ELSE a.since END
       RETURNING count, since`,
      [key, new Date(now), new Date(now - limit.withinMs)],
    );
    if (row === undefined || row.count <= limit.most) return { waitMs: 0, first: false };
    return { waitMs: Math.max(1, row.since.getTime() + limit.withinMs - now), first: row.count === limit.most + 1 };
  }

  private async forgive(counted: readonly Counted[]): Promise<void> {
    const now = new Date(this.now() - FORGOTTEN_MS);
    const own = counted.filter(({ key }) => !key.startsWith('address:')).map(({ key }) => key);
    await this.database.query(`DELETE FROM ${this.schema}.sign_in_attempts WHERE key = ANY($1) OR since < $2`, [own, now]);
    await this.database.query(`UPDATE ${this.schema}.sign_in_attempts SET count = count - 1 WHERE key = ANY($1) AND count > 0`, [counted.map(({ key }) => key)]);
  }
}
