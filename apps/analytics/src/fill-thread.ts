import 'reflect-metadata';
import { workerData } from 'node:worker_threads';
import { serveLanes } from '@pataka/event-sourcing';
import { loadPlatformConfig, openLog } from '@pataka/platform';
import { openOperations } from './app.module';

/** One thread of a rebuild of the evidence: opens the same database and log again. */
const databaseUrl = workerData as string;
serveLanes(openOperations({ databaseUrl, log: openLog(loadPlatformConfig(process.env), databaseUrl, 'pataka-fill') }).runner);
