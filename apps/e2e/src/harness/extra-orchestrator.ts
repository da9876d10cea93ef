import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { root } from './build';
import type { PatakaProcess } from './pataka-process';
import { until } from './waiting';

/** One more orchestrator beside a Pataka's own, on the same stores: two look for what is due at once. */
export class ExtraOrchestrator {
  #child: ChildProcess | null = null;

  private constructor(private readonly pataka: PatakaProcess, private readonly port: number) {}

  static async start(pataka: PatakaProcess, port: number): Promise<ExtraOrchestrator> {
    const extra = new ExtraOrchestrator(pataka, port);
    extra.spawn();
    await extra.ready();
    return extra;
  }

  spawn(): void {
    const log = createWriteStream(join(this.pataka.directory, 'extra-orchestrator.log'), { flags: 'a' });
    const main = join(root, 'apps/experiment-orchestrator/dist/main.js');
    const child = spawn(process.execPath, [main], { cwd: this.pataka.directory, env: { ...this.pataka.env, PORT: String(this.port) }, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    this.#child = child;
  }

  async ready(): Promise<void> {
    await until('the second orchestrator is ready', async () => (await fetch(`http://127.0.0.1:${this.port}/health/ready`, { signal: AbortSignal.timeout(2_000) })).ok, 60_000);
  }

  /** kill -9, and another in its place. */
  async killAndSpawn(): Promise<void> {
    await this.#end('SIGKILL');
    this.spawn();
  }

  stop(): Promise<void> {
    return this.#end('SIGTERM');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
  }
}
