import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openOperations } from '@pataka/analytics';
import { topics } from '@pataka/contracts';
import { Database, decodeBatch, encodeEvent, type EventLog, PostgresEventLog } from '@pataka/event-sourcing';
import { publishTraffic } from './bench/logged-traffic';
import { build, root } from './harness/build';

const EVIDENCE = 'evidence';
// More than ten thousand records: a rebuild of so many starts threads.
const EVENTS = 60_000;

const server = process.env['TEST_DATABASE_URL'];
const describeHere = server !== undefined || process.env['CI'] === 'true' ? describe : describe.skip;

/** As analytics consumes: batch by batch, each applied to the live generation. */
const consumeAll = async (url: string, log: EventLog): Promise<void> => {
  const { runner, close } = openOperations({ databaseUrl: url, log });
  for (const { name } of [topics.experimentEvents, topics.exposures, topics.conversions]) {
    for (const { partition, low } of await log.offsets(name)) {
      for await (const batch of log.read(name, partition, low)) await runner.apply(EVIDENCE, decodeBatch(batch));
    }
  }
  await close();
};

describeHere('a rebuild of a long log', () => {
  const name = `rebuild_${randomUUID().replaceAll('-', '')}`;
  let admin: Database;
  let url: string;

  beforeAll(async () => {
    build();
    admin = Database.create({ url: server!, name: 'e2e', migrations: [], poolSize: 1 });
    await admin.query(`create database ${name}`);
    url = Object.assign(new URL(server!), { pathname: `/${name}` }).href;
    const log = PostgresEventLog.create({ url });
    await publishTraffic(log, { events: EVENTS, perSubject: 4, experimentId: 'exp_long', prefix: 'driver' });
    // A value that no column holds, and a conversion where no producer of ours would put it.
    const odd = (partition: number, data: object) => encodeEvent({
      id: randomUUID(), type: 'pataka.conversion.v1', source: '/foreign', time: '2026-10-01T00:00:00Z', topic: topics.conversions.name, key: 'driver-1', partition,
      data: { targetingKey: 'driver-1', metric: 'trip_km', occurredAt: new Date().toISOString(), ...data },
    });
    await log.publish([odd(3, { value: 1e300 }), odd(5, { value: 7 })]);
    await consumeAll(url, log);
    await log.close();
  }, 600_000);
  afterAll(async () => {
    await admin.query(`drop database ${name} with (force)`);
    await admin.close();
  });

  it.each([['proves the live evidence equal', ['verify']], ['puts an equal one in its place', ['replay', EVIDENCE]], ['proves that equal too', ['verify']]])('%s', async (_, args) => {
    // Rejects with another status than 0.
    const { stdout } = await promisify(execFile)(process.execPath, [join(root, 'apps/cli/bin/pataka.mjs'), ...args], { env: { PATH: process.env['PATH'], DATABASE_URL: url, LOG_LEVEL: 'error' } });
    if (args[0] === 'verify') expect(stdout).toContain('conversion_archive 45,001 rows = rebuild');
  }, 600_000);
});
