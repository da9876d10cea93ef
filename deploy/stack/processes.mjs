import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { accessSync, closeSync, constants, existsSync, openSync, readFileSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A service that this machine can't run as it is; `message` says what to install. */
export class Missing extends Error {}

/** Where downloads are kept, once for all work trees. */
export const cacheDir = (name) => join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'pataka', name);

/** The full path of a program, looked for on PATH; undefined when there is none. */
export const which = (program) =>
  (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, program)).find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

/** Runs a program to its end; rejects with the last of what it said when it fails. */
export const run = (program, args, { input = '', ...options } = {}) =>
  new Promise((done, fail) => {
    const child = spawn(program, args, options);
    let said = '';
    const hear = (chunk) => (said += chunk);
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('error', fail);
    child.on('close', (code) => (code === 0 ? done(said) : fail(new Error(`${program} failed (${code}): ${said.slice(-2000).trim()}`))));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });

/** Starts a program that outlives us, its output appended to `logFile`; answers its process id. */
export const launch = async ({ program, args, logFile, ...options }) => {
  const log = openSync(logFile, 'a');
  const child = spawn(program, args, { ...options, detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  await new Promise((done, fail) => child.once('spawn', done).once('error', fail));
  child.unref();
  return child.pid;
};

// The fields after the command's name, which may itself hold blanks and brackets.
const procStat = (pid) => {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
};

/** When a process started: tells it from a later one of the same id. Empty where the system has no /proc. */
export const startOf = (pid) => {
  try {
    return procStat(pid)[19];
  } catch {
    return '';
  }
};

// A zombie has given up its files and ports, but only once its last thread has ended.
const isGone = (stat) => stat[0] === 'Z' && Number(stat[17]) <= 1;

/** Whether the process noted as `{ pid, startedAt }` still runs; a zombie does not. */
export const isAlive = ({ pid, startedAt }) => {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error.code !== 'EPERM') return false;
  }
  if (!existsSync('/proc/self/stat')) return true;
  try {
    const stat = procStat(pid);
    return !isGone(stat) && (!startedAt || stat[19] === startedAt);
  } catch {
    return false;
  }
};

/** Signals a process and waits for its end; what does not end in time is killed. */
export const end = async (process_, signal, limitMs) => {
  if (!isAlive(process_)) return;
  process.kill(process_.pid, signal);
  // One that a test has suspended could not act on the signal.
  process.kill(process_.pid, 'SIGCONT');
  if (await becomes(() => !isAlive(process_), limitMs)) return;
  process.kill(process_.pid, 'SIGKILL');
  if (!(await becomes(() => !isAlive(process_), 10_000))) throw new Error(`process ${process_.pid} does not end`);
};

/** Asks again and again until `holds` answers true; false when that takes longer than `limitMs`. */
export const becomes = async (holds, limitMs) => {
  for (const deadline = Date.now() + limitMs; Date.now() < deadline; await sleep(50)) if (await holds()) return true;
  return false;
};

/** Whether nobody listens on a port of the loopback address. */
export const isFree = (port) =>
  new Promise((done) => {
    const server = createServer().once('error', () => done(false));
    server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
  });

/**
 * A port of the loopback address that nobody listens on, below those that the system hands out by itself: there a
 * client that keeps trying to reach a dead service can be given the service's own port, and hold it.
 */
export const freePort = async () => {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    if (await isFree(port)) return port;
  }
};

/** Sends bytes and answers what came back once `isWhole` accepts it; null when the other side is not (yet) there. */
export const ask = (port, request, isWhole) =>
  new Promise((done) => {
    let answer = Buffer.alloc(0);
    const socket = connect(port, '127.0.0.1');
    const finish = (result) => {
      socket.destroy();
      done(result);
    };
    socket.setTimeout(2000, () => finish(null));
    socket.on('error', () => finish(null)).on('close', () => finish(null));
    socket.on('connect', () => socket.write(request));
    socket.on('data', (chunk) => {
      answer = Buffer.concat([answer, chunk]);
      if (isWhole(answer)) finish(answer);
    });
  });
