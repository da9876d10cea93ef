import { execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';

/** The root of the repository. */
export const root = resolve(__dirname, '../../../..');

/** Builds what the processes under test run. Cached: what has not changed costs a second or two. */
export const build = (): void => {
  execFileSync(process.execPath, [join(root, 'node_modules/nx/dist/bin/nx.js'), 'run-many', '-t', 'build', '--exclude', '@pataka/e2e'], {
    cwd: root, timeout: 240_000, stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false' },
  });
};
