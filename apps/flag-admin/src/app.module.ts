import { join } from 'node:path';
import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { openapiDocument, topics } from '@pataka/contracts';
import { Database, EventLogTransport, EventStore, OutboxRelay, ProjectionRunner, EventLog, Rebuilds } from '@pataka/event-sourcing';
import { AccessDirectory, ConsumerMetrics, createService, outboxMetrics, readSeries, StaticSite, untilDone, type Infrastructure, type OpenOperations, type PlatformConfig, type Service, projectionRoutes } from '@pataka/platform';
import { AuditController } from './audit/audit.controller';
import { bootstrapLines, bootstrapper, type Bootstrap } from './bootstrap';
import { calendarAggregate } from './catalogue/calendars';
import { CalendarsController, RegionsController, SegmentsController } from './catalogue/catalogue.controller';
import { regionAggregate } from './catalogue/regions';
import { segmentAggregate } from './catalogue/segments';
import { ACCESS_GROUP, Consumers } from './consumers';
import { deadLetterAggregate } from './dead-letters/dead-letter.decider';
import { DeadLettersController } from './dead-letters/dead-letters.controller';
import { deadLettersProjection } from './dead-letters/dead-letters.projection';
import { waitingLetters } from './dead-letters/waiting-letters';
import { environmentAggregate } from './environments/environment.decider';
import { EnvironmentsController } from './environments/environments.controller';
import { experimentFlags } from './experiments/experiment-flags.process';
import { progressMigrations } from './experiments/experiment-progress';
import { refusalAggregate } from './experiments/refusal.decider';
import { EvaluationCounts } from './flags/evaluation-counts';
import { evaluationCountsProjection } from './flags/evaluation-counts.projection';
import { flagAggregate } from './flags/flag.decider';
import { FlagsController } from './flags/flags.controller';
import { AccessFeed } from './keys/access-feed';
import { keyAggregate } from './keys/key.decider';
import { KeysController } from './keys/keys.controller';
import { keyListMigrations, KeyListStore } from './segment-lists/key-list-store';
import { listChunkAggregate } from './segment-lists/list-chunk.decider';
import { SegmentLists } from './segment-lists/segment-lists';
import { SegmentListsController } from './segment-lists/segment-lists.controller';
import { SegmentListRoutes } from './segment-lists/segment-lists.routes';
import { signIn, signInAggregates, signInMigrations, type SignIn } from './sessions/sign-in';
import { DeliveryStore } from './webhooks/delivery-store';
import { webhookDeliveries } from './webhooks/webhook-deliveries.process';
import { webhookAggregate } from './webhooks/webhook.decider';
import { webhookMigrations, webhooks } from './webhooks/webhooks';
import { WebhooksController } from './webhooks/webhooks.controller';

const SCHEMA = 'flag_admin';
// Any number that no other service of the database uses.
const LOCK = 7_142_000_001;

interface Parts { database: Database; log: EventLog; store: EventStore; runner: ProjectionRunner; counts: EvaluationCounts; access: AccessFeed; lists: SegmentLists; people: SignIn; hooks: Provider[] }

@Module({})
class FlagAdminModule {
  static compose({ database, log, store, runner, counts, access, lists, people, hooks }: Parts): DynamicModule {
    return {
      module: FlagAdminModule,
      controllers: [
        ...people.controllers, FlagsController, SegmentListsController, SegmentsController, RegionsController, CalendarsController, EnvironmentsController, KeysController,
        AuditController, DeadLettersController, WebhooksController, Consumers,
      ],
      providers: [
        ...people.providers, ...hooks, { provide: Database, useValue: database }, { provide: EventLog, useValue: log }, { provide: EventStore, useValue: store }, { provide: ProjectionRunner, useValue: runner },
        { provide: EvaluationCounts, useValue: counts }, { provide: AccessFeed, useValue: access }, { provide: SegmentLists, useValue: lists },
      ],
    };
  }
}

const open = (databaseUrl: string, log: Infrastructure['log'], onDue: () => void = () => undefined) => {
  const database = Database.create({
    url: databaseUrl, name: 'pataka-flag-admin',
    migrations: [...EventStore.migrations(SCHEMA), ...ProjectionRunner.migrations(SCHEMA), ...progressMigrations(SCHEMA), ...keyListMigrations(SCHEMA), ...signInMigrations(SCHEMA), ...webhookMigrations(SCHEMA)],
  });
  const store = new EventStore({ database, schema: SCHEMA, service: 'flag-admin', lockId: LOCK });
  const aggregates = [flagAggregate, segmentAggregate, regionAggregate, calendarAggregate, environmentAggregate, keyAggregate, refusalAggregate, listChunkAggregate, deadLetterAggregate, webhookAggregate, ...signInAggregates];
  for (const aggregate of aggregates) store.register(aggregate);
  const hooks = webhookDeliveries({ store, deliveries: new DeliveryStore(database, SCHEMA), onAdded: onDue });
  const runner = new ProjectionRunner({ database, schema: SCHEMA, log, service: 'flag-admin', projections: [evaluationCountsProjection, deadLettersProjection, experimentFlags(store), hooks] });
  return { database, store, runner };
};

