import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What `/proc/<pid>/stat` says; undefined where there is no such thing. */
const procStat = (pid: number): { state: string; threads: number; startTicks: string } | undefined => {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command's name may hold blanks and brackets: fields are counted from the last bracket on.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', threads: Number(fields[17]), startTicks: fields[19] ?? '' };
  } catch {
    return undefined;
  }
};

const ps = (pid: number, column: string): string | undefined => {
  if (process.platform === 'linux' || process.platform === 'win32') return undefined;
  try {
    return execFileSync('ps', ['-ww', '-o', `${column}=`, '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    return undefined;
  }
};

/** Whether a process of this id runs. A zombie whose last thread has ended does not: it only waits to be counted. */
export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const stat = procStat(pid);
  return stat?.state !== 'X' && !(stat?.state === 'Z' && stat.threads <= 1);
};

/**
 * When a process started, as a text that tells it from a later process of the same id, also after a reboot or in
 * another container; undefined where the system does not say.
 */
export const startOf = (pid: number): string | undefined => {
  const stat = procStat(pid);
  if (!stat) return ps(pid, 'lstart');
  return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${stat.startTicks}`;
};

/** The command line of a process, its arguments joined by blanks; undefined where the system does not say. */
export const commandOf = (pid: number): string | undefined => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim() || undefined;
  } catch {
    return ps(pid, 'command');
  }
};
