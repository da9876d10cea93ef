import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** After all tests: ends the services that were started for them. */
export default (): void => {
  if (process.env['PATAKA_STACK_STARTED'] !== 'true') return;
  execFileSync(process.execPath, [join(resolve(__dirname, '../../../..'), 'deploy/stack/stack.mjs'), 'stop'], { stdio: ['ignore', 'ignore', 'inherit'] });
  rmSync(process.env['PATAKA_STACK_DIR']!, { recursive: true, force: true });
};
