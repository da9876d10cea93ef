import 'reflect-metadata';
import { type ServiceName, serviceNames } from '@pataka/contracts';
import { ConfigError, createHttpServer, EXIT_CONFIG, listenOn } from '@pataka/platform';
import { Gateway, type Upstream } from './gateway/gateway';
import { ProxyUpstream } from './gateway/proxy';
import { adminUi } from './gateway/admin-ui';

/** FLAG_ADMIN_URL, EVALUATOR_URL, …: where each service is, for the gateway as a process of its own. */
const variableOf = (name: ServiceName): string => `${name.toUpperCase().replaceAll('-', '_')}_URL`;

const targetOf = (name: ServiceName): { host: string; port: number } => {
  const text = process.env[variableOf(name)];
  if (text === undefined || !URL.canParse(text)) throw new ConfigError([{ variable: variableOf(name), detail: 'must be the base URL of that service, like http://host:port' }]);
  const url = new URL(text);
  return { host: url.hostname, port: Number(url.port === '' ? 80 : url.port) };
};

const main = async (): Promise<void> => {
  const upstreams = Object.fromEntries(serviceNames.map((name) => {
    const target = targetOf(name);
    return [name, new ProxyUpstream(() => target)];
  })) as unknown as Record<ServiceName, Upstream>;
  const port = await listenOn(createHttpServer(new Gateway(upstreams, adminUi()).handle), Number(process.env['PORT'] ?? 8080));
  process.stdout.write(`Pataka's gateway listens on port ${port}\n`);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => process.exit(0));
};

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(error instanceof ConfigError ? EXIT_CONFIG : 1);
});
