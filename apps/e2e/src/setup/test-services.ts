import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Config } from 'jest';

const root = resolve(__dirname, '../../../..');
const stack = join(root, 'deploy/stack/stack.mjs');
const names = ['DATABASE_URL', 'KAFKA_BROKERS', 'REDIS_URL', 'INFLUX_URL', 'INFLUX_TOKEN', 'INFLUX_ORG', 'INFLUX_BUCKET'];

const exported = (text: string): [string, string][] =>
  [...text.matchAll(/^export (\w+)='(.*)'$/gm)].map((found) => [found[1]!, found[2]!]);

/**
 * Before all tests: real services of their own, where they can be had, for the tests of adapters and of the whole stack. With CI=true they all
 * have to be there; without, what is missing is said and left out. A run of chosen files starts none: set TEST_… yourself, or PATAKA_TEST_SERVICES=all.
 */
export default (globalConfig: { testPathPatterns?: { patterns?: readonly string[] } } & Partial<Config>): void => {
  const chosen = (globalConfig.testPathPatterns?.patterns?.length ?? 0) > 0;
  if (process.env['TEST_DATABASE_URL'] !== undefined || (chosen && process.env['PATAKA_TEST_SERVICES'] !== 'all')) return;
  const strict = process.env['CI'] === 'true';
  process.env['PATAKA_STACK_DIR'] = mkdtempSync(join(tmpdir(), 'pataka-test-stack-'));
  process.env['PATAKA_STACK_STARTED'] = 'true';
  const output = execFileSync(process.execPath, [stack, ...(strict ? [] : ['--best-effort'])], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  for (const [name, value] of exported(output)) if (names.includes(name)) process.env[`TEST_${name}`] = value;
};
