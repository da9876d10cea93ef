import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { openOperations } from '@pataka/analytics';
import { topics } from '@pataka/contracts';
import { decodeBatch, type EventLog, type ProjectionRunner } from '@pataka/event-sourcing';
import { loadPlatformConfig, openLog } from '@pataka/platform';
import { answerWork, type Work } from './probe';
import { type Cost, Stopwatch } from './stopwatch';

const EVIDENCE = 'evidence';
const hot: readonly string[] = [topics.exposures.name, topics.conversions.name];

const config = loadPlatformConfig(process.env);
let log: EventLog | undefined;
const logOf = (logUrl: string): EventLog => (log ??= openLog(config, logUrl, 'pataka-bench'));

/** Experiments are known long before their events come. */
const define = async (runner: ProjectionRunner, from: EventLog): Promise<void> => {
  const { name } = topics.experimentEvents;
  for (const { partition, low } of await from.offsets(name)) {
    for await (const batch of from.read(name, partition, low)) await runner.apply(EVIDENCE, decodeBatch(batch));
  }
};

/** Consumes the log's hot topics into evidence as analytics does, until so many events have taken effect. */
const consume = async ({ databaseUrl, logUrl, events }: Work): Promise<Cost> => {
  const { runner, close } = openOperations({ databaseUrl, log: logOf(logUrl) });
  await define(runner, logOf(logUrl));
  const watch = new Stopwatch(events);
  const consumption = await logOf(logUrl).subscribe({
    group: `bench-${randomUUID()}`, topics: hot,
    position: (topic, partition) => runner.position(EVIDENCE, topic, partition),
    onBatch: async (batch) => {
      watch.begin();
      const decoded = decodeBatch(batch);
      const outcome = await runner.apply(EVIDENCE, decoded);
      if (outcome === undefined) watch.count(decoded.events.length);
      return outcome;
    },
  });
  try {
    return await watch.ended;
  } finally {
    await consumption.stop();
    await close();
  }
};

/** Rebuilds the evidence of the whole log beside the live one. */
const replay = async ({ databaseUrl, logUrl }: Work): Promise<Cost> => {
  const { runner, close } = openOperations({ databaseUrl, log: logOf(logUrl) });
  const usage = process.cpuUsage();
  const startedAt = performance.now();
  let endedAt = startedAt;
  try {
    // What comes after the last event is only the wait for readers of the old tables.
    const { events } = await runner.replay(EVIDENCE, { onProgress: () => (endedAt = performance.now()) });
    const { user, system } = process.cpuUsage(usage);
    return { events, seconds: (endedAt - startedAt) / 1000, cpuSeconds: (user + system) / 1e6 };
  } finally {
    await close();
  }
};

/** Reads and decodes the whole log, and does nothing with it. */
const read = async ({ logUrl, events }: Work): Promise<Cost> => {
  const watch = new Stopwatch(events);
  watch.begin();
  for (const topic of hot) {
    for (const { partition, low, high } of await logOf(logUrl).offsets(topic)) {
      for await (const batch of logOf(logUrl).read(topic, partition, low, high)) watch.count(decodeBatch(batch).events.length);
    }
  }
  return watch.ended;
};

answerWork({ consume, replay, read }, async () => log?.close());
