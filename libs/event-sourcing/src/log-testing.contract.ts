import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** A hole in the wall: connections to it are refused until it is opened, then they lead to `target`. */
export class Gate {
  private server = createServer((client) => this.lead(client));
  private readonly sockets = new Set<Socket>();
  port = 0;

  constructor(private readonly target: { host: string; port: number }) {}

  /** Finds a free port and leaves it closed. */
  async reserve(): Promise<this> {
    await this.open();
    await this.close();
    return this;
  }

  async open(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(this.port, '127.0.0.1', resolve));
    this.port = (this.server.address() as AddressInfo).port;
  }

  /** Cuts every connection and refuses new ones. */
  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server = createServer((client) => this.lead(client));
  }

  private lead(client: Socket): void {
    const upstream = connect(this.target);
    for (const [from, to] of [[client, upstream], [upstream, client]] as const) {
      this.sockets.add(from);
      from.on('error', () => undefined).on('close', () => {
        this.sockets.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  }
}

const services = resolve(__dirname, '../../../deploy/stack/services.mjs');

/** Real services of a test's own, to be killed. They run in a directory of theirs; the functions are those of the development stack. */
export class KillableService {
  private directory = '';
  private address: string | undefined;

  constructor(private readonly name: 'kafka' | 'postgres') {}

  /** What its clients need: a URL, or brokers. */
  get at(): string {
    if (this.address === undefined) throw new Error(`${this.name} was not started`);
    return this.address;
  }

  async start(): Promise<void> {
    this.directory = mkdtempSync(join(tmpdir(), 'pataka-kill-'));
    // PostgreSQL runs as another user.
    chmodSync(this.directory, 0o755);
    const { env } = (await this.call(`startStack({ only: [name], dir })`)) as { env: Record<string, string> };
    this.address = env.KAFKA_BROKERS ?? env.DATABASE_URL;
  }

  /** kill -9, and resolves when it is dead. */
  async kill(): Promise<void> {
    await this.call('killService(dir, name)');
  }

  async restart(): Promise<void> {
    await this.call('restartService(dir, name)');
  }

  async remove(): Promise<void> {
    await this.call('stopStack({ dir })');
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** In a process of its own, since the test runner can't load these modules. */
  private call(expression: string): Promise<unknown> {
    const program = `const { startStack, stopStack, killService, restartService } = await import(process.argv[1]);
      const [dir, name] = process.argv.slice(2);
      process.stdout.write(JSON.stringify(await ${expression}) ?? 'null');`;
    const args = ['--input-type=module', '-e', program, pathToFileURL(services).href, this.directory, this.name];
    return new Promise((done, fail) => {
      execFile(process.execPath, args, { timeout: 150_000 }, (error, output) => (error ? fail(error) : done(JSON.parse(output || 'null'))));
    });
  }
}
