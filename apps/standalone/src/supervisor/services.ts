import { createServer } from 'node:net';
import { type ServiceName, serviceNames } from '@pataka/contracts';
import { closeServer, ConfigError, createHttpServer, listenOn, type PlatformConfig } from '@pataka/platform';
import { adminUi } from '../gateway/admin-ui';
import { Gateway, type Upstream } from '../gateway/gateway';
import { ProxyUpstream } from '../gateway/proxy';
import { SupervisedService } from './supervised-service';

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('no port'))));
    });
  });

const requireDistributed = (config: PlatformConfig): void => {
  const missing = [['DATABASE_URL', config.databaseUrl], ['KAFKA_BROKERS', config.kafkaBrokers]].filter(([, value]) => value === undefined);
  if (missing.length > 0) throw new ConfigError(missing.map(([variable]) => ({ variable: String(variable), detail: 'is needed with --services (npm run stack prints one)' })));
};

/** The four services as processes of their own, behind one origin. */
export const startServices = async (config: PlatformConfig, onHopeless: (name: ServiceName) => void): Promise<{ port: number; close(): Promise<void> }> => {
  requireDistributed(config);
  const services: SupervisedService[] = [];
  const proxies: ProxyUpstream[] = [];
  const upstreams = {} as Record<ServiceName, Upstream>;
  for (const name of serviceNames) {
    const service = new SupervisedService(name, await freePort(), onHopeless);
    const proxy = new ProxyUpstream(() => (service.running() ? { host: '127.0.0.1', port: service.port } : null));
    upstreams[name] = proxy;
    services.push(service);
    proxies.push(proxy);
  }
  const server = createHttpServer(new Gateway(upstreams, adminUi()).handle);
  const port = await listenOn(server, config.port);
  for (const service of services) service.start();
  const close = async (): Promise<void> => {
    await closeServer(server);
    await Promise.all(services.map((service) => service.stop()));
    for (const proxy of proxies) proxy.close();
  };
  return { port, close };
};
