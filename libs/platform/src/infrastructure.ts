import type { ServiceName } from '@pataka/contracts';
import { KafkaEventLog, PostgresEventLog, type EventLog } from '@pataka/event-sourcing';
import { ConfigError, type PlatformConfig } from './config';
import { createLogger, type Logger } from './logging';
import { createMetrics, type Registry } from './metrics';
import { NoSnapshotCache, type SnapshotCache } from './snapshot-cache';
import { NoTimeSeries, type TimeSeries } from './time-series';

/** What one service stands on: the adapters that its configuration asks for. */
export interface Infrastructure {
  log: EventLog;
  databaseUrl: string;
  cache: SnapshotCache;
  timeSeries: TimeSeries;
  logger: Logger;
  metrics: Registry;
  close(): Promise<void>;
}

const openLog = (config: PlatformConfig, databaseUrl: string, clientId: string): EventLog => {
  if (config.kafkaBrokers === undefined) return PostgresEventLog.create({ url: databaseUrl });
  return KafkaEventLog.create({
    brokers: config.kafkaBrokers, clientId,
    ...(config.kafkaSasl === undefined ? {} : { sasl: config.kafkaSasl }), ...(config.kafkaSsl === undefined ? {} : { ssl: config.kafkaSsl }),
  });
};

/** Opens every adapter, lazily: a dependency that is away now keeps nobody from starting. `databaseUrl` has to be there, the embedded one's included. */
export const openInfrastructure = async (config: PlatformConfig, service: ServiceName): Promise<Infrastructure> => {
  const { databaseUrl } = config;
  if (databaseUrl === undefined) {
    throw new ConfigError([{ variable: 'DATABASE_URL', detail: 'is needed to run a service by itself; without it everything runs in one process (npm start)' }]);
  }
  const logger = createLogger(service, config.logLevel);
  const metrics = createMetrics(service);
  const log = openLog(config, databaseUrl, `pataka-${service}`);
  const cache = new NoSnapshotCache();
  const timeSeries = new NoTimeSeries();
  const close = async (): Promise<void> => {
    await timeSeries.close();
    await cache.close();
    await log.close();
  };
  return { log, databaseUrl, cache, timeSeries, logger, metrics, close };
};
