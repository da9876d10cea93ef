import type { ServiceName } from '@pataka/contracts';
import { KafkaEventLog, PostgresEventLog, type EventLog } from '@pataka/event-sourcing';
import { ConfigError, type PlatformConfig } from './config';
import { InfluxTimeSeries } from './influx-time-series';
import { createLogger, type Logger } from './logging';
import { createMetrics, type Registry } from './metrics';
import { RedisSnapshotCache } from './redis-snapshot-cache';
import { NoSnapshotCache, type SnapshotCache } from './snapshot-cache';
import { NoTelemetry, openTelemetry, type Telemetry } from './telemetry';
import { NoTimeSeries, type TimeSeries } from './time-series';

/** What one service stands on: the adapters that its configuration asks for. */
export interface Infrastructure {
  log: EventLog;
  databaseUrl: string;
  cache: SnapshotCache;
  timeSeries: TimeSeries;
  logger: Logger;
  metrics: Registry;
  telemetry: Telemetry;
  close(): Promise<void>;
}

/** The event log that a configuration asks for: Kafka, or the PostgreSQL one. */
export const openLog = (config: PlatformConfig, databaseUrl: string, clientId: string): EventLog => {
  if (config.kafkaBrokers === undefined) return PostgresEventLog.create({ url: databaseUrl });
  return KafkaEventLog.create({
    brokers: config.kafkaBrokers, clientId,
    ...(config.kafkaSasl === undefined ? {} : { sasl: config.kafkaSasl }), ...(config.kafkaSsl === undefined ? {} : { ssl: config.kafkaSsl }),
  });
};

const openCache = ({ redisUrl, redisClusterNodes }: PlatformConfig, logger: Logger): SnapshotCache => {
  if (redisUrl === undefined && redisClusterNodes === undefined) return new NoSnapshotCache();
  return new RedisSnapshotCache({
    logger, ...(redisUrl === undefined ? {} : { url: redisUrl }), ...(redisClusterNodes === undefined ? {} : { clusterNodes: redisClusterNodes }),
  });
};

/** Opens every adapter, lazily: a dependency that is away now keeps nobody from starting. `databaseUrl` has to be there, the embedded one's included. */
export const openInfrastructure = async (config: PlatformConfig, service: ServiceName): Promise<Infrastructure> => {
  const { databaseUrl } = config;
  if (databaseUrl === undefined) {
    throw new ConfigError([{ variable: 'DATABASE_URL', detail: 'is needed to run a service by itself; without it everything runs in one process (npm start)' }]);
  }
  const logger = createLogger(service, config.logLevel);
  const metrics = createMetrics(service, config.commit);
  const log = openLog(config, databaseUrl, `pataka-${service}`);
  const cache = openCache(config, logger);
  const timeSeries = config.influx === undefined ? new NoTimeSeries() : new InfluxTimeSeries({ ...config.influx, logger, metrics });
  const telemetry = config.otlpEndpoint === undefined ? new NoTelemetry() : await openTelemetry(config.otlpEndpoint, service, metrics);
  let closing: Promise<void> | undefined;
  const closeAll = async (): Promise<void> => {
    await timeSeries.close();
    await cache.close();
    await log.close();
    await telemetry.close();
  };
  // Whoever opened it and the service that runs on it may both close it.
  const close = (): Promise<void> => (closing ??= closeAll());
  return { log, databaseUrl, cache, timeSeries, logger, metrics, telemetry, close };
};
