import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Module, type DynamicModule } from '@nestjs/common';
import { openapiDocument, topics } from '@pataka/contracts';
import { Database, EventLogTransport, EventStore, OutboxRelay, ProjectionRunner, Rebuilds } from '@pataka/event-sourcing';
import { AccessDirectory, ConsumerMetrics, createService, projectionRoutes, untilDone, type Infrastructure, type OpenOperations, type PlatformConfig, type Service } from '@pataka/platform';
import { AlertContext } from './alerts/alert-context';
import { alertWatchAggregate } from './alerts/alert-watch.decider';
import { alertWatch } from './alerts/alert-watch.process';
import { AlertsController } from './alerts/alerts.controller';
import { alertsProjection } from './alerts/alerts.projection';
import { defineFromTheStart } from './catalogue/define-metrics';
import { Consumers, projectionOf } from './consumers';
import { correctionAggregate } from './corrections/correction.decider';
import { CorrectionsController } from './corrections/corrections.controller';
import { EVIDENCE, evidenceProjection, type OnCommitted } from './evidence/evidence.projection';
import { correctionDdl } from './evidence/evidence-tables';
import { EventOutcomes } from './evidence/event-outcomes';
import { dashboards } from './kpis/dashboards';
import { KpisController } from './kpis/kpis.controller';
import { OverviewReader } from './kpis/overview-reader';
import { LiveFeed } from './live/live-feed';
import { experimentMetrics } from './metrics/experiment-metrics.process';
import { metricAggregate } from './metrics/metric.decider';
import { MetricsController } from './metrics/metrics.controller';
import { EvidenceReader } from './results/evidence-reader';
import { ReportStore } from './results/report-store';
import { PowerController } from './results/power.controller';
import { ResultsPublisher } from './results/results-publisher';
import { ResultsController } from './results/results.controller';
import { SubjectsController } from './subjects/subjects.controller';

const SCHEMA = 'analytics';
// Only compiled code can be started in a thread.
const FILL_SCRIPT = join(__dirname, 'fill-thread.js');
// Any number that no other service of the database uses.
const LOCK = 7_142_000_003;

interface Parts { database: Database; reports: ReportStore; store: EventStore; runner: ProjectionRunner; access: AccessDirectory; evidence: EvidenceReader; overviews: OverviewReader }

@Module({})
class AnalyticsModule {
  static compose({ database, store, runner, access, evidence, reports, overviews }: Parts): DynamicModule {
    return {
      module: AnalyticsModule,
      controllers: [ResultsController, CorrectionsController, MetricsController, PowerController, SubjectsController, AlertsController, KpisController, Consumers],
      providers: [
        { provide: Database, useValue: database }, { provide: EventStore, useValue: store }, { provide: ProjectionRunner, useValue: runner },
        { provide: AccessDirectory, useValue: access }, { provide: EvidenceReader, useValue: evidence },
        { provide: AlertContext, useValue: new AlertContext(database, runner) }, { provide: ReportStore, useValue: reports }, { provide: OverviewReader, useValue: overviews },
      ],
    };
  }
}

const open = (databaseUrl: string, log: Infrastructure['log'], onCommitted?: OnCommitted) => {
  const database = Database.create({ url: databaseUrl, name: 'pataka-analytics', migrations: [...EventStore.migrations(SCHEMA), ...ProjectionRunner.migrations(SCHEMA), ...ReportStore.migrations(SCHEMA)] });
  const store = new EventStore({ database, schema: SCHEMA, service: 'analytics', lockId: LOCK });
  for (const aggregate of [metricAggregate, correctionAggregate, alertWatchAggregate]) store.register(aggregate);
  const fillThread = existsSync(FILL_SCRIPT) ? { fillThread: { script: FILL_SCRIPT, data: databaseUrl } } : {};
  // The watch reads what the runner keeps, and runs on it.
  const context = new AlertContext(database, { liveSchema: (name) => runner.liveSchema(name) });
  const projections = [evidenceProjection(onCommitted), experimentMetrics(store), alertWatch({ store, context }), alertsProjection];
  const runner: ProjectionRunner = new ProjectionRunner({ database, schema: SCHEMA, log, service: 'analytics', projections, ...fillThread });
  return { database, store, runner };
};

