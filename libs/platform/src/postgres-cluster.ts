import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, mkdirSync, mkdtempSync, openSync, readFileSync, readdirSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { chown, closedTo, type Account } from './account';

/** A database cluster on disk, and how to run its programs. */
export interface PostgresCluster {
  /** Ours: password, port and log; the cluster proper is in `data`. */
  readonly directory: string;
  readonly data: string;
  readonly password: string;
  /** PostgreSQL's programs are in its `bin`. */
  readonly binaries: string;
  /** Whom the programs run as; undefined: as this process does. */
  readonly account: Account | undefined;
}

/** The superuser and its database; local, so both bear one name. */
export const role = 'pataka';

// "nobody" and "nogroup" wherever there are such: PostgreSQL refuses to run as root, and needs no rights at all.
const nobody: Account = { uid: 65534, gid: 65534 };

const clusterOf = (dataDir: string): string => join(dataDir, 'cluster');

/** Whom to run PostgreSQL as: never root; a cluster that is there already belongs to whoever made it. */
const accountFor = (dataDir: string): Account | undefined => {
  if (process.getuid?.() !== 0) return undefined;
  const data = join(clusterOf(dataDir), 'data');
  if (!existsSync(data)) return nobody;
  const { uid, gid } = statSync(data);
  return uid === 0 ? nobody : { uid, gid };
};

const refuseClosed = (dataDir: string, account: Account): void => {
  const closed = closedTo(join(dataDir, 'cluster'), account);
  if (closed === undefined) return;
  throw new Error(
    `PostgreSQL does not run as root, and as user ${account.uid} it can't enter ${closed}. Set PATAKA_DATA_DIR to a directory ` +
      `elsewhere (/var/lib/pataka), or open this one to passers-by (chmod o+x ${closed}), or start as an ordinary user`,
  );
};

/** Makes the data directory where it is missing, and finds whom PostgreSQL runs as there. */
export const prepareDataDirectory = (path: string): { dataDir: string; account: Account | undefined } => {
  // Only the last one is ours alone: PostgreSQL's account must pass through those above it.
  mkdirSync(dirname(resolve(path)), { recursive: true, mode: 0o755 });
  mkdirSync(resolve(path), { recursive: true, mode: 0o700 });
  const dataDir = realpathSync(resolve(path));
  const account = accountFor(dataDir);
  if (account && readdirSync(dataDir).length === 0) chown(dataDir, account);
  if (account) refuseClosed(dataDir, account);
  return { dataDir, account };
};

/** Output of a program that must end by itself; rejects with what it said when it fails. */
const run = (cluster: PostgresCluster, program: string, args: readonly string[], input = ''): Promise<void> =>
  new Promise((done, fail) => {
    const child = spawn(join(cluster.binaries, 'bin', program), args, { ...cluster.account, cwd: cluster.directory, env: programEnvironment });
    let said = '';
    const hear = (chunk: Buffer): void => void (said += chunk.toString());
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('error', (error) => fail(new Error(`PostgreSQL's ${program} can't run on this system (${error.message}): set DATABASE_URL`)));
    child.on('close', (code) => (code === 0 ? done() : fail(new Error(`${program} failed (${code}): ${said.trim()}`))));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });

/** What PostgreSQL's programs get to see of our environment: nothing that could change how they run. */
export const programEnvironment: NodeJS.ProcessEnv = { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' };

const encoding = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];

const syncDirectory = (path: string): void => {
  const directory = openSync(path, 'r');
  fsyncSync(directory);
  closeSync(directory);
};

const draftPrefix = 'cluster-draft-';

/** An initdb that outlived a killed process may still be writing: its draft may stay until the next time, unused. */
const removeDrafts = (dataDir: string): void => {
  const drafts = readdirSync(dataDir).filter((name) => name.startsWith(draftPrefix));
  for (const draft of drafts) {
    try {
      rmSync(join(dataDir, draft), { recursive: true, force: true, maxRetries: 3 });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error;
    }
  }
};

/** Builds the cluster aside and gives it its name as a whole, so that a crash leaves either none or a complete one. */
const initialize = async (cluster: PostgresCluster, dataDir: string): Promise<void> => {
  removeDrafts(dataDir);
  const directory = mkdtempSync(join(dataDir, draftPrefix));
  const draft: PostgresCluster = { ...cluster, directory, data: join(directory, 'data') };
  chown(draft.directory, cluster.account);
  const passwordFile = join(draft.directory, 'password');
  writeFileSync(passwordFile, cluster.password, { mode: 0o600, flush: true });
  chown(passwordFile, cluster.account);
  await run(draft, 'initdb', [`--pgdata=${draft.data}`, `--username=${role}`, '--auth=scram-sha-256', `--pwfile=${passwordFile}`, ...encoding]);
  await run(draft, 'postgres', ['--single', '-D', draft.data, 'postgres'], `CREATE DATABASE ${role};\n`);
  renameSync(draft.directory, cluster.directory);
  syncDirectory(dataDir);
};

const ourMajor = '18';

/** The cluster of a data directory that this process has locked, made when there is none. */
export const openCluster = async (dataDir: string, binaries: string, account: Account | undefined): Promise<PostgresCluster> => {
  const directory = clusterOf(dataDir);
  const cluster = { directory, data: join(directory, 'data'), binaries, account };
  if (!existsSync(directory)) {
    const fresh = { ...cluster, password: randomBytes(24).toString('hex') };
    await initialize(fresh, dataDir);
    return fresh;
  }
  const major = readFileSync(join(cluster.data, 'PG_VERSION'), 'utf8').trim();
  if (major !== ourMajor) throw new Error(`${cluster.data} was made by PostgreSQL ${major}, this is ${ourMajor}: run pg_upgrade, or start with another PATAKA_DATA_DIR`);
  return { ...cluster, password: readFileSync(join(directory, 'password'), 'utf8') };
};
