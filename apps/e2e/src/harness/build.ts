import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** The root of the repository. */
export const root = resolve(__dirname, '../../../..');

const nx = join(root, 'node_modules/nx/dist/bin/nx.js');
const stamp = join(root, 'node_modules/.cache/pataka-e2e-build');
const BUILD_LIMIT_MS = 240_000;

/** Sources of every project but this one; what is built of them. */
const projects = (): { sources: string; built: string }[] =>
  ['libs', 'apps'].flatMap((group) => readdirSync(join(root, group)).filter((name) => name !== 'e2e').map((name) => join(root, group, name)))
    .filter((project) => existsSync(join(project, 'src'))).map((project) => ({ sources: join(project, 'src'), built: join(project, 'dist') }));

const isCurrent = (): boolean => {
  if (!existsSync(stamp)) return false;
  const builtMs = statSync(stamp).mtimeMs;
  const older = (path: string): boolean => statSync(path).mtimeMs < builtMs;
  return projects().every(({ sources, built }) => existsSync(built) && readdirSync(sources, { recursive: true, encoding: 'utf8' }).every((name) => older(join(sources, name))));
};

/** Builds what the processes under test run, unless that is newer than every source. */
export const build = (): void => {
  if (isCurrent()) return;
  const startedAt = new Date();
  execFileSync(process.execPath, [nx, 'run-many', '-t', 'build', '--exclude', '@pataka/e2e'], {
    cwd: root, timeout: BUILD_LIMIT_MS, stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false' },
  });
  mkdirSync(dirname(stamp), { recursive: true });
  // What changes while it is being built is for the next build.
  writeFileSync(stamp, '');
  utimesSync(stamp, startedAt, startedAt);
};
