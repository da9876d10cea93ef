import { randomBytes, randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database } from '@pataka/event-sourcing';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@pataka/platform';
import { Stack } from '../harness/stack';

/** Where a Pataka keeps its data: the variables of its configuration. */
export type StoreEnvironment = Readonly<Record<string, string>> & { DATABASE_URL: string };

/** Stores of the benchmarks' own, started when first asked for and all ended together. */
export class Stores {
  #embedded: Promise<{ postgres: EmbeddedPostgres; directory: string }> | undefined;
  #stack: Stack | undefined;
  readonly #users: (() => Promise<unknown>)[] = [];

  /** Ends what works on the stores before they end, whether the benchmark came to its end or was told to stop. */
  beforeClose(end: () => Promise<unknown>): void {
    this.#users.push(end);
  }

  /** A new database on the embedded PostgreSQL; the event log is in it. */
  async embedded(): Promise<StoreEnvironment> {
    this.#embedded ??= this.#startEmbedded();
    return { DATABASE_URL: await newDatabase((await this.#embedded).postgres.url) };
  }

  /** A new database on a real PostgreSQL, with a real Kafka; null where they can't be had, and then `missing` says why. */
  async kafka(): Promise<StoreEnvironment | null> {
    this.#stack ??= Stack.start(['kafka', 'postgres']);
    const { DATABASE_URL: url, KAFKA_BROKERS: brokers } = this.#stack.env;
    return url === undefined || brokers === undefined ? null : { DATABASE_URL: await newDatabase(url), KAFKA_BROKERS: brokers };
  }

  get missing(): string {
    return this.#stack?.missing ?? '';
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#users.splice(0).map((end) => end()));
    await this.#stack?.stop();
    const embedded = await this.#embedded;
    await embedded?.postgres.stop();
    if (embedded !== undefined) rmSync(embedded.directory, { recursive: true, force: true });
  }

  async #startEmbedded(): Promise<{ postgres: EmbeddedPostgres; directory: string }> {
    const directory = mkdtempSync(join(tmpdir(), 'pataka-bench-'));
    // As root PostgreSQL runs as nobody, who has to get in.
    chmodSync(directory, 0o755);
    return { directory, postgres: await startEmbeddedPostgres({ dataDir: join(directory, 'postgres') }) };
  }
}

const newDatabase = async (url: string): Promise<string> => {
  const name = `bench_${randomUUID().replaceAll('-', '')}`;
  const server = Database.create({ url, name: 'pataka-bench', migrations: [], poolSize: 1 });
  try {
    await server.query(`create database ${name}`);
  } finally {
    await server.close();
  }
  const own = new URL(url);
  own.pathname = `/${name}`;
  return own.href;
};

/** Credentials of one run, as a Pataka's configuration takes them. */
export const newCredentials = () => {
  const token = (kind: string): string => `bench-${kind}-${randomBytes(16).toString('hex')}`;
  return { PATAKA_ADMIN_TOKEN: token('admin'), PATAKA_SERVER_KEY: token('server'), PATAKA_CLIENT_KEY: token('client') };
};
