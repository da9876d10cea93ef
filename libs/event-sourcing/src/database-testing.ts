import { randomUUID } from 'node:crypto';
import { Client } from 'pg';

const run = async (url: string, sql: string): Promise<void> => {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
};

/** A new, empty database on the server of TEST_DATABASE_URL, for one spec alone. */
export const createTestDatabase = async (): Promise<{ url: string; drop: () => Promise<void> }> => {
  const server = process.env['TEST_DATABASE_URL'];
  if (server === undefined) throw new Error('TEST_DATABASE_URL is not set: this test needs a PostgreSQL');
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await run(server, `CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => run(server, `DROP DATABASE ${name} WITH (FORCE)`) };
};

/** `describe` where there is a PostgreSQL; elsewhere it says so, and with CI set the suite fails. */
export const describeWithDatabase = (title: string, suite: () => void): void => {
  const available = process.env['TEST_DATABASE_URL'] !== undefined || process.env['CI'] === 'true';
  if (available) describe(title, suite);
  else describe.skip(`${title} [left out: TEST_DATABASE_URL is not set]`, suite);
};
