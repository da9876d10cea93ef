import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { role } from './postgres-cluster';
import { isAlive } from './process-identity';

const PID_LINE = 0;
const PORT_LINE = 3;

/**
 * URL of the embedded PostgreSQL that another process runs below `dataDir`; null when none runs there. For operators who work on the data of
 * a running installation: the password file is readable to them alone.
 */
export const runningPostgresUrl = (dataDir: string): string | null => {
  const cluster = join(resolve(dataDir), 'cluster');
  const pidFile = join(cluster, 'data', 'postmaster.pid');
  if (!existsSync(pidFile)) return null;
  const lines = readFileSync(pidFile, 'utf8').split('\n');
  const port = lines[PORT_LINE]?.trim();
  if (port === undefined || !isAlive(Number(lines[PID_LINE]))) return null;
  return `postgres://${role}:${readFileSync(join(cluster, 'password'), 'utf8')}@127.0.0.1:${port}/${role}`;
};
