import 'reflect-metadata';
import type { ServiceName } from '@pataka/contracts';
import { loadPlatformConfig, openInfrastructure, type OpenService } from '@pataka/platform';
import { answerPort } from './probe';

const openers: Partial<Record<ServiceName, () => Promise<{ openService: OpenService }>>> = {
  evaluator: () => import('@pataka/evaluator'),
  'flag-admin': () => import('@pataka/flag-admin'),
};

/** One service as its own main runs it, on loopback: `node service-process.js <name>`. */
const listen = async (): Promise<number> => {
  const name = process.argv[2] as ServiceName;
  const opener = openers[name];
  if (opener === undefined) throw new Error(`no service ${name}`);
  const config = loadPlatformConfig(process.env);
  const infrastructure = await openInfrastructure(config, name);
  const service = await (await opener()).openService(config, infrastructure);
  process.on('SIGTERM', () => void service.close().then(() => infrastructure.close()).finally(() => process.exit(0)));
  return service.listen(0, '127.0.0.1');
};

answerPort(listen());
