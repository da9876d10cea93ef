import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { chmodSync, createWriteStream, existsSync, mkdtempSync, readFileSync, rmSync, type WriteStream } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ServiceName, serviceNames } from '@pataka/contracts';
import { Api } from './api';
import { root } from './build';
import { until } from './waiting';

/** How to run it: `services` as four processes behind one origin, else all in one. */
export interface PatakaOptions { services?: boolean; env?: Record<string, string> }
/** How a run of the command line ended. */
export interface CliOutcome { status: number | null; output: string }

const READY_MS = 60_000;
const STOP_MS = 30_000;
const inherited = ['PATH', 'HOME', 'LANG', 'TMPDIR'] as const;

// Below the ports that the system hands out by itself: a client that retries could be given the very port and hold it.
const freePort = async (): Promise<number> => {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    const free = await new Promise<boolean>((done) => {
      const server = createServer().once('error', () => done(false));
      server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
    });
    if (free) return port;
  }
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

// As `npm start` has it. PATAKA_BENCH_PROFILE names a directory that gets a processor profile of each thread.
const flags = (): string[] => {
  const profiles = process.env['PATAKA_BENCH_PROFILE'];
  return ['--max-semi-space-size=64', ...(profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`])];
};

/** A Pataka of its own: own data directory, port and secrets; what it prints is kept in a file. Survives its own death: `start` again. */
export class PatakaProcess {
  readonly tokens = { admin: `e2e-admin-${randomBytes(16).toString('hex')}`, server: `e2e-server-${randomBytes(16).toString('hex')}`, client: `e2e-client-${randomBytes(16).toString('hex')}` };
  readonly logFile: string;
  readonly url: string;
  readonly #pids = new Map<string, number>();
  readonly #log: WriteStream;
  #child: ChildProcess | null = null;
  #exit: Promise<number | null> = Promise.resolve(null);

  private constructor(readonly directory: string, readonly port: number, private readonly options: PatakaOptions) {
    this.logFile = join(directory, 'output.log');
    this.url = `http://127.0.0.1:${port}`;
    this.#log = createWriteStream(this.logFile, { flags: 'a' });
  }

  /** One that is not running yet. */
  static async create(options: PatakaOptions = {}): Promise<PatakaProcess> {
    const directory = mkdtempSync(join(tmpdir(), 'pataka-e2e-'));
    // As root the embedded PostgreSQL runs as nobody, who has to get in.
    chmodSync(directory, 0o755);
    return new PatakaProcess(directory, await freePort(), options);
  }

  /** One that is ready. */
  static async start(options: PatakaOptions = {}): Promise<PatakaProcess> {
    const pataka = await PatakaProcess.create(options);
    pataka.spawn();
    await pataka.ready();
    return pataka;
  }

  get admin(): Api { return new Api(this.url, this.tokens.admin); }
  get server(): Api { return new Api(this.url, this.tokens.server); }
  get client(): Api { return new Api(this.url, this.tokens.client); }
  get pid(): number | undefined { return this.#child?.pid; }
  get env(): Record<string, string> {
    return {
      ...Object.fromEntries(inherited.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]))),
      PORT: String(this.port), PATAKA_DATA_DIR: join(this.directory, 'data'), LOG_LEVEL: 'warn', KAFKAJS_NO_PARTITIONER_WARNING: '1',
      PATAKA_ADMIN_TOKEN: this.tokens.admin, PATAKA_SERVER_KEY: this.tokens.server, PATAKA_CLIENT_KEY: this.tokens.client, PATAKA_URL: this.url,
      ...this.options.env,
    };
  }

  /** Starts the process; see `ready`. */
  spawn(): void {
    if (this.#child !== null) throw new Error('it runs already');
    this.#pids.clear();
    const main = join(root, 'apps/standalone/dist/main.js');
    const child = spawn(process.execPath, [...flags(), main, ...(this.options.services === true ? ['--services'] : [])], { cwd: this.directory, env: this.env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    this.#log.write(`--- process ${child.pid} at ${new Date().toISOString()}\n`);
    child.stdout.on('data', (chunk: Buffer) => this.#hear(chunk));
    child.stderr.on('data', (chunk: Buffer) => void this.#log.write(chunk));
    this.#exit = new Promise((done) => child.once('exit', (code) => {
      this.#child = null;
      done(code);
    }));
  }

  /** Resolves once every service is ready; fails at once when the process has ended. */
  async ready(limitMs = READY_MS): Promise<void> {
    const deadline = Date.now() + limitMs;
    for (;;) {
      if (this.#child === null) throw new Error(`it has ended; its output ends with\n${this.tail()}`);
      const status = await fetch(`${this.url}/health/ready`, { signal: AbortSignal.timeout(5_000) }).then(async (answer) => {
        await answer.arrayBuffer();
        return answer.status;
      }, () => 0);
      if (status === 200) return;
      if (Date.now() > deadline) throw new Error(`not ready after ${limitMs / 1000} s (${status}); its output ends with\n${this.tail()}`);
      await new Promise((done) => setTimeout(done, 50));
    }
  }

  /** kill -9 of the process that was started. */
  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#exit;
  }

  /** The process id of a service, as printed. */
  pidOf(service: ServiceName): number {
    const pid = this.#pids.get(service);
    if (pid === undefined) throw new Error(`${service} has not been started`);
    return pid;
  }

  /** kill -9 of one service; resolves when its supervisor has started the next. */
  async killService(service: ServiceName): Promise<void> {
    const pid = this.pidOf(service);
    process.kill(pid, 'SIGKILL');
    await until(`${service} is started again`, () => this.#pids.get(service) !== pid, 20_000);
  }

  /** Ends it the polite way; the exit code is 0 when it goes well. */
  async stop(): Promise<number | null> {
    const child = this.#child;
    if (child === null) return null;
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    const code = await this.#exit;
    clearTimeout(timer);
    return code;
  }

  /** Ends whatever is left, a database that a killed process left behind included, and removes the data unless PATAKA_KEEP is set. */
  async dispose(): Promise<void> {
    await this.stop();
    const pidFile = join(this.env['PATAKA_DATA_DIR']!, 'postgres/cluster/data/postmaster.pid');
    const postmaster = existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8').split('\n')[0]) : 0;
    if (postmaster > 1 && isAlive(postmaster)) {
      process.kill(postmaster, 'SIGINT');
      await until('the database left behind ends', () => !isAlive(postmaster), 20_000);
    }
    await new Promise((done) => this.#log.end(done));
    if (process.env['PATAKA_KEEP'] === undefined) rmSync(this.directory, { recursive: true, force: true });
    else process.stderr.write(`kept: ${this.directory}\n`);
  }

  /** Runs the `pataka` command on this Pataka's data. */
  cli(...args: string[]): CliOutcome {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'apps/cli/bin/pataka.mjs'), ...args], { env: this.env, cwd: this.directory, encoding: 'utf8', timeout: 120_000 });
    return { status, output: `${stdout}${stderr}` };
  }

  /** The end of what it printed. */
  tail(lines = 25): string {
    return readFileSync(this.logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  }

  #unfinished = '';

  #hear(chunk: Buffer): void {
    this.#log.write(chunk);
    const lines = (this.#unfinished + chunk.toString('utf8')).split('\n');
    this.#unfinished = lines.pop() ?? '';
    for (const line of lines) {
      const [name, pid] = line.split(' ');
      if (serviceNames.some((service) => service === name) && /^\d+$/.test(pid ?? '')) this.#pids.set(name!, Number(pid));
    }
  }
}
