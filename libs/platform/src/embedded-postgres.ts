import { setTimeout as sleep } from 'node:timers/promises';
import { lockDataDirectory, type DataDirectoryLock } from './data-directory-lock';
import { preparePostgresBinaries } from './postgres-binaries';
import { openCluster, prepareDataDirectory, role, type PostgresCluster } from './postgres-cluster';
import { obtainServer, stopServer, type PostgresServer } from './postgres-server';
import { isAlive } from './process-identity';

export { DataDirectoryInUse } from './data-directory-lock';

/** Where an embedded PostgreSQL lives. */
export interface EmbeddedPostgresOptions {
  /** A directory for it alone, made when missing: lock, password, log and the cluster itself are below it. */
  readonly dataDir: string;
  /** Without one, a free port is chosen at the first start and kept as long as it stays free. */
  readonly port?: number | undefined;
  /** Hears of starts, adoptions and crashes. */
  readonly log?: ((message: string) => void) | undefined;
}

/** A running embedded PostgreSQL. */
export interface EmbeddedPostgres {
  /** For any PostgreSQL client, password included; stays the same until `stop`. */
  readonly url: string;
  /** The postmaster's, at the moment: another one after a crash. */
  readonly pid: number;
  /** Cuts the sessions, writes a checkpoint, ends PostgreSQL and gives the directory back. */
  stop(): Promise<void>;
}

const watchIntervalMs = 200;

/** Keeps a postmaster running on one port until it is stopped, whatever kills it. */
class SupervisedPostgres implements EmbeddedPostgres {
  readonly url: string;
  private restarting: Promise<void> | undefined;
  private stopped: Promise<void> | undefined;
  private readonly watch = setInterval(() => this.look(), watchIntervalMs).unref();

  constructor(
    private readonly cluster: PostgresCluster,
    private server: PostgresServer,
    private readonly lock: DataDirectoryLock,
    private readonly log: (message: string) => void,
  ) {
    this.url = `postgres://${role}:${cluster.password}@127.0.0.1:${server.port}/${role}`;
    process.on('exit', this.endWithUs);
  }

  get pid(): number {
    return this.server.pid;
  }

  stop(): Promise<void> {
    this.stopped ??= this.end();
    return this.stopped;
  }

  private async end(): Promise<void> {
    clearInterval(this.watch);
    await this.restarting;
    await stopServer(this.server.pid);
    process.off('exit', this.endWithUs);
    this.lock.release();
  }

  private look(): void {
    if (this.restarting || isAlive(this.server.pid)) return;
    this.log(`PostgreSQL (process ${this.server.pid}) has died; starting it again`);
    this.restarting = this.restart().finally(() => (this.restarting = undefined));
  }

  private async restart(): Promise<void> {
    try {
      this.server = await obtainServer(this.cluster, this.server.port);
      this.log(`PostgreSQL runs again as process ${this.server.pid}`);
    } catch (error) {
      this.log(`PostgreSQL does not come back, trying again: ${(error as Error).message}`);
      await sleep(1000);
    }
  }

  /** A process that leaves without `stop` (an uncaught error) takes its database along. */
  private readonly endWithUs = (): void => {
    if (isAlive(this.server.pid)) process.kill(this.server.pid, 'SIGINT');
  };
}

/**
 * Starts a real PostgreSQL 18 below `dataDir` for this process alone: on loopback, with a password, durable. A server
 * that an earlier, killed process left behind is taken over.
 *
 * Throws `DataDirectoryInUse` while another process works on `dataDir`, and an error that says what to do when
 * PostgreSQL can't run there. Not for Alpine: there are no such binaries.
 */
export const startEmbeddedPostgres = async (options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> => {
  const { log = () => undefined, port } = options;
  const { dataDir, account } = prepareDataDirectory(options.dataDir);
  const lock = lockDataDirectory(dataDir);
  try {
    const cluster = await openCluster(dataDir, preparePostgresBinaries(dataDir, account), account);
    const server = await obtainServer(cluster, port);
    log(`PostgreSQL ${server.adopted ? 'found running' : 'started'} on port ${server.port} (process ${server.pid}), data in ${dataDir}`);
    return new SupervisedPostgres(cluster, server, lock, log);
  } catch (error) {
    lock.release();
    throw error;
  }
};
