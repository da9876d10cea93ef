import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { closeSync, existsSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chown } from './account';
import { programEnvironment, type PostgresCluster } from './postgres-cluster';
import { commandOf, isAlive } from './process-identity';

/** A postmaster that accepts connections. */
export interface PostgresServer {
  readonly pid: number;
  readonly port: number;
}

/** A running server, and whether it ran before. */
export interface ObtainedServer extends PostgresServer {
  readonly adopted: boolean;
}

const settings: Record<string, string> = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  wal_compression: 'on',
  shared_buffers: '128MB',
  max_connections: '100',
  work_mem: '8MB',
  maintenance_work_mem: '64MB',
  wal_buffers: '8MB',
  max_wal_size: '1GB',
  checkpoint_timeout: '15min',
  random_page_cost: '1.1',
  jit: 'off',
  timezone: 'UTC',
  password_encryption: 'scram-sha-256',
  // The log is a plain file that nobody rotates: what a client does wrong is told to the client.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_checkpoints: 'off',
};

const argumentsFor = (cluster: PostgresCluster, port: number): string[] => [
  '-D', cluster.data, '-h', '127.0.0.1', '-k', '', '-p', String(port),
  ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
];

const programOf = (cluster: PostgresCluster): string => join(cluster.binaries, 'bin', 'postgres');

const postmasterFile = (cluster: PostgresCluster): string => join(cluster.data, 'postmaster.pid');

interface PostmasterNote extends PostgresServer {
  readonly ready: boolean;
}

/** What the running postmaster says of itself (lines of miscadmin.h's LOCK_FILE_LINE_*); undefined when none does. */
const readNote = (cluster: PostgresCluster): PostmasterNote | undefined => {
  let lines: string[];
  try {
    lines = readFileSync(postmasterFile(cluster), 'utf8').split('\n');
  } catch {
    return undefined;
  }
  return { pid: Number(lines[0]), port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' };
};

// Recovery after a crash replays at most max_wal_size; minutes only on a very slow disk.
const startLimitMs = 300_000;

/** Waits for `pid` to accept connections; false when it ends instead. */
const becomesReady = async (cluster: PostgresCluster, pid: number): Promise<boolean> => {
  for (const deadline = Date.now() + startLimitMs; Date.now() < deadline; await sleep(20)) {
    const note = readNote(cluster);
    if (note?.pid === pid && note.ready) return true;
    if (!isAlive(pid)) return false;
  }
  throw new Error(`PostgreSQL on ${cluster.data} (process ${pid}) did not become ready within ${startLimitMs / 1000} s`);
};

const endsWithin = async (pid: number, limitMs: number): Promise<boolean> => {
  for (const deadline = Date.now() + limitMs; Date.now() < deadline; await sleep(20)) if (!isAlive(pid)) return true;
  return !isAlive(pid);
};

const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
};

/** Ends a postmaster: fast (sessions are cut, a checkpoint is written), and if that hangs, without the checkpoint. */
export const stopServer = async (pid: number): Promise<void> => {
  signal(pid, 'SIGINT');
  if (await endsWithin(pid, 60_000)) return;
  signal(pid, 'SIGQUIT');
  if (await endsWithin(pid, 10_000)) return;
  signal(pid, 'SIGKILL');
  if (!(await endsWithin(pid, 5_000))) throw new Error(`PostgreSQL (process ${pid}) does not end`);
};

/**
 * Finds a postmaster that outlived the process which had started it. One with today's settings (and `port`, if any
 * is asked for) is kept, any other is stopped.
 */
const adopt = async (cluster: PostgresCluster, port: number | undefined): Promise<PostgresServer | undefined> => {
  const note = readNote(cluster);
  if (!note || !isAlive(note.pid)) return undefined;
  const command = commandOf(note.pid) ?? '';
  if (!command.includes(`postgres -D ${cluster.data} `)) {
    disown(cluster);
    return undefined;
  }
  const asStartedNow = [programOf(cluster), ...argumentsFor(cluster, note.port)].join(' ');
  const wanted = command === asStartedNow && (port === undefined || port === note.port);
  if (wanted && (await becomesReady(cluster, note.pid))) return { pid: note.pid, port: note.port };
  await stopServer(note.pid);
  return undefined;
};

