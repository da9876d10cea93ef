import { join } from 'node:path';
import { openOperations as openAnalytics } from '@pataka/analytics';
import { openOperations as openOrchestrator } from '@pataka/experiment-orchestrator';
import { openOperations as openFlagAdmin } from '@pataka/flag-admin';
import type { EventLog } from '@pataka/event-sourcing';
import { loadPlatformConfig, openLog, type Operations, type PlatformConfig, runningPostgresUrl, startEmbeddedPostgres } from '@pataka/platform';

/** The data of an installation, opened beside whatever runs on it. */
export interface Installation { log: EventLog; services: Record<string, Operations>; close(): Promise<void> }

const databaseOf = async (config: PlatformConfig): Promise<{ url: string; stop: () => Promise<void> }> => {
  if (config.databaseUrl !== undefined) return { url: config.databaseUrl, stop: async () => undefined };
  const dataDir = join(config.dataDir, 'postgres');
  const running = runningPostgresUrl(dataDir);
  if (running !== null) return { url: running, stop: async () => undefined };
  const postgres = await startEmbeddedPostgres({ dataDir });
  return { url: postgres.url, stop: () => postgres.stop() };
};

/** Opens what the environment describes: DATABASE_URL and KAFKA_BROKERS, or the data below PATAKA_DATA_DIR, running or not. */
export const openInstallation = async (environment: NodeJS.ProcessEnv = process.env): Promise<Installation> => {
  const config = loadPlatformConfig(environment);
  const database = await databaseOf(config);
  const log = openLog(config, database.url, 'pataka-cli');
  const parts = { databaseUrl: database.url, log };
  const services = { 'flag-admin': openFlagAdmin(parts), 'experiment-orchestrator': openOrchestrator(parts), analytics: openAnalytics(parts) };
  const close = async (): Promise<void> => {
    for (const operations of Object.values(services)) await operations.close();
    await log.close();
    await database.stop();
  };
  return { log, services, close };
};

/** Runs work on an installation and closes it, whatever comes. */
export const withInstallation = async (work: (installation: Installation) => Promise<void>): Promise<void> => {
  const installation = await openInstallation();
  try {
    await work(installation);
  } finally {
    await installation.close();
  }
};
