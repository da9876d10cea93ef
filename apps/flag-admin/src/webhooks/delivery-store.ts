import type { WebhookAttempt, WebhookDelivery } from '@pataka/contracts';
import type { Database, Migration } from '@pataka/event-sourcing';

/** A message as it waits for its tries. */
export interface NewDelivery { id: string; webhookId: string; type: string; body: string; createdAt: string }
/** A message that this process has taken to try it once; `tries` counts this one. */
export interface Claimed { id: string; webhookId: string; tries: number; body: string }

interface Row { id: string; webhook_id: string; type: string; status: WebhookDelivery['status']; tries: number; created_at: Date; next_at: Date; attempts: WebhookAttempt[]; place: string }
export type Placed = WebhookDelivery & { place: number };

const MOST_ATTEMPTS = 24;
const KEPT_DAYS = 30;

export const deliveryMigrations = (schema: string): Migration[] => [{
  name: '0031-webhook-deliveries',
  up: `CREATE TABLE ${schema}.webhook_deliveries (
      id uuid PRIMARY KEY, place bigint GENERATED ALWAYS AS IDENTITY, webhook_id text NOT NULL, type text NOT NULL, body text NOT NULL, status text NOT NULL DEFAULT 'waiting',
      tries int NOT NULL DEFAULT 0, created_at timestamptz NOT NULL, next_at timestamptz NOT NULL, attempts jsonb NOT NULL DEFAULT '[]');
    CREATE INDEX ON ${schema}.webhook_deliveries (webhook_id, next_at) WHERE status = 'waiting';
    CREATE INDEX ON ${schema}.webhook_deliveries (webhook_id, place DESC);
    CREATE INDEX ON ${schema}.webhook_deliveries (created_at) WHERE status <> 'waiting';`,
}];

const shown = (row: Row): Placed => ({
  id: row.id, webhookId: row.webhook_id, type: row.type, status: row.status, tries: row.tries, createdAt: row.created_at.toISOString(),
  nextTryAt: row.status === 'waiting' ? row.next_at.toISOString() : null, attempts: row.attempts, place: Number(row.place),
});

const COLUMNS = 'id, webhook_id, type, status, tries, created_at, next_at, attempts, place';

/** What was, is and will be delivered. Instants come in with the calls, so that tests run a day in a moment. */
export class DeliveryStore {
  private readonly table: string;

  constructor(private readonly database: Database, private readonly schema: string) {
    this.table = `${schema}.webhook_deliveries`;
  }

  /** Adds those whose id is not there yet: an event that is met again makes no second message. */
  async add(deliveries: readonly NewDelivery[]): Promise<void> {
    if (deliveries.length === 0) return;
    await this.database.query(
      `INSERT INTO ${this.table} (id, webhook_id, type, body, created_at, next_at)
       SELECT id, webhook_id, type, body, created_at, created_at FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[]) d(id, webhook_id, type, body, created_at)
       ON CONFLICT (id) DO NOTHING`,
      [deliveries.map(({ id }) => id), deliveries.map(({ webhookId }) => webhookId), deliveries.map(({ type }) => type), deliveries.map(({ body }) => body), deliveries.map(({ createdAt }) => createdAt)]);
  }

  /**
   * Takes what is due, a few of each webhook that is enabled and not among `busy`, so that a slow receiver keeps nobody waiting. Others pass
   * over what is taken; whoever dies before `note` leaves it to be taken again once `leaseUntil` has come.
   */
  claim(now: string, leaseUntil: string, { most, each, busy }: { most: number; each: number; busy: readonly string[] }): Promise<Claimed[]> {
    return this.database.query<Claimed>(
      `WITH due AS (
         SELECT d.id FROM ${this.schema}.documents w CROSS JOIN LATERAL (
           SELECT id FROM ${this.table} WHERE webhook_id = w.key AND status = 'waiting' AND next_at <= $1 ORDER BY next_at LIMIT $4 FOR UPDATE SKIP LOCKED) d
         WHERE w.category = 'webhook' AND (w.document->>'enabled')::boolean AND w.key <> ALL($5) LIMIT $3)
       UPDATE ${this.table} t SET tries = tries + 1, next_at = $2 FROM due WHERE t.id = due.id RETURNING t.id, t.webhook_id AS "webhookId", t.tries, t.body`,
      [now, leaseUntil, most, each, busy]);
  }

  /** Writes down how a try went: `nextAt` null ends it, well or not. What somebody else has delivered meanwhile stays delivered. */
  async note(id: string, attempt: WebhookAttempt, outcome: { status: WebhookDelivery['status']; nextAt: string | null }): Promise<void> {
    await this.database.query(
      `UPDATE ${this.table} SET status = CASE WHEN status = 'delivered' THEN status ELSE $3 END, next_at = coalesce($4::timestamptz, next_at),
         attempts = (CASE WHEN jsonb_array_length(attempts) >= ${MOST_ATTEMPTS} THEN attempts - 0 ELSE attempts END) || $2::jsonb WHERE id = $1`,
      [id, JSON.stringify([attempt]), outcome.status, outcome.nextAt]);
  }

  /** Adds what has been tried already and is not tried again. */
  async tell({ id, webhookId, type, body, createdAt }: NewDelivery, attempt: WebhookAttempt, status: 'delivered' | 'failed'): Promise<void> {
    await this.database.query(
      `INSERT INTO ${this.table} (id, webhook_id, type, body, created_at, next_at, status, tries, attempts) VALUES ($1, $2, $3, $4, $5, $5, $6, 1, $7::jsonb)`,
      [id, webhookId, type, body, createdAt, status, JSON.stringify([attempt])]);
  }

  async page(webhookId: string, { status, before, limit }: { status: string | null; before: number; limit: number }): Promise<Placed[]> {
    const rows = await this.database.query<Row>(
      `SELECT ${COLUMNS} FROM ${this.table} WHERE webhook_id = $1 AND ($2::text IS NULL OR status = $2) AND ($3::bigint = 0 OR place < $3) ORDER BY place DESC LIMIT $4`,
      [webhookId, status, before, limit]);
    return rows.map(shown);
  }

  async one(webhookId: string, id: string): Promise<Placed | null> {
    const [row] = await this.database.query<Row>(`SELECT ${COLUMNS} FROM ${this.table} WHERE webhook_id = $1 AND id::text = $2`, [webhookId, id]);
    return row === undefined ? null : shown(row);
  }

  async pending(): Promise<number> {
    const [row] = await this.database.query<{ count: string }>(`SELECT count(*) AS count FROM ${this.table} WHERE status = 'waiting'`);
    return Number(row?.count ?? 0);
  }

  /** Due at once, with all its tries before it. */
  async replay(webhookId: string, id: string, now: string): Promise<boolean> {
    const rows = await this.database.query(`UPDATE ${this.table} SET status = 'waiting', tries = 0, next_at = $3 WHERE webhook_id = $1 AND id::text = $2 RETURNING 1`, [webhookId, id, now]);
    return rows.length > 0;
  }

  /** Forgets what a removed webhook had, and what has been over for a month. */
  async prune(now: string): Promise<void> {
    await this.database.query(
      `DELETE FROM ${this.table} d WHERE (status <> 'waiting' AND created_at < $1::timestamptz - interval '${KEPT_DAYS} days')
         OR NOT EXISTS (SELECT 1 FROM ${this.schema}.documents w WHERE w.category = 'webhook' AND w.key = d.webhook_id)`, [now]);
  }
}
