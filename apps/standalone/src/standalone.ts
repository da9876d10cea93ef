import { join } from 'node:path';
import { type ServiceName, serviceNames } from '@pataka/contracts';
import { openService as openEvaluator } from '@pataka/evaluator';
import { openService as openOrchestrator } from '@pataka/experiment-orchestrator';
import { openService as openFlagAdmin } from '@pataka/flag-admin';
import { closeServer, createHttpServer, type EmbeddedPostgres, type Infrastructure, listenOn, openInfrastructure, type PlatformConfig, type Service, startEmbeddedPostgres } from '@pataka/platform';
import { adminUi } from './gateway/admin-ui';
import { Gateway, type Upstream } from './gateway/gateway';
import { ServiceThread } from './service-thread';

/** Everything in one process, answering on one port. */
export interface Standalone { port: number; close(): Promise<void> }

type Open = (config: PlatformConfig, infrastructure: Infrastructure) => Promise<Service>;
const openers: Record<Exclude<ServiceName, 'analytics'>, Open> = { 'flag-admin': openFlagAdmin, evaluator: openEvaluator, 'experiment-orchestrator': openOrchestrator };

interface Running { service: { close(): Promise<void> }; upstream: Upstream }

const startService = async (name: ServiceName, config: PlatformConfig): Promise<Running> => {
  if (name === 'analytics') {
    const thread = await ServiceThread.start(config);
    return { service: thread, upstream: thread.upstream };
  }
  const service = await openers[name](config, await openInfrastructure(config, name));
  // A port of its own on loopback, for health and metrics; requests reach the service without it.
  const port = await service.listen(0, '127.0.0.1');
  return { service, upstream: { handle: service.handle, url: () => `http://127.0.0.1:${port}` } };
};

const withDatabase = async (config: PlatformConfig): Promise<{ config: PlatformConfig; postgres: EmbeddedPostgres | null }> => {
  if (config.databaseUrl !== undefined) return { config, postgres: null };
  const postgres = await startEmbeddedPostgres({ dataDir: join(config.dataDir, 'postgres'), log: (message) => console.error(message) });
  return { config: { ...config, databaseUrl: postgres.url }, postgres };
};

/** Starts the database where none is configured, the four services, and one listener before them. */
export const startStandalone = async (given: PlatformConfig): Promise<Standalone> => {
  const { config, postgres } = await withDatabase(given);
  const started = await Promise.all(serviceNames.map(async (name) => [name, await startService(name, config)] as const));
  const upstreams = Object.fromEntries(started.map(([name, { upstream }]) => [name, upstream])) as Record<ServiceName, Upstream>;
  const server = createHttpServer(new Gateway(upstreams, adminUi()).handle);
  const port = await listenOn(server, config.port);
  const close = async (): Promise<void> => {
    await Promise.all([closeServer(server), ...started.map(([, { service }]) => service.close())]);
    await postgres?.stop();
  };
  return { port, close };
};
