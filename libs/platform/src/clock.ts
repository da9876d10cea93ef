import { readFileSync } from 'node:fs';
import { ConfigError } from './config';

/** The present instant, RFC 3339 in UTC with milliseconds. */
export type Clock = () => string;

const systemClock: Clock = () => new Date().toISOString();

const instantIn = (text: string): string | null => {
  const at = Date.parse(text.trim());
  return Number.isNaN(at) ? null : new Date(at).toISOString();
};

/**
 * The system's clock or, for tests and demonstrations, one that a file holds: its instant is read at each look, so that whoever writes the file
 * lets weeks pass in a second. While the file can't be read, or holds no instant, the clock stands where it stood.
 * @throws ConfigError when the file holds no instant at first: a process must not fall back to another clock by accident.
 */
export const openClock = (file: string | undefined): Clock => {
  if (file === undefined) return systemClock;
  const read = (): string | null => {
    try {
      return instantIn(readFileSync(file, 'utf8'));
    } catch {
      return null;
    }
  };
  let last = read();
  if (last === null) throw new ConfigError([{ variable: 'PATAKA_CLOCK_FILE', detail: 'must name a file that holds an instant such as 2026-07-01T04:30:00Z' }]);
  return () => (last = read() ?? last)!;
};
