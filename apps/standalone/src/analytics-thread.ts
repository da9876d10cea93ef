import 'reflect-metadata';
import { parentPort, workerData } from 'node:worker_threads';
import { openService } from '@pataka/analytics';
import { openInfrastructure, type PlatformConfig } from '@pataka/platform';

/** Analytics in a thread of its own, started by `ServiceThread`: it tells its port, and ends when it is told anything. */
const run = async (config: PlatformConfig): Promise<void> => {
  const service = await openService(config, await openInfrastructure(config, 'analytics'));
  parentPort!.once('message', () => void service.close().finally(() => parentPort!.close()));
  parentPort!.postMessage({ port: await service.listen(0, '127.0.0.1') });
};

void run(workerData as PlatformConfig);
