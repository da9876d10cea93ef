import { type ChildProcess, spawn } from 'node:child_process';
import type { ServiceName } from '@pataka/contracts';

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;
const SETTLED_MS = 10_000;
const STOP_MS = 15_000;

/** Configuration that can't be used (sysexits' EX_CONFIG): starting again would not help. */
const EXIT_CONFIG = 78;
// Events live as long as their batch: with V8's usual 16 MB they are copied out of the young generation again and again.
const EVENTS = ['--enable-source-maps', '--max-semi-space-size=64'];
// What an evaluation makes is gone with its answer: a small young generation is as fast, and one that runs on every node must be small itself.
// Source maps alone would take a tenth of it.
const FLAGS: Readonly<Record<ServiceName, readonly string[]>> = {
  'flag-admin': EVENTS, 'experiment-orchestrator': EVENTS, analytics: EVENTS,
  evaluator: ['--optimize-for-size', '--v8-pool-size=1'],
};

/** One service in a process of its own, started again whenever it dies. Prints `<service> <pid>` at each start. */
export class SupervisedService {
  #child: ChildProcess | null = null;
  #stopping = false;
  #pauseMs = FIRST_PAUSE_MS;

  constructor(readonly name: ServiceName, readonly port: number, private readonly onHopeless: (name: ServiceName) => void) {}

  start(): void {
    const main = require.resolve(`@pataka/${this.name}/dist/main.js`);
    const startedAt = performance.now();
    // The channel tells a service that its supervisor is gone, so that a kill -9 of this process leaves nothing behind.
    const child = spawn(process.execPath, [...FLAGS[this.name], main], { env: { ...process.env, PORT: String(this.port) }, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#child = child;
    process.stdout.write(`${this.name} ${child.pid}\n`);
    child.on('exit', (code) => {
      this.#child = null;
      if (this.#stopping) return;
      if (code === EXIT_CONFIG) return this.onHopeless(this.name);
      if (performance.now() - startedAt > SETTLED_MS) this.#pauseMs = FIRST_PAUSE_MS;
      setTimeout(() => { if (!this.#stopping) this.start(); }, this.#pauseMs);
      this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
    });
  }

  running(): boolean {
    return this.#child !== null;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    const child = this.#child;
    if (child === null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await ended;
    clearTimeout(timer);
  }
}