/** The data of analytics, for replay and verification. */
export const openOperations: OpenOperations = ({ databaseUrl, log }) => {
  const { database, store, runner } = open(databaseUrl, log);
  return { store, runner, close: () => database.close() };
};

const consumersOf = ({ log, logger, metrics }: Infrastructure, runner: ProjectionRunner): EventLogTransport => new EventLogTransport({
  log, ...new ConsumerMetrics({ registry: metrics, runner, projections: projectionOf, now: Date.now }).hooks,
  position: async (group, topic, partition) => (projectionOf[group] === undefined ? '0' : runner.position(projectionOf[group], topic, partition)),
  onError: (error, group) => logger.warn({ error: error.message, group }, 'a batch is tried again'),
});

/** Opens analytics. It starts whatever is away; without the database it answers 503 until that is back. */
export const openService = async (_config: PlatformConfig, infrastructure: Infrastructure): Promise<Service> => {
  const { log, logger } = infrastructure;
  const warn = (message: string) => (error: Error): void => logger.warn({ error: error.message }, message);
  let publisher: ResultsPublisher | undefined;
  const outcomes = new EventOutcomes(infrastructure.metrics);
  const { database, store, runner } = open(infrastructure.databaseUrl, log, outcomes.andThen((experiments) => publisher?.changed(experiments)));
  const access = new AccessDirectory();
  const evidence = new EvidenceReader(database, runner);
  const reports = new ReportStore(database, SCHEMA);
  const results = (publisher = new ResultsPublisher({ evidence, reports, log, now: () => new Date().toISOString(), onError: warn('results wait to be published') }));
  const relay = new OutboxRelay({ database, schema: SCHEMA, log, onError: warn('events wait in the outbox') });
  const boards = dashboards({ infrastructure, database, runner, evidence, relay, now: store.now, onError: warn('the time series waits') });
  const live = new LiveFeed({ log, access, now: Date.now, onError: warn('the live feed misses something') });
  const rebuilds = new Rebuilds({ database, schema: SCHEMA, runner, log, now: Date.now, onError: (error) => logger.error({ err: error }, 'a rebuild failed') });
  const opening = new AbortController();
  const until = (work: () => Promise<void>, message: string): void => void untilDone(work, { signal: opening.signal, onError: warn(message) });

  store.onAppended(() => relay.wake());
  relay.start();
  boards.start();
  return createService({
    name: 'analytics',
    module: AnalyticsModule.compose({ database, store, runner, access, evidence, reports, overviews: boards.overviews }),
    infrastructure, access,
    hotRoutes: [...live.routes(), ...projectionRoutes('analytics', rebuilds)],
    checks: {
      database: () => (database.healthy() ? { status: 'pass' } : { status: 'fail', detail: 'the database is away' }),
      eventLog: () => (log.healthy() ? { status: 'pass' } : { status: 'warn', detail: 'the event log is away: evidence waits' }),
    },
    transport: consumersOf(infrastructure, runner),
    openapi: () => openapiDocument('analytics'),
    onReady: () => {
      until(() => log.ensureTopics(Object.values(topics)), 'the topics could not be made yet');
      until(() => defineFromTheStart(store), 'the built-in metrics wait for the database');
      until(async () => void (await database.query(correctionDdl(await runner.liveSchema(EVIDENCE)))), 'the table of corrections waits for the database');
      until(() => results.begin(), 'the first results wait for the database');
    },
    onDrain: () => void live.close(),
    onClose: async () => {
      opening.abort();
      await rebuilds.stop();
      await results.stop();
      await boards.stop();
      await relay.stop();
      await database.close();
      await infrastructure.close();
    },
  });
};
