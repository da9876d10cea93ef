import { chownSync, lchownSync, lstatSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The user and group a child process runs as. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

const mayEnter = (directory: string, { uid, gid }: Account): boolean => {
  const { mode, uid: owner, gid: group } = statSync(directory);
  if (owner === uid) return (mode & 0o100) !== 0;
  return (mode & (group === gid ? 0o010 : 0o001)) !== 0;
};

/** The first directory on the way to `path`, seen from below, that `account` may not enter; undefined when all are open. */
export const closedTo = (path: string, account: Account): string | undefined => {
  const directory = dirname(path);
  if (!mayEnter(directory, account)) return directory;
  return directory === path ? undefined : closedTo(directory, account);
};

/** Gives a directory and everything in it to `account`. */
export const chownTree = (path: string, account: Account): void => {
  lchownSync(path, account.uid, account.gid);
  if (!lstatSync(path).isDirectory()) return;
  for (const name of readdirSync(path)) chownTree(join(path, name), account);
};

/** Gives a single file or directory to `account`, where there is one to give it to. */
export const chown = (path: string, account: Account | undefined): void => {
  if (account) chownSync(path, account.uid, account.gid);
};
