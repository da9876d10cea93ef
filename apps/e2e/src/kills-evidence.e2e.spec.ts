import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { openOperations } from '@pataka/analytics';
import { topics } from '@pataka/contracts';
import { cloudEventJson, Database, encodeEventBatch, type EventLog, partitionFor, PostgresEventLog } from '@pataka/event-sourcing';
import { publishExperiment } from './bench/logged-traffic';
import { OwnProcess } from './bench/own-process';
import { Api } from './harness/api';
import { build } from './harness/build';
import { countOf, randomFrom, seedOfRun, until } from './harness/waiting';

// The long form: PATAKA_EVIDENCE_EVENTS=1000000 PATAKA_EVIDENCE_KILLS=30 npx jest apps/e2e/src/kills-evidence
const EVENTS = countOf('PATAKA_EVIDENCE_EVENTS', 12_000);
const KILLS = countOf('PATAKA_EVIDENCE_KILLS', 3);
const TIMES = 3;
const EVIDENCE = 'evidence';
const EXPERIMENT = 'exp_kills';
const PER_PUBLISH = 5_000;
const LIMIT_MS = 120_000 + EVENTS + KILLS * 20_000;
const subjects = Math.ceil(EVENTS / 8);
const startMs = Date.now() - 5 * 86_400_000;

const server = process.env['TEST_DATABASE_URL'];
const describeHere = server !== undefined || process.env['CI'] === 'true' ? describe : describe.skip;

const uuidOf = (index: number): string => `00000000-0000-4000-8000-${index.toString(16).padStart(12, '0')}`;
/** Every subject's exposures and conversions; some see two variants, some are seen first after they have converted, some belong to a fleet. */
const dataOf = (index: number): { isExposure: boolean; data: Record<string, unknown> & { targetingKey: string; unit?: string } } => {
  const [subject, turn] = [index % subjects, Math.floor(index / subjects)];
  const isExposure = turn === 0 || (turn === 5 && subject % 7 === 0);
  const common = { targetingKey: `driver-${subject}`, environment: 'production', occurredAt: new Date(startMs + ((index * 7919) % 400_000_000)).toISOString(), ...(subject % 11 === 0 ? { unit: `fleet-${subject % 100}` } : {}) };
  if (!isExposure) return { isExposure, data: { ...common, metric: index % 3 === 0 ? 'bought' : 'trip_km', value: (index % 997) / 10 } };
  const variant = (subject + (turn === 5 && subject % 77 === 0 ? 1 : 0)) % 2 === 0 ? 'control' : 'ai';
  return { isExposure, data: { ...common, experimentId: EXPERIMENT, variant } };
};

const publish = async (log: EventLog, indexes: readonly number[]): Promise<void> => {
  const groups = new Map<string, { topic: string; partition: number; events: string[] }>();
  const receivedAt = new Date().toISOString();
  for (const index of indexes) {
    const { isExposure, data } = dataOf(index);
    const { name: topic, partitions } = isExposure ? topics.exposures : topics.conversions;
    const partition = partitionFor(data.unit ?? data.targetingKey, partitions);
    const group = groups.get(`${topic} ${partition}`) ?? { topic, partition, events: [] };
    groups.set(`${topic} ${partition}`, group);
    group.events.push(cloudEventJson({ id: uuidOf(index), type: `pataka.${isExposure ? 'exposure' : 'conversion'}.v1`, source: '/pataka/evaluator', time: data['occurredAt'] as string, data: { ...data, receivedAt } }));
  }
  await log.publish([...groups.values()].flatMap(encodeEventBatch));
};

/** A database with a log in it, and analytics on it. */
class Site {
  readonly log: EventLog;
  private analytics: OwnProcess | null = null;

  constructor(readonly url: string, private readonly env: Readonly<Record<string, string>>) {
    this.log = PostgresEventLog.create({ url });
  }

  /** Makes the log know the keys, the experiment and all metrics: once for both, since a definition tells when it was made. */
  async prepare(): Promise<void> {
    await this.log.ensureTopics(Object.values(topics));
    await publishExperiment(this.log, EXPERIMENT, [{ key: 'trip_km', type: 'mean' }, 'bought', { key: 'per_trip', type: 'ratio', event: 'trip_km', denominatorEvent: 'bought' }]);
    const flagAdmin = await OwnProcess.start('flag-admin', { ...this.env, DATABASE_URL: this.url });
    await until('the keys are on the log', async () => (await this.log.offsets(topics.accessChanges.name)).some(({ high }) => BigInt(high) >= 3n));
    await flagAdmin.stop();
    await this.start();
    let before: string | undefined;
    await until('all metrics are defined', async () => {
      const [defined] = await this.log.offsets(topics.metricChanges.name);
      await sleep(500);
      const settled = defined!.high !== '0' && defined!.high === before;
      before = defined!.high;
      return settled;
    });
    await this.analytics!.stop();
    await this.log.close();
  }

