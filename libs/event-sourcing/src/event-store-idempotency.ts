import { DomainError } from '@pataka/contracts';
import type { CommandContext, Handled } from './aggregate';
import type { Sql } from './database';

type Idempotency = NonNullable<CommandContext['idempotency']>;

const CLEAN_EVERY_MS = 3_600_000;

/** Answers already given, by Idempotency-Key; kept for seven days. */
export class IdempotentAnswers {
  private cleanedAt = Number.NEGATIVE_INFINITY;

  /** `table` is as written in SQL. */
  constructor(private readonly table: string) {}

  /**
   * The answer given to the same request before, null if there was none.
   * @throws DomainError idempotency-key-reused when the key belongs to another request.
   */
  async find<Document>(sql: Sql, { key, fingerprint }: Idempotency): Promise<Handled<Document> | null> {
    const [row] = await sql.query<{ fingerprint: string; response: Handled<Document> }>(`SELECT fingerprint, response FROM ${this.table} WHERE key = $1`, [key]);
    if (row === undefined) return null;
    if (row.fingerprint !== fingerprint) throw new DomainError('idempotency-key-reused');
    return { ...row.response, replayed: true };
  }

  async keep(sql: Sql, { key, fingerprint }: Idempotency, answer: Handled<unknown>): Promise<void> {
    await this.clean(sql);
    await sql.query(`INSERT INTO ${this.table} (key, fingerprint, response) VALUES ($1, $2, $3)`, [key, fingerprint, JSON.stringify(answer)]);
  }

  private async clean(sql: Sql): Promise<void> {
    const now = performance.now();
    if (now - this.cleanedAt < CLEAN_EVERY_MS) return;
    this.cleanedAt = now;
    await sql.query(`DELETE FROM ${this.table} WHERE at < now() - interval '7 days'`);
  }
}
