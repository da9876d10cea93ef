import type { ServiceName } from '@pataka/contracts';
import { ConfigError, EXIT_CONFIG, loadPlatformConfig, type PlatformConfig } from './config';
import type { Service } from './http';
import { openInfrastructure, type Infrastructure } from './infrastructure';
import { createLogger, type Logger } from './logging';

/** The composition root of one app. */
export type OpenService = (config: PlatformConfig, infrastructure: Infrastructure) => Promise<Service>;

const EXIT_FAILURE = 1;
const EXIT_INTERRUPTED = 130;
const STOP_LIMIT_MS = 14_000;

const loadOrExit = (): PlatformConfig => {
  try {
    return loadPlatformConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return process.exit(EXIT_CONFIG);
  }
};

const exitOn = (error: unknown, logger: Logger): never => {
  if (error instanceof ConfigError) {
    process.stderr.write(`${error.message}\n`);
    return process.exit(EXIT_CONFIG);
  }
  logger.fatal({ err: error }, 'the service cannot start');
  return process.exit(EXIT_FAILURE);
};

/** What nobody caught leaves the process in a state nobody knows: it says so and ends, and whoever started it starts it again. */
const endOnCrash = (logger: Logger): void => {
  const crash = (error: unknown): never => {
    logger.fatal({ err: error }, 'an error that nobody caught');
    return process.exit(EXIT_FAILURE);
  };
  process.on('uncaughtException', crash).on('unhandledRejection', crash);
};

/**
 * The first signal stops in order, within a limit. Ctrl-C once more ends at once; a SIGTERM after it does not, for a supervisor passes on what
 * the terminal has told everybody already. A supervisor that is gone (its channel closes) counts as a signal.
 */
const endOnSignal = (logger: Logger, close: () => Promise<void>): void => {
  let stopping = false;
  const stop = (reason: string): void => {
    if (stopping) return;
    stopping = true;
    logger.info({ reason }, 'stopping');
    setTimeout(() => {
      logger.error('did not stop in time');
      process.exit(EXIT_FAILURE);
    }, STOP_LIMIT_MS).unref();
    close().then(() => process.exit(0), (error: unknown) => {
      logger.error({ err: error }, 'did not stop in order');
      process.exit(EXIT_FAILURE);
    });
  };
  process.on('SIGINT', () => (stopping ? process.exit(EXIT_INTERRUPTED) : stop('SIGINT')));
  process.on('SIGTERM', () => stop('SIGTERM'));
  if (process.channel !== undefined) process.on('disconnect', () => stop('supervisor gone'));
};

/**
 * Runs one service as a process of its own: configuration, adapters, port, signals. Ends with 78 on a configuration that cannot be used.
 * `open` may close the infrastructure with its service; it is closed here in any case.
 */
export const start = async (name: ServiceName, open: OpenService): Promise<void> => {
  const config = loadOrExit();
  const logger = createLogger(name, config.logLevel);
  endOnCrash(logger);
  try {
    const infrastructure = await openInfrastructure(config, name);
    const service = await open(config, infrastructure);
    endOnSignal(logger, async () => {
      await service.close();
      await infrastructure.close();
    });
    const port = await service.listen(config.port);
    logger.info({ port, pid: process.pid }, 'listening');
  } catch (error) {
    exitOn(error, logger);
  }
};
