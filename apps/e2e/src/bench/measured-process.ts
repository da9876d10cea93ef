import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

// As services are started.
const FLAGS = ['--max-semi-space-size=64'];
const STOP_MS = 20_000;
const ANSWER_MS = 10_000;
const inherited = ['PATH', 'HOME', 'LANG', 'TMPDIR'] as const;

/** The environment of a child: nothing of ours but what programs need to run at all. */
const plainEnvironment = (env: Readonly<Record<string, string>>): Record<string, string> => ({
  ...Object.fromEntries(inherited.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]))), LOG_LEVEL: 'warn', KAFKAJS_NO_PARTITIONER_WARNING: '1', ...env,
});

/** A program of this folder in a process of its own, which answers what it is asked (see probe.ts). */
export class MeasuredProcess {
  readonly #exit: Promise<void>;
  #output = '';

  private constructor(private readonly child: ChildProcess) {
    const hear = (chunk: Buffer): void => void (this.#output = (this.#output + chunk.toString('utf8')).slice(-4_000));
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    this.#exit = new Promise((resolve) => child.once('exit', () => resolve()));
  }

  /** Starts it. PATAKA_BENCH_PROFILE names a directory that gets a processor profile of each process. */
  static start(program: string, env: Readonly<Record<string, string>>, ...args: string[]): MeasuredProcess {
    const profiles = process.env['PATAKA_BENCH_PROFILE'];
    const profiling = profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`];
    return new MeasuredProcess(spawn(process.execPath, [...FLAGS, ...profiling, join(__dirname, `${program}.js`), ...args], { env: plainEnvironment(env), stdio: ['ignore', 'pipe', 'pipe', 'ipc'] }));
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Processor time so far, in seconds, of all its threads. */
  async cpuSeconds(): Promise<number> {
    const { usage } = await this.ask<{ usage: NodeJS.CpuUsage }>('usage', 'usage');
    return (usage.user + usage.system) / 1e6;
  }

  /** Its port, once it listens. */
  async port(): Promise<number> {
    return (await this.ask<{ port: number }>('port', 'port', 60_000)).port;
  }

  /** Sends a message and waits for the answer that has the member `member`. */
  ask<Answer extends object>(question: string | object, member: string, limitMs = ANSWER_MS): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const done = (): void => {
        clearTimeout(timer);
        this.child.off('message', hear).off('exit', gone);
      };
      const fail = (why: string): void => {
        done();
        reject(new Error(`${this.child.spawnargs.slice(1).join(' ')} ${why}; its output ends with\n${this.#output}`));
      };
      const hear = (message: object): void => {
        if ('failure' in message) return fail(`failed: ${String(message.failure)}`);
        if (!(member in message)) return;
        done();
        resolve(message as Answer);
      };
      const gone = (): void => fail('has ended');
      const timer = setTimeout(() => fail(`gave no answer within ${limitMs / 1000} s`), limitMs);
      this.child.on('message', hear).on('exit', gone);
      if (this.child.connected) this.child.send(question);
      else gone();
    });
  }

  /** Ends it politely, and by force when that takes too long. */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_MS);
    await this.#exit;
    clearTimeout(timer);
  }
}
