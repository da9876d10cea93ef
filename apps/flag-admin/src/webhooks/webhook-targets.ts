import type { Database, Migration, Sql } from '@pataka/event-sourcing';

/** Where a webhook goes, and the secrets that sign for it now: the newest first. */
export interface WebhookTarget { url: string; secrets: string[] }

const OVERLAP_MS = 24 * 60 * 60 * 1000;

export const targetMigrations = (schema: string): Migration[] => [{
  name: '0030-webhook-targets',
  up: `CREATE TABLE ${schema}.webhook_targets (webhook_id text PRIMARY KEY, url text NOT NULL, secret text NOT NULL, old_secret text, old_until timestamptz)`,
}];

/** The secret half of webhooks. It is in this table alone: on no topic, in no event, in no log. */
export class WebhookTargets {
  constructor(private readonly database: Database, private readonly schema: string) {}

  async of(webhookId: string, now: string): Promise<WebhookTarget | null> {
    const [row] = await this.database.query<{ url: string; secret: string; old_secret: string | null }>(
      `SELECT url, secret, CASE WHEN old_until > $2 THEN old_secret END AS old_secret FROM ${this.schema}.webhook_targets WHERE webhook_id = $1`, [webhookId, now]);
    return row === undefined ? null : { url: row.url, secrets: row.old_secret === null ? [row.secret] : [row.secret, row.old_secret] };
  }

  async urls(webhookIds: readonly string[]): Promise<Map<string, string>> {
    const rows = await this.database.query<{ webhook_id: string; url: string }>(`SELECT webhook_id, url FROM ${this.schema}.webhook_targets WHERE webhook_id = ANY($1)`, [webhookIds]);
    return new Map(rows.map((row) => [row.webhook_id, row.url]));
  }

  async add(sql: Sql, webhookId: string, url: string, secret: string): Promise<void> {
    await sql.query(`INSERT INTO ${this.schema}.webhook_targets (webhook_id, url, secret) VALUES ($1, $2, $3)`, [webhookId, url, secret]);
  }

  async move(sql: Sql, webhookId: string, url: string): Promise<void> {
    await sql.query(`UPDATE ${this.schema}.webhook_targets SET url = $2 WHERE webhook_id = $1`, [webhookId, url]);
  }

  /** The secret before signs beside the new one for a day. */
  async rotate(sql: Sql, webhookId: string, secret: string, now: string): Promise<void> {
    const until = new Date(Date.parse(now) + OVERLAP_MS).toISOString();
    await sql.query(`UPDATE ${this.schema}.webhook_targets SET old_secret = secret, old_until = $3, secret = $2 WHERE webhook_id = $1`, [webhookId, secret, until]);
  }

  async remove(sql: Sql, webhookId: string): Promise<void> {
    await sql.query(`DELETE FROM ${this.schema}.webhook_targets WHERE webhook_id = $1`, [webhookId]);
  }
}
