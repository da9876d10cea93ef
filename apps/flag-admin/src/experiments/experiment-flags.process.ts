import { DomainError, topics, type ExperimentChange } from '@pataka/contracts';
import { handle, processManager, type CommandContext, type EventStore, type ReceivedEvent, type Sql } from '@pataka/event-sourcing';
import { refuse } from '../faults/faults';
import { flagAggregate, type FlagCommand, type FlagState } from '../flags/flag.decider';
import { dependentsOf, flagWorld } from '../flags/flag-world';
import { ruleFaults } from '../flags/rule-faults';
import { flagOf, ruleOf, typeOf } from './experiment-flag';
import { isNews } from './experiment-progress';
import { reactionTo, type Reaction } from './experiment-reaction';
import { refusalAggregate } from './refusal.decider';

/** Also the consumer group. */
export const EXPERIMENT_FLAGS = 'flag-admin-experiments';

const contextOf = (event: ReceivedEvent, { actor, change, reason, experiment }: ExperimentChange): CommandContext => ({
  meta: {
    actor, reason: reason ?? `${change.type} of ${experiment.key}`,
    correlationId: event.record.headers['ce_correlationid'] ?? event.id, causationId: event.id,
  },
});

const create = async (store: EventStore, sql: Sql, state: FlagState, { experiment }: ExperimentChange): Promise<FlagCommand> => {
  // What we have made before is there already; whatever else has the key makes the decider refuse.
  if (state?.experimentId === experiment.id) return { type: 'leave' };
  const body = flagOf(experiment);
  return { type: 'create', body, world: await flagWorld(store, sql, body.key, body), experimentId: experiment.id };
};

const commandFor = async (store: EventStore, sql: Sql, state: FlagState, reaction: Reaction, change: ExperimentChange): Promise<FlagCommand> => {
  const { id: experimentId, flagKey } = change.experiment;
  switch (reaction.type) {
    case 'make-flag': return create(store, sql, state, change);
    case 'archive-flag': return { type: 'archive-with-experiment', experimentId, dependents: await dependentsOf(store, sql, flagKey) };
    case 'place-experiment-rule':
    case 'end-experiment':
    case 'leave': return reaction;
  }
};

/** A rule that no flag may have is refused before it is placed, and before there is a flag for it. */
const refuseFaultyRule = (reaction: Reaction, { experiment }: ExperimentChange): void => {
  if (reaction.type !== 'make-flag' && reaction.type !== 'place-experiment-rule') return;
  const value = experiment.variants[0]?.config;
  refuse(ruleFaults(ruleOf(experiment), value === undefined ? null : typeOf(value), ''));
};

const detailOf = (error: DomainError): string =>
  [error.message, ...error.faults.map((fault) => `${fault.pointer}: ${fault.detail}`)].join('; ');

const react = async (store: EventStore, event: ReceivedEvent): Promise<void> => {
  const change = event.data as unknown as ExperimentChange;
  const { experiment } = change;
  const reaction = reactionTo(change);
  const context = contextOf(event, change);
  if (reaction.type === 'leave') return;
  try {
    refuseFaultyRule(reaction, change);
    await handle(store, flagAggregate, experiment.flagKey, async (sql, state) => {
      const news = await isNews(sql, store.schema, experiment, event.id);
      return news ? commandFor(store, sql, state, reaction, change) : { type: 'leave' };
    }, context);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const refusal = { experimentId: experiment.id, flagKey: experiment.flagKey, code: error.code, detail: detailOf(error) };
    await handle(store, refusalAggregate, experiment.id, { type: 'refuse', refusal }, context);
  }
};

/** The saga's side of the flags: an experiment's events make, move and end the rule that it owns. */
export const experimentFlags = (store: EventStore) =>
  processManager({ name: EXPERIMENT_FLAGS, topics: [topics.experimentEvents.name], react: (event) => react(store, event) });
