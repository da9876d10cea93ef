import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from './build';
import { sendRaw } from './raw-http';

export type StoreName = 'kafka' | 'postgres' | 'redis' | 'influx';

const program = join(root, 'deploy/stack/stack.mjs');

/** Real stores of a suite's own, so that it may kill them and finds their topics empty. */
export class Stack {
  private constructor(readonly directory: string, readonly env: Readonly<Record<string, string>>, readonly missing: string | null) {}

  /** Starts them now, synchronously: what can't be had decides at load time which suites are left out. With CI=true everything has to be there. */
  static start(stores: readonly StoreName[]): Stack {
    const directory = mkdtempSync(join(tmpdir(), 'pataka-e2e-stack-'));
    try {
      const output = execFileSync(process.execPath, [program, '--only', stores.join(',')], { encoding: 'utf8', env: { ...process.env, PATAKA_STACK_DIR: directory }, stdio: ['ignore', 'pipe', 'pipe'] });
      return new Stack(directory, Object.fromEntries([...output.matchAll(/^export (\w+)='(.*)'$/gm)].map((found) => [found[1]!, found[2]!])), null);
    } catch (error) {
      if (process.env['CI'] === 'true') throw error;
      const reason = String((error as { stderr?: string }).stderr ?? error).trim().split('\n').at(-1) ?? '';
      execFileSync(process.execPath, [program, 'stop'], { env: { ...process.env, PATAKA_STACK_DIR: directory }, stdio: 'ignore' });
      rmSync(directory, { recursive: true, force: true });
      return new Stack(directory, {}, reason);
    }
  }

  /** `describe`, or a loud `describe.skip` where a store can't be had. */
  describe(title: string, suite: () => void): void {
    if (this.missing === null) describe(title, suite);
    else describe.skip(`${title} (LEFT OUT: ${this.missing})`, suite);
  }

  kill(store: StoreName): Promise<void> {
    return this.#run('kill', store);
  }

  restart(store: StoreName): Promise<void> {
    return this.#run('restart', store);
  }

  /** One command to Redis, as text; answers the first line. */
  redis(command: string): Promise<string> {
    return sendRaw(Number(new URL(this.env['REDIS_URL']!).port), `${command}\r\nQUIT\r\n`).then((text) => text.split('\r\n')[0]!);
  }

  async stop(): Promise<void> {
    if (this.missing !== null) return;
    await this.#run('stop');
    rmSync(this.directory, { recursive: true, force: true });
  }

  async #run(...args: string[]): Promise<void> {
    await promisify(execFile)(process.execPath, [program, ...args], { env: { ...process.env, PATAKA_STACK_DIR: this.directory } });
  }
}