  async start(): Promise<void> {
    this.analytics = await OwnProcess.start('analytics', { ...this.env, DATABASE_URL: this.url }, ['--max-semi-space-size=64']);
  }

  async kill(): Promise<void> {
    await this.analytics?.stop('SIGKILL');
  }

  /** The report once it covers all of the log, without the offsets, which tell of every delivery. */
  async report(): Promise<string> {
    const ends = await Promise.all([topics.exposures, topics.conversions].map(async ({ name }) => [name, await this.log.offsets(name)] as const));
    const api = new Api(this.analytics!.url, this.env['PATAKA_ADMIN_TOKEN']!);
    return until('the report covers the log', async () => {
      const { text, body, status } = await api.send<{ coverage: { offsets: Record<string, Record<string, string>> } }>('GET', `/api/experiments/${EXPERIMENT}/results`);
      if (status !== 200) throw new Error(text);
      const covered = ends.every(([name, partitions]) => partitions.every(({ partition, high }) => high === '0' || body.coverage.offsets[name]?.[partition] === high));
      return covered && JSON.stringify({ ...body, coverage: { ...body.coverage, offsets: null } });
    }, LIMIT_MS);
  }

  async close(): Promise<void> {
    await this.kill();
    await this.log.close();
  }
}

describeHere('evidence of events that come three times over, shuffled, while analytics is killed', () => {
  const token = `e2e-${randomBytes(24).toString('hex')}`;
  const env = { PATAKA_ADMIN_TOKEN: token, PATAKA_SERVER_KEY: `${token}-server`, PATAKA_CLIENT_KEY: `${token}-client` };
  const names = [0, 1].map(() => `kills_${randomUUID().replaceAll('-', '')}`);
  const siteOf = (name: string): Site => new Site(Object.assign(new URL(server!), { pathname: `/${name}` }).href, env);
  let admin: Database;
  let clean: Site;
  let rough: Site;
  beforeAll(async () => {
    build();
    admin = Database.create({ url: server!, name: 'e2e', migrations: [], poolSize: 1 });
    await admin.query(`create database ${names[0]}`);
    await siteOf(names[0]!).prepare();
    await until('nobody is connected to it', () => admin.query(`create database ${names[1]} template ${names[0]}`));
    [clean, rough] = [siteOf(names[0]!), siteOf(names[1]!)];
  }, 600_000);
  afterAll(async () => {
    await Promise.all([clean, rough].map((site) => site.close()));
    for (const name of names) await admin.query(`drop database if exists ${name} with (force)`);
    await admin.close();
  }, 60_000);

  it(`gives byte for byte the report of one clean delivery: ${EVENTS} events, ${KILLS} kills`, async () => {
    const random = randomFrom(seedOfRun('kills of analytics'));
    const order = Uint32Array.from({ length: EVENTS * TIMES }, (_, place) => place % EVENTS);
    for (let place = order.length - 1; place > 0; place -= 1) {
      const other = Math.floor(random() * (place + 1));
      [order[place], order[other]] = [order[other]!, order[place]!];
    }
    let kills = 0;
    const killing = (async () => {
      for (; kills < KILLS; kills += 1) {
        await rough.start();
        await sleep(500 + random() * 4_000);
        await rough.kill();
      }
      await rough.start();
    })();
    for (let start = 0; start < order.length; start += PER_PUBLISH) {
      await publish(rough.log, [...order.subarray(start, start + PER_PUBLISH)]);
      // Spread over the kills, so that each of them meets work.
      await until('the next kill', () => kills >= KILLS || start / order.length < (kills + 1) / (KILLS + 1), LIMIT_MS);
    }
    await killing;
    const delivered = await rough.report();

    await clean.start();
    for (let start = 0; start < EVENTS; start += PER_PUBLISH) await publish(clean.log, Array.from({ length: Math.min(PER_PUBLISH, EVENTS - start) }, (_, place) => start + place));
    const straight = await clean.report();
    expect(delivered).toBe(straight);
    expect((JSON.parse(straight) as { excluded: { multipleVariants: number } }).excluded.multipleVariants).toBeGreaterThan(0);

    await rough.kill();
    const { runner, close } = openOperations({ databaseUrl: rough.url, log: rough.log });
    expect(await runner.verify(EVIDENCE)).toMatchObject({ equal: true });
    await close();
  }, LIMIT_MS * 3);
});