/** The data of flag-admin, for replay and verification. */
export const openOperations: OpenOperations = ({ databaseUrl, log }) => {
  const { database, store, runner } = open(databaseUrl, log);
  return { store, runner, close: () => database.close() };
};

const print = (bootstrap: Bootstrap): void => {
  process.stdout.write(bootstrapLines(bootstrap));
};

/** What monitoring is told; answers what the consumers are to be heard by. */
const metersOf = ({ metrics: registry }: Infrastructure, { database, runner, relay }: { database: Database; runner: ProjectionRunner; relay: OutboxRelay }): ConsumerMetrics['hooks'] => {
  outboxMetrics(registry, relay, Date.now);
  readSeries(registry, { name: 'pataka_dead_letters', help: 'Records that could not be taken and have not been replayed', labelNames: ['topic'], read: () => waitingLetters(database, runner, SCHEMA) });
  return new ConsumerMetrics({ registry, runner, projections: Object.fromEntries(runner.names().map((name) => [name, name])), now: Date.now }).hooks;
};

/** Resolves after the first try; where that fails the work goes on behind. */
const onceTried = (work: () => Promise<void>, signal: AbortSignal, onError: (error: Error) => void): Promise<void> =>
  new Promise((resolve) => {
    const failed = (error: Error): void => {
      onError(error);
      resolve();
    };
    void untilDone(work, { signal, onError: failed }).then(resolve);
  });

/**
 * Opens flag-admin. It starts and takes writes whatever is away: without the log its events wait in the outbox, without the database it
 * answers 503 until that is back. `onBootstrap` gets the secrets of the first start.
 */
export const openService = async (config: PlatformConfig, infrastructure: Infrastructure, onBootstrap: (bootstrap: Bootstrap) => void = print): Promise<Service> => {
  const { log, logger } = infrastructure;
  let onDue = (): void => undefined;
  const { database, store, runner } = open(infrastructure.databaseUrl, log, () => onDue());
  const { worker, providers: hooks } = webhooks({ database, schema: SCHEMA, store, config, infrastructure });
  onDue = () => worker.wake();
  const relay = new OutboxRelay({ database, schema: SCHEMA, log, onError: (error) => logger.warn({ error: error.message }, 'events wait in the outbox') });
  const directory = new AccessDirectory();
  const access = new AccessFeed(store, directory);
  const lists = new SegmentLists(store, new KeyListStore(database, SCHEMA));
  const people = signIn({ database, schema: SCHEMA, store, access, directory, config, onError: (error) => logger.warn({ error: error.message }, 'what was to be written down of sessions waits, or is lost') });
  const rebuilds = new Rebuilds({ database, schema: SCHEMA, runner, log, now: Date.now, onError: (error) => logger.error({ err: error }, 'a rebuild failed') });
  const opening = new AbortController();
  const bootstrap = bootstrapper(store, config);
  let prepared = false;
  const prepare = async (): Promise<void> => {
    const made = await bootstrap();
    await people.begin();
    prepared = true;
    onBootstrap(made);
  };

  const hooksOfConsumers = metersOf(infrastructure, { database, runner, relay });
  store.onAppended(() => relay.wake());
  relay.start();
  worker.start();
  await onceTried(prepare, opening.signal, (error) => logger.warn({ error: error.message }, 'the first start waits for the database'));
  return createService({
    name: 'flag-admin',
    module: FlagAdminModule.compose({ database, log, store, runner, counts: new EvaluationCounts(database, runner), access, lists, people, hooks }),
    hotRoutes: [...new SegmentListRoutes(lists).routes(), ...projectionRoutes('flag-admin', rebuilds)],
    infrastructure, access: directory,
    checks: {
      database: () => (prepared && database.healthy() ? { status: 'pass' } : { status: 'fail', detail: 'the database is away' }),
      eventLog: () => (log.healthy() ? { status: 'pass' } : { status: 'warn', detail: 'the event log is away: changes wait in the outbox' }),
    },
    transport: new EventLogTransport({ log, ...hooksOfConsumers, position: async (group, topic, partition) => (group === ACCESS_GROUP ? '0' : runner.position(group, topic, partition)) }),
    site: StaticSite.open(join(__dirname, '../../admin-ui/dist')),
    openapi: () => openapiDocument('flag-admin'),
    onReady: () => void untilDone(() => log.ensureTopics(Object.values(topics)), { signal: opening.signal, onError: (error) => logger.warn({ error: error.message }, 'the topics could not be made yet') }),
    onClose: async () => {
      opening.abort();
      await rebuilds.stop();
      await worker.stop();
      await relay.stop();
      await database.close();
      await infrastructure.close();
    },
  });
};
