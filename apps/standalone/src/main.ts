import 'reflect-metadata';
import { ConfigError, DataDirectoryInUse, EXIT_CONFIG, loadPlatformConfig } from '@pataka/platform';
import { startServices } from './supervisor/services';
import { startStandalone } from './standalone';

/** sysexits' EX_TEMPFAIL: somebody else holds the data directory; later may be another matter. */
const EXIT_IN_USE = 75;

const fail = (message: string, code: number): never => {
  process.stderr.write(`${message}\n`);
  process.exit(code);
};

const explain = (error: unknown): never => {
  if (error instanceof ConfigError) return fail(error.message, EXIT_CONFIG);
  if (error instanceof DataDirectoryInUse) return fail(error.message, EXIT_IN_USE);
  const reason = error as NodeJS.ErrnoException;
  if (reason.code === 'EADDRINUSE') return fail(`The port is taken: ${reason.message}. Set PORT to another one.`, 1);
  return fail(reason.stack ?? String(error), 1);
};

const main = async (): Promise<void> => {
  const config = loadPlatformConfig(process.env);
  const started = process.argv.includes('--services')
    ? await startServices(config, (name) => fail(`${name} cannot start with this configuration`, EXIT_CONFIG))
    : await startStandalone(config);
  process.stdout.write(`Pataka listens on http://localhost:${started.port}\n`);
  let stopping = false;
  const stop = (signal: string): void => {
    if (stopping) return;
    stopping = true;
    process.stderr.write(`${signal}: finishing what is under way\n`);
    started.close().then(() => process.exit(0), explain);
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
};

main().catch(explain);
