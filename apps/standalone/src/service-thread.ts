import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { PlatformConfig } from '@pataka/platform';
import { ProxyUpstream } from './gateway/proxy';

// Semi-spaces of 64 MB, as the main thread is started with: batches die young.
const YOUNG_MB = 192;

/**
 * Analytics beside the other services in one process: folding evidence takes as much time as all they do, and must neither delay an evaluation
 * nor share its core. A thread that fails ends the process, as an error anywhere else in it would.
 */
export class ServiceThread {
  readonly upstream: ProxyUpstream;
  #closing = false;

  private constructor(private readonly worker: Worker, port: number) {
    this.upstream = new ProxyUpstream(() => ({ host: '127.0.0.1', port }));
    worker.on('exit', (code) => {
      if (!this.#closing) throw new Error(`the thread of analytics has ended (${code})`);
    });
  }

  static async start(config: PlatformConfig): Promise<ServiceThread> {
    const worker = new Worker(join(__dirname, 'analytics-thread.js'), { workerData: config, resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } });
    const [{ port }] = (await once(worker, 'message')) as [{ port: number }];
    return new ServiceThread(worker, port);
  }

  /** Lets it finish what is under way. */
  async close(): Promise<void> {
    this.#closing = true;
    const ended = once(this.worker, 'exit');
    this.upstream.close();
    this.worker.postMessage('close');
    await ended;
  }
}
