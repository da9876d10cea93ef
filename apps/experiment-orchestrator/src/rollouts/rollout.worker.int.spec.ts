import { type Experiment, type ExperimentEvent, topics } from '@pataka/contracts';
import { createTestDatabase, Database, describeWithDatabase, EventStore, handle, PostgresEventLog, ProjectionRunner } from '@pataka/event-sourcing';
import type { Logger } from '@pataka/platform';
import { experimentAggregate, type ExperimentCommand } from '../experiments/experiment.decider';
import { ExperimentReads } from '../experiments/experiment-reads';
import { experimentResultsProjection } from '../experiments/experiment-results.projection';
import { Catalogue } from './catalogue';
import { catalogueProjection } from './catalogue.projection';
import { EvidenceWatch } from './evidence-watch';
import { RolloutWorker } from './rollout.worker';
import { timerMigrations } from './timers';

const SCHEMA = 'orchestrator';
const START = Date.parse('2026-07-06T04:30:00.000Z');
const DAY = 86_400_000;
const EXPERIMENTS = 30;
const logger = { debug: (fields: unknown) => problems.push(fields), info: () => undefined, warn: (fields: unknown) => problems.push(fields) } as unknown as Logger;
const problems: unknown[] = [];

describeWithDatabase('rollouts of several orchestrators on one database', () => {
  let now = new Date(START).toISOString();
  let test: Awaited<ReturnType<typeof createTestDatabase>>;
  const opened: { database: Database; log: PostgresEventLog; store: EventStore; worker: RolloutWorker }[] = [];

  const openOne = (): (typeof opened)[number] => {
    const database = Database.create({ url: test.url, name: 'rollouts-spec', migrations: [...EventStore.migrations(SCHEMA), ...ProjectionRunner.migrations(SCHEMA), ...timerMigrations(SCHEMA)] });
    const log = PostgresEventLog.create({ url: test.url });
    const clock = (): string => now;
    const store = new EventStore({ database, schema: SCHEMA, service: 'experiment-orchestrator', lockId: 7_142_009_999, now: clock });
    const runner = new ProjectionRunner({ database, schema: SCHEMA, log, service: 'experiment-orchestrator', projections: [experimentResultsProjection(), catalogueProjection] });
    const reads = new ExperimentReads({ database, store, runner, schema: SCHEMA });
    const worker = new RolloutWorker({ database, store, schema: SCHEMA, logger, now: clock, reads, catalogue: new Catalogue({ database, runner }), watch: new EvidenceWatch({ quietMs: 0, mostMs: 0 }) });
    return { database, log, store, worker };
  };
  const command = (id: string, one: ExperimentCommand): Promise<unknown> => handle(opened[0]!.store, experimentAggregate, id, one, { meta: { actor: 'spec', correlationId: 'spec' } });
  const begin = async (id: string): Promise<void> => {
    const variants = [{ id: 'control', weight: 0.5, config: 'a', isControl: true }, { id: 'ai', weight: 0.5, config: 'b' }];
    await command(id, { type: 'CreateExperiment', id, now, body: { key: id, type: 'AB_TEST', variants, strategy: { type: 'GRADUAL', incrementSize: 10, incrementInterval: 'P1D' } } });
    await command(id, { type: 'LinkFlag', flagKey: id });
    await command(id, { type: 'StartExperiment', now });
  };
  const stepsOf = async (id: string): Promise<number[]> =>
    ((await opened[0]!.store.load(`experiment:${id}`)) as unknown as ExperimentEvent[]).flatMap((event) => (event.type === 'experiment.percentage-changed' ? [event.data.step] : []));
  const ids = Array.from({ length: EXPERIMENTS }, (_, index) => `exp_${index}`);

  beforeAll(async () => {
    test = await createTestDatabase();
    opened.push(openOne(), openOne(), openOne());
    await opened[0]!.database.ready();
    await opened[0]!.log.ensureTopics(Object.values(topics));
    for (const id of ids) await begin(id);
  }, 120_000);
  afterAll(async () => {
    for (const { database, log } of opened) {
      await database.close();
      await log.close();
    }
    await test.drop();
  }, 60_000);

  it('take every step once, however many look at once', async () => {
    for (let day = 1; day <= 3; day += 1) {
      now = new Date(START + day * DAY).toISOString();
      await Promise.all(opened.flatMap(({ worker }) => [worker.look(), worker.look()]));
    }
    await opened[0]!.worker.look();
    expect(await Promise.all(ids.map(stepsOf))).toEqual(ids.map(() => [1, 2, 3]));
    expect(problems).toEqual([]);
  }, 60_000);

  it('take what another died over, and never a second time', async () => {
    now = new Date(START + 4 * DAY).toISOString();
    const [{ database }] = opened as [(typeof opened)[number]];
    // One has it in hand, and hangs; the others deal with everything else.
    await database.query(`INSERT INTO ${SCHEMA}.due_experiment (experiment_id, version, due_at) VALUES ('exp_0', 0, '')`);
    await database.transaction(async (sql) => {
      await sql.query(`SELECT 1 FROM ${SCHEMA}.due_experiment WHERE experiment_id = 'exp_0' FOR UPDATE`);
      await Promise.race([opened[1]!.worker.look(), new Promise((done) => setTimeout(done, 3_000))]);
      expect(await stepsOf('exp_0')).toEqual([1, 2, 3]);
    });
    await opened[2]!.worker.look();
    expect(await Promise.all(ids.map(stepsOf))).toEqual(ids.map(() => [1, 2, 3, 4]));
    // It died after the step, before it could take it off the list.
    await database.query(`INSERT INTO ${SCHEMA}.due_experiment (experiment_id, version, due_at) VALUES ('exp_0', 1, '')`);
    await Promise.all(opened.map(({ worker }) => worker.look()));
    expect(await stepsOf('exp_0')).toEqual([1, 2, 3, 4]);
  }, 60_000);

  it('are one step late however long nobody looked, and roll back rather than advance', async () => {
    now = new Date(START + 30 * DAY).toISOString();
    await Promise.all([...opened.map(({ worker }) => worker.look()), ...ids.slice(0, 10).map((id) => command(id, { type: 'RollBackExperiment' }))]);
    await opened[0]!.worker.look();
    const after = await Promise.all(ids.map(async (id) => (await opened[0]!.store.document<Experiment>('experiment', id))!.document));
    for (const { outcome, rollout } of after.slice(0, 10)) expect([outcome, rollout.step <= 5]).toEqual(['rolledBack', true]);
    for (const { rollout } of after.slice(10)) expect([rollout.step, rollout.stepFrom]).toEqual([5, now]);
    expect((await opened[0]!.store.verify()).faults).toEqual([]);
  }, 60_000);
});
