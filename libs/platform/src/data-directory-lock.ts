import { closeSync, fsyncSync, linkSync, openSync, readFileSync, readdirSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive, startOf } from './process-identity';

/** A data directory that another process of ours works on. `pid` is that Node process, not its PostgreSQL. */
export class DataDirectoryInUse extends Error {
  /** EX_TEMPFAIL of sysexits.h: what a main should exit with. */
  readonly exitCode = 75;

  constructor(readonly dataDir: string, readonly pid: number) {
    super(`${dataDir} is in use by process ${pid}: stop that one first, or choose another PATAKA_DATA_DIR`);
    this.name = 'DataDirectoryInUse';
  }
}

interface Holder {
  /** null: given back. */
  readonly pid: number | null;
  readonly startedAt?: string | undefined;
}

/** A held lock. */
export interface DataDirectoryLock {
  release(): void;
}

const prefix = 'lock.';
const draftPrefix = 'lock-draft.';

const numbers = (dataDir: string): number[] =>
  readdirSync(dataDir).map((name) => (/^lock\.\d+$/.test(name) ? Number(name.slice(prefix.length)) : 0)).filter((n) => n > 0);

const newest = (dataDir: string): number => Math.max(0, ...numbers(dataDir));

const pathOf = (dataDir: string, number: number): string => join(dataDir, `${prefix}${number}`);

const writeDurably = (dataDir: string, holder: Holder): string => {
  const path = join(dataDir, `${draftPrefix}${process.pid}`);
  const file = openSync(path, 'w', 0o644);
  writeSync(file, JSON.stringify(holder));
  fsyncSync(file);
  closeSync(file);
  return path;
};

/** Who wrote lock `number`; undefined when it has gone meanwhile. */
const holderOf = (dataDir: string, number: number): Holder | undefined => {
  let text: string;
  try {
    text = readFileSync(pathOf(dataDir, number), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return JSON.parse(text) as Holder;
  } catch {
    // Written whole before it gets its name, so only a power cut leaves less; its writer is gone with the power.
    return { pid: null };
  }
};

/** The process that holds a lock, as long as it runs: a later process of the same id is another one. */
const runningHolder = ({ pid, startedAt }: Holder): number | undefined => {
  if (pid === null || !isAlive(pid)) return undefined;
  const now = startOf(pid);
  return startedAt === undefined || now === undefined || now === startedAt ? pid : undefined;
};

/** Makes lock `number`, unless somebody else has made it. */
const create = (dataDir: string, number: number): boolean => {
  const draft = writeDurably(dataDir, { pid: process.pid, startedAt: startOf(process.pid) });
  try {
    linkSync(draft, pathOf(dataDir, number));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft);
  }
};

const take = (dataDir: string): number | undefined => {
  const last = newest(dataDir);
  const holder = last === 0 ? { pid: null } : holderOf(dataDir, last);
  if (!holder) return undefined;
  const pid = runningHolder(holder);
  if (pid !== undefined) throw new DataDirectoryInUse(dataDir, pid);
  const mine = last + 1;
  if (!create(dataDir, mine)) return undefined;
  if (newest(dataDir) === mine) return mine;
  rmSync(pathOf(dataDir, mine), { force: true });
  return undefined;
};

const tidy = (dataDir: string, held: number): void => {
  for (const number of numbers(dataDir)) if (number < held) rmSync(pathOf(dataDir, number), { force: true });
  const drafts = readdirSync(dataDir).filter((name) => name.startsWith(draftPrefix));
  for (const draft of drafts) if (!isAlive(Number(draft.slice(draftPrefix.length)))) rmSync(join(dataDir, draft), { force: true });
};

/**
 * Takes a directory for this process, or throws {@link DataDirectoryInUse}.
 *
 * Locks are numbered, the highest counts, and numbers only grow: a dead holder's lock is never removed before its
 * successor exists, so that two who find it dead at the same time can't both win (the second one's link fails), and
 * one who comes late with an old number sees a higher one and withdraws.
 */
export const lockDataDirectory = (dataDir: string): DataDirectoryLock => {
  let mine = take(dataDir);
  while (mine === undefined) mine = take(dataDir);
  const held = mine;
  tidy(dataDir, held);
  return {
    // The number stays behind, as nobody's: see above.
    release: () => renameSync(writeDurably(dataDir, { pid: null }), pathOf(dataDir, held)),
  };
};
