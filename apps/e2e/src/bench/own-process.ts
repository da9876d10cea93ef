import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../harness/build';
import { until } from '../harness/waiting';

const inherited = ['PATH', 'HOME', 'LANG', 'TMPDIR'] as const;

/** A service started as its users start it, `node apps/<name>/dist/main.js`; what it costs is read from /proc. */
export class OwnProcess {
  #output = '';
  readonly #exit: Promise<void>;

  private constructor(private readonly child: ChildProcess, readonly port: number) {
    const hear = (chunk: Buffer): void => void (this.#output = (this.#output + chunk.toString('utf8')).slice(-4_000));
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    this.#exit = new Promise((resolve) => child.once('exit', () => resolve()));
  }

  static async start(name: string, env: Readonly<Record<string, string>>, flags: readonly string[] = []): Promise<OwnProcess> {
    const port = randomInt(20_000, 32_000);
    const plain = Object.fromEntries(inherited.flatMap((variable) => (process.env[variable] === undefined ? [] : [[variable, process.env[variable]]])));
    const profiles = process.env['PATAKA_BENCH_PROFILE'];
    const profiling = profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`];
    const child = spawn(process.execPath, [...flags, ...profiling, join(root, `apps/${name}/dist/main.js`)], {
      env: { ...plain, LOG_LEVEL: 'warn', KAFKAJS_NO_PARTITIONER_WARNING: '1', PORT: String(port), ...env }, stdio: ['ignore', 'pipe', 'pipe'],
    });
    const own = new OwnProcess(child, port);
    await until(`${name} is alive`, async () => {
      if (child.exitCode !== null) throw new Error(`${name} has ended; its output ends with\n${own.#output}`);
      return (await fetch(`${own.url}/health/live`).catch(() => null))?.ok === true;
    }, 30_000);
    return own;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Processor time so far, of all threads that still run, in seconds: by the scheduler's own clock, which is finer than the ticks of stat. */
  cpuSeconds(): number {
    const threads = `/proc/${this.child.pid}/task`;
    return readdirSync(threads).reduce((sum, thread) => sum + Number(readFileSync(`${threads}/${thread}/schedstat`, 'latin1').split(' ')[0]), 0) / 1e9;
  }

  /** Resident memory in MB: now, and the most there was. */
  memory(): { now: number; most: number } {
    const status = readFileSync(`/proc/${this.child.pid}/status`, 'latin1');
    const megabytes = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1024;
    return { now: megabytes('VmRSS'), most: megabytes('VmHWM') };
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    this.child.kill(signal);
    await this.#exit;
  }
}
