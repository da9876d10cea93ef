import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase } from '@pataka/event-sourcing';
import { startEmbeddedPostgres } from './embedded-postgres';

/** A database for one spec alone: on the server of TEST_DATABASE_URL, else an embedded PostgreSQL that lives as long as the spec. */
export interface OwnDatabase { url: string; dispose(): Promise<void> }

const embeddedDatabase = async (): Promise<OwnDatabase> => {
  const directory = await mkdtemp(join(tmpdir(), 'pataka-spec-'));
  // PostgreSQL runs as nobody when we are root, and mkdtemp makes directories that only their owner may enter.
  await chmod(directory, 0o755);
  const embedded = await startEmbeddedPostgres({ dataDir: join(directory, 'postgres') });
  return {
    url: embedded.url,
    dispose: async () => {
      await embedded.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
};

export const ownDatabase = async (): Promise<OwnDatabase> => {
  if (process.env['TEST_DATABASE_URL'] === undefined) return embeddedDatabase();
  const { url, drop } = await createTestDatabase();
  return { url, dispose: drop };
};
