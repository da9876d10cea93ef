import { chmodSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { becomes, isAlive, startOf } from './processes.mjs';

const stateFile = (dir) => join(dir, 'state.json');

/** What is known of each service: `{ pid, startedAt, ports, secret }` by name. */
export const readState = (dir) => {
  try {
    return JSON.parse(readFileSync(stateFile(dir), 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return {};
    throw new Error(`${stateFile(dir)} can't be read (${error.message}): remove ${dir}`, { cause: error });
  }
};

/** Notes what changed of one service; whole or not at all. */
export const noteService = (dir, name, service) => {
  const draft = `${stateFile(dir)}.${process.pid}`;
  writeFileSync(draft, JSON.stringify({ ...readState(dir), [name]: service }, null, 2), { mode: 0o600 });
  renameSync(draft, stateFile(dir));
};

const makeDirectory = (dir) => {
  mkdirSync(dir, { recursive: true });
  // The default lies in a directory where anybody may have put it before us.
  const { uid } = statSync(dir);
  if (process.getuid && uid !== process.getuid()) throw new Error(`${dir} belongs to user ${uid}: set PATAKA_STACK_DIR to a directory of your own`);
  chmodSync(dir, 0o755);
};

const holderOf = (lock) => {
  try {
    return JSON.parse(readFileSync(lock, 'utf8'));
  } catch {
    return undefined;
  }
};

const tryLock = (lock) => {
  const draft = `${lock}.${process.pid}`;
  writeFileSync(draft, JSON.stringify({ pid: process.pid, startedAt: startOf(process.pid) }));
  try {
    linkSync(draft, lock);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    const holder = holderOf(lock);
    if (holder && !isAlive(holder)) rmSync(lock, { force: true });
    return false;
  } finally {
    rmSync(draft, { force: true });
  }
};

/** Runs `work` while no other process starts or stops services in the same directory. */
export const exclusively = async (dir, work) => {
  makeDirectory(dir);
  const lock = join(dir, 'lock');
  const limitMs = 600_000;
  if (!(await becomes(() => tryLock(lock), limitMs))) throw new Error(`process ${holderOf(lock)?.pid} has held ${lock} for ${limitMs / 60_000} minutes`);
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
};
