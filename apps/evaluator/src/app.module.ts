import { type DynamicModule, Module } from '@nestjs/common';
import { openapiDocument, topics } from '@pataka/contracts';
import { Database, EventLogTransport, uuidv7 } from '@pataka/event-sourcing';
import { AccessDirectory, createService, type Infrastructure, NoSnapshotCache, type PlatformConfig, type Service, untilDone } from '@pataka/platform';
import { withCors } from './cors';
import { evaluationDurations, evaluatorMetrics } from './evaluator-metrics';
import { ClientRules } from './events/client-rules';
import { EvaluationCounts } from './events/evaluation-counts';
import { BackgroundEvents, EventBuffer } from './events/event-buffer';
import { EventsRoute } from './events/events.routes';
import { Exposures } from './events/exposures';
import { ChangeHistory } from './explain/change-history';
import { ExplainRoutes } from './explain/explain.routes';
import { KeyListArchive, keyListMigrations } from './lists/key-list-archive';
import { KeyListFollower } from './lists/key-list-follower';
import { ListsRoutes } from './lists/lists.routes';
import { OfrepRoutes } from './ofrep/ofrep.routes';
import { RulesetConsumer } from './ruleset/ruleset.consumer';
import { RulesetFollower } from './ruleset/ruleset-follower';
import { RulesetRoutes } from './ruleset/ruleset.routes';
import { RulesetState } from './ruleset/ruleset-state';
import { snapshotMigrations, Snapshots } from './ruleset/snapshots';
import { ChangeStreams } from './stream/change-streams';
import { StreamTokens } from './stream/stream-tokens';

const SCHEMA = 'evaluator';

@Module({})
class EvaluatorModule {
  static compose(follower: RulesetFollower, lists: KeyListFollower): DynamicModule {
    return {
      module: EvaluatorModule, controllers: [RulesetConsumer],
      providers: [{ provide: RulesetFollower, useValue: follower }, { provide: KeyListFollower, useValue: lists }],
    };
  }
}

/** Opens the evaluator. It starts with whatever is there (cache, database or log) and is ready once one of them told it the rules. */
export const openService = async (_config: PlatformConfig, infrastructure: Infrastructure): Promise<Service> => {
  const { log, cache, logger } = infrastructure;
  const now = (): number => Date.now();
  const database = Database.create({ url: infrastructure.databaseUrl, name: 'pataka-evaluator', migrations: [...snapshotMigrations(SCHEMA), ...keyListMigrations(SCHEMA)], poolSize: 3 });
  const access = new AccessDirectory();
  const opening = new AbortController();
  const lists = new KeyListFollower({ log, archive: new KeyListArchive(database, SCHEMA), logger, signal: opening.signal });
  const state = new RulesetState(lists.library);
  const clientRules = new ClientRules(state, now);
  const snapshots = new Snapshots({ cache, database, schema: SCHEMA, state, access, lists });
  const cached = (): boolean => !(cache instanceof NoSnapshotCache) && cache.healthy();
  const follower = new RulesetFollower({ log, state, access, clientRules, snapshots, logger, otherSources: () => cached() || database.healthy() });
  const buffer = new EventBuffer(log);
  const background = new BackgroundEvents(buffer);
  const counts = new EvaluationCounts(background, uuidv7, now);
  const exposures = new Exposures(background, uuidv7, now);
  const tokens = new StreamTokens(access, now);
  const streams = new ChangeStreams({ state, access, tokens, now, random: Math.random });
  const needRules = (): void => follower.needRules();
  const timed = evaluationDurations();
  const ofrep = new OfrepRoutes({ state, exposures, counts, tokens, stale: () => follower.stale(), needRules, now, timed });
  const hooks = evaluatorMetrics({ registry: infrastructure.metrics, counts, follower, access, streams, timed, now });
  const history = new ChangeHistory({ log, settled: () => state.position });
  const explaining = new ExplainRoutes({ state, history, lists, needRules, environments: () => access.environments(), now });
  const events = new EventsRoute({ buffer, clientRules, now });
  const prepareTopics = (): Promise<void> => log.ensureTopics(Object.values(topics)).then(() => follower.noteEmptyTopics());

  await follower.restore();
  return createService({
    name: 'evaluator',
    module: EvaluatorModule.compose(follower, lists),
    infrastructure, access,
    hotRoutes: withCors([...ofrep.routes(), ...new RulesetRoutes({ state, needRules }).routes(), ...new ListsRoutes({ lists, needRules }).routes(), ...explaining.routes(), ...events.routes(), ...streams.routes()]),
    checks: { rules: () => follower.health(), eventLog: () => (log.healthy() ? { status: 'pass' } : { status: 'warn', detail: 'the event log is away: events are refused, evaluation goes on' }) },
    transport: new EventLogTransport({ log, ...hooks, position: async (_group, topic) => follower.position(topic) }),
    openapi: () => openapiDocument('evaluator'),
    onReady: () => void untilDone(prepareTopics, { signal: opening.signal, onError: (error) => logger.warn({ error: error.message }, 'the topics could not be made yet') }),
    onDrain: () => streams.close(),
    onClose: async () => {
      opening.abort();
      history.close();
      counts.close();
      await background.close();
      await buffer.drained();
      await follower.close();
      await database.close();
      await infrastructure.close();
    },
  });
};