/**
 * After a reboot the noted id may belong to some other process, and PostgreSQL would then refuse to start. It takes
 * its parent's id for stale; the rest of the note must stay, for it leads to shared memory that may still be in use.
 */
const disown = (cluster: PostgresCluster): void => {
  const lines = readFileSync(postmasterFile(cluster), 'utf8').split('\n');
  writeFileSync(postmasterFile(cluster), [String(process.pid), ...lines.slice(1)].join('\n'));
};

const isFree = (port: number): Promise<boolean> =>
  new Promise((done) => {
    const server = createServer().once('error', () => done(false));
    server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
  });

/**
 * Below the ports that the system hands out by itself: there a client that keeps trying to reach a PostgreSQL which
 * is being restarted can be given that very port, and hold it.
 */
const freePort = async (): Promise<number> => {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    if (await isFree(port)) return port;
  }
};

const rememberedPort = (cluster: PostgresCluster): number | undefined => {
  const file = join(cluster.directory, 'port');
  return existsSync(file) ? Number(readFileSync(file, 'utf8')) || undefined : undefined;
};

const maxLogBytes = 10_000_000;

/** Starts a postmaster once, in a session of its own so that Ctrl-C reaches only us; answers what it logged if it ends. */
const launch = async (cluster: PostgresCluster, port: number): Promise<PostgresServer | { failure: string }> => {
  const logFile = join(cluster.directory, 'postgres.log');
  const size = existsSync(logFile) ? statSync(logFile).size : 0;
  const log = openSync(logFile, size > maxLogBytes ? 'w' : 'a', 0o600);
  const before = size > maxLogBytes ? 0 : size;
  chown(logFile, cluster.account);
  const child = spawn(programOf(cluster), argumentsFor(cluster, port), {
    ...cluster.account, cwd: cluster.directory, env: programEnvironment, detached: true, stdio: ['ignore', log, log],
  });
  closeSync(log);
  const spawned = await new Promise<number | Error>((done) => child.once('error', done).once('spawn', () => done(child.pid ?? 0)));
  if (spawned instanceof Error) throw new Error(`PostgreSQL can't run on this system (${spawned.message}): set DATABASE_URL`);
  child.unref();
  if (await becomesReady(cluster, spawned)) return { pid: spawned, port };
  return { failure: readFileSync(logFile).subarray(before).toString().trim() };
};

// Backends of a killed postmaster hold its memory until they notice; a server that is left may be only just starting.
const passing = /pre-existing shared memory block|lock file "postmaster.pid"/;
const portTaken = /could not bind|could not create any TCP\/IP sockets/;

/** Where to try again after a start that failed; undefined: nowhere. */
const portAfter = async (failure: string, tried: number, fixed: boolean): Promise<number | undefined> => {
  if (passing.test(failure)) return sleep(200, tried);
  return !fixed && portTaken.test(failure) ? freePort() : undefined;
};

/**
 * A running PostgreSQL: one that is left from before, or a new one on `port`; without a port on the one it had last
 * time, or on a free one if that is taken or there is none.
 */
export const obtainServer = async (cluster: PostgresCluster, port: number | undefined): Promise<ObtainedServer> => {
  let candidate = port ?? rememberedPort(cluster) ?? (await freePort());
  for (const deadline = Date.now() + 30_000; ; ) {
    const left = await adopt(cluster, port);
    if (left) return { ...left, adopted: true };
    const started = await launch(cluster, candidate);
    if ('pid' in started) {
      writeFileSync(join(cluster.directory, 'port'), String(started.port), { mode: 0o600 });
      return { ...started, adopted: false };
    }
    const next = Date.now() > deadline ? undefined : await portAfter(started.failure, candidate, port !== undefined);
    if (next === undefined) throw new Error(`PostgreSQL did not start on port ${candidate}: ${started.failure}`);
    candidate = next;
  }
};
