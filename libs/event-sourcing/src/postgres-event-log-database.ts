import { Client, Pool, type QueryResultRow } from 'pg';
import { within } from './log-backoff';
import { LogHealth } from './log-health';
import { copyOut } from './postgres-copy';
import { createLogSchema } from './postgres-event-log-schema';
import { Unavailable } from './unavailable';

/** A topic as the log keeps it. */
export interface LogTopic { id: number; name: string; partitions: number }

const CONNECT_LIMIT_MS = 5_000;
const QUERY_LIMIT_MS = 10_000;
const TOPICS_FRESH_MS = 60_000;

/** Connections to the log's PostgreSQL: made when first needed, made again when they break. Everything rejects with Unavailable when it is away. */
export class LogDatabase {
  readonly health = new LogHealth();
  private readonly pool: Pool;
  private schema: Promise<void> | undefined;
  private topics = new Map<string, LogTopic>();
  private topicsAt = -Infinity;

  constructor(private readonly url: string) {
    this.pool = new Pool({ ...this.settings(), max: 4, idleTimeoutMillis: 30_000 });
    // An idle connection that breaks is only thrown away; the next query makes another.
    this.pool.on('error', () => this.health.failed());
  }

  /** A connection of its own, connected, for the writer or for the session. The caller ends it. */
  async dedicated(onLost: (client: Client) => void): Promise<Client> {
    await this.ready();
    const client = new Client(this.settings());
    client.on('error', () => onLost(client));
    client.on('end', () => onLost(client));
    await this.run(() => within(CONNECT_LIMIT_MS, client.connect(), () => new Error('connecting takes too long')));
    return client;
  }

  /** Runs one statement on any connection. */
  async query<Row extends QueryResultRow>(text: string, values: unknown[] = []): Promise<Row[]> {
    await this.ready();
    return this.run(async () => (await this.pool.query<Row>(text, values)).rows);
  }

  /** A pool query with every option of the driver, rows as arrays. */
  async queryArrays<Row extends unknown[]>(config: object): Promise<Row[]> {
    await this.ready();
    return this.run(async () => {
      const { rows } = await this.pool.query({ rowMode: 'array', ...config } as never);
      return rows as Row[];
    });
  }

  /** The rows of a query in COPY's binary format. */
  async copyOut(query: string): Promise<Buffer> {
    await this.ready();
    return this.run(async () => {
      const client = await this.pool.connect();
      try {
        const bytes = await within(QUERY_LIMIT_MS, copyOut(client, query), () => new Error('reading takes too long'));
        client.release();
        return bytes;
      } catch (error) {
        client.release(error as Error);
        throw error;
      }
    });
  }

  /** A topic by its name. Throws an Error that names it when there is none. */
  async topic(name: string): Promise<LogTopic> {
    const fresh = performance.now() - this.topicsAt < TOPICS_FRESH_MS;
    const known = fresh ? this.topics.get(name) : undefined;
    return known ?? (await this.loadTopics()).get(name) ?? this.noTopic(name);
  }

  /** All topics, read anew. */
  async loadTopics(): Promise<Map<string, LogTopic>> {
    const rows = await this.query<LogTopic & QueryResultRow>('select id, name, partitions from pataka_log.topics');
    this.topics = new Map(rows.map((row) => [row.name, row]));
    this.topicsAt = performance.now();
    return this.topics;
  }

  async close(): Promise<void> {
    await within(QUERY_LIMIT_MS, this.pool.end(), () => new Error('closing takes too long')).catch(() => undefined);
  }

  private noTopic(name: string): never {
    throw new Error(`there is no topic ${name}`);
  }

  private settings() {
    return {
      connectionString: this.url, application_name: 'pataka-log', connectionTimeoutMillis: CONNECT_LIMIT_MS,
      query_timeout: QUERY_LIMIT_MS, keepAlive: true,
    };
  }

  private ready(): Promise<void> {
    this.schema ??= this.run(() => createLogSchema(this.pool)).catch((error: unknown) => {
      this.schema = undefined;
      throw error;
    });
    return this.schema;
  }

  private async run<T>(work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      this.health.answered();
      return result;
    } catch (cause) {
      if (cause instanceof Unavailable) throw cause;
      this.health.failed();
      throw new Unavailable('event-log', { cause });
    }
  }
}
