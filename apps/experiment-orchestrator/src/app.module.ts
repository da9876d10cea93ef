import { type DynamicModule, Module } from '@nestjs/common';
import { openapiDocument, topics } from '@pataka/contracts';
import { Database, EventLogTransport, EventStore, OutboxRelay, ProjectionRunner, Rebuilds } from '@pataka/event-sourcing';
import { AccessDirectory, type Clock, ConsumerMetrics, createService, outboxMetrics, readGauge, readSeries, type Infrastructure, openClock, type OpenOperations, type PlatformConfig, type Service, untilDone, projectionRoutes } from '@pataka/platform';
import { reweighDue } from './bandits/reweigh';
import { Consumers } from './consumers';
import { experimentAggregate } from './experiments/experiment.decider';
import { ExperimentChecks } from './experiments/experiment-checks';
import { ExperimentReads } from './experiments/experiment-reads';
import { experimentResultsProjection, RESULTS_PROJECTION } from './experiments/experiment-results.projection';
import { ExperimentsController } from './experiments/experiments.controller';
import { FLAG_LINK, flagLinks } from './experiments/flag-link.process';
import { CLOCK, PlanningController } from './experiments/planning.controller';
import { holdoutAggregate } from './layers/holdout.decider';
import { LayersController } from './layers/layers.controller';
import { Placements } from './layers/placement';
import { Catalogue } from './rollouts/catalogue';
import { CATALOGUE, catalogueProjection } from './rollouts/catalogue.projection';
import { EvidenceWatch } from './rollouts/evidence-watch';
import { ROLLOUT_ALERTS, rolloutAlerts } from './rollouts/rollout-alerts.process';
import { rolloutAlertAggregate } from './rollouts/rollout-alert.decider';
import { RolloutWorker } from './rollouts/rollout.worker';
import { timerMigrations } from './rollouts/timers';

const SCHEMA = 'orchestrator';
// Any number that no other service of the database uses.
const LOCK = 7_142_000_002;
// A series each: their number has to stay bounded.
const MOST_SERIES = 50;
const checkpointed = new Set([FLAG_LINK, RESULTS_PROJECTION, CATALOGUE, ROLLOUT_ALERTS]);

interface Parts { database: Database; store: EventStore; runner: ProjectionRunner; access: AccessDirectory; reads: ExperimentReads; catalogue: Catalogue; now: Clock }

@Module({})
class OrchestratorModule {
  static compose({ database, store, runner, access, reads, catalogue, now }: Parts): DynamicModule {
    const placements = new Placements(SCHEMA);
    return {
      module: OrchestratorModule,
      controllers: [PlanningController, ExperimentsController, LayersController, Consumers],
      providers: [
        { provide: Database, useValue: database }, { provide: Placements, useValue: placements }, { provide: EventStore, useValue: store }, { provide: ProjectionRunner, useValue: runner },
        { provide: AccessDirectory, useValue: access }, { provide: ExperimentReads, useValue: reads }, { provide: Catalogue, useValue: catalogue }, { provide: CLOCK, useValue: now },
        { provide: ExperimentChecks, useValue: new ExperimentChecks({ access, catalogue, placements, sql: database }) },
      ],
    };
  }
}

interface Opening { databaseUrl: string; log: Infrastructure['log']; now?: Clock; onResults?: (experiments: string[]) => void }

const open = ({ databaseUrl, log, now, onResults }: Opening) => {
  const database = Database.create({ url: databaseUrl, name: 'pataka-experiment-orchestrator', migrations: [...EventStore.migrations(SCHEMA), ...ProjectionRunner.migrations(SCHEMA), ...timerMigrations(SCHEMA)] });
  const store = new EventStore({ database, schema: SCHEMA, service: 'experiment-orchestrator', lockId: LOCK, ...(now === undefined ? {} : { now }) });
  store.register(experimentAggregate);
  store.register(holdoutAggregate);
  store.register(rolloutAlertAggregate);
  const runner = new ProjectionRunner({ database, schema: SCHEMA, log, service: 'experiment-orchestrator', projections: [experimentResultsProjection(onResults), catalogueProjection, flagLinks(store), rolloutAlerts(store)] });
  return { database, store, runner };
};

/** The orchestrator's data, for replay and verification. */
export const openOperations: OpenOperations = ({ databaseUrl, log }) => {
  const { database, store, runner } = open({ databaseUrl, log });
  return { store, runner, close: () => database.close() };
};

/** Opens the orchestrator. It starts whatever is away; without the database it answers 503 until that is back. */
export const openService = async (config: PlatformConfig, infrastructure: Infrastructure): Promise<Service> => {
  const { log, logger } = infrastructure;
  const now = openClock(config.clockFile);
  const watch = new EvidenceWatch();
  const { database, store, runner } = open({ databaseUrl: infrastructure.databaseUrl, log, now, onResults: (experiments) => watch.changed(experiments, performance.now()) });
  const reads = new ExperimentReads({ database, store, runner, schema: SCHEMA });
  const catalogue = new Catalogue({ database, runner });
  const access = new AccessDirectory();
  const relay = new OutboxRelay({ database, schema: SCHEMA, log, onError: (error) => logger.warn({ error: error.message }, 'events wait in the outbox') });
  const worker = new RolloutWorker({ database, store, schema: SCHEMA, logger, now, reads, catalogue, watch, also: reweighDue });
  const rebuilds = new Rebuilds({ database, schema: SCHEMA, runner, log, now: Date.now, onError: (error) => logger.error({ err: error }, 'a rebuild failed') });
  const opening = new AbortController();

  const registry = infrastructure.metrics;
  const consumers = new ConsumerMetrics({ registry, runner, projections: Object.fromEntries([...checkpointed].map((name) => [name, name])), now: Date.now });
  outboxMetrics(registry, relay, Date.now);
  readSeries(registry, { name: 'pataka_rollout_step', help: 'The step that an experiment is at, of those that run', labelNames: ['experiment'], read: () => reads.steps(MOST_SERIES) });
  readGauge(registry, { name: 'pataka_scheduler_leader', help: '1 while this process takes on what falls due: every orchestrator does, each a different experiment' }, () => (worker.works() ? 1 : 0));
  store.onAppended(() => relay.wake());
  relay.start();
  worker.start();
  return createService({
    name: 'experiment-orchestrator',
    module: OrchestratorModule.compose({ database, store, runner, access, reads, catalogue, now }),
    infrastructure, access, hotRoutes: projectionRoutes('experiment-orchestrator', rebuilds),
    checks: {
      database: () => (database.healthy() ? { status: 'pass' } : { status: 'fail', detail: 'the database is away' }),
      eventLog: () => (log.healthy() ? { status: 'pass' } : { status: 'warn', detail: 'the event log is away: changes wait in the outbox' }),
    },
    transport: new EventLogTransport({ log, ...consumers.hooks, position: async (group, topic, partition) => (checkpointed.has(group) ? runner.position(group, topic, partition) : '0') }),
    openapi: () => openapiDocument('experiment-orchestrator'),
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

export { cellsOf } from './experiments/cells';
export { experimentFaults } from './experiments/experiment-faults';
export { simulateRun, syntheticSource, type EvidenceSource, type SimulatedRun, type Simulation, type SyntheticWorld } from './simulation/simulation';
export type { Truth } from './simulation/synthetic-evidence';
