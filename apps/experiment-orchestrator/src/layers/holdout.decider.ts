import { type CreateHoldout, DomainError, type Holdout, type HoldoutEvent, topics } from '@pataka/contracts';
import type { Aggregate, StoredFacts } from '@pataka/event-sourcing';
import { BUCKETS } from './allocation';

export type HoldoutState = Holdout | null;
export type HoldoutCommand = { type: 'CreateHoldout'; body: CreateHoldout } | { type: 'EndHoldout' };

const create = (body: CreateHoldout, state: HoldoutState): HoldoutEvent[] => {
  if (state !== null) throw new DomainError('already-exists', `There is a holdout "${body.key}"`);
  const { environment = 'production', salt = `holdout:${body.key}` } = body;
  return [{ type: 'holdout.created', data: { holdout: { ...body, environment, salt, until: Math.round((body.percentage * BUCKETS) / 100) } } }];
};

const end = (state: HoldoutState): HoldoutEvent[] => {
  if (state === null) throw new DomainError('not-found', 'There is no such holdout');
  return state.status === 'ENDED' ? [] : [{ type: 'holdout.ended', data: {} }];
};

const decide = (command: HoldoutCommand, state: HoldoutState): HoldoutEvent[] => {
  switch (command.type) {
    case 'CreateHoldout': return create(command.body, state);
    case 'EndHoldout': return end(state);
  }
};

const evolve = (state: HoldoutState, event: HoldoutEvent & StoredFacts): HoldoutState => {
  switch (event.type) {
    case 'holdout.created': return { ...event.data.holdout, status: 'ACTIVE', version: event.version, createdBy: event.meta.actor, createdAt: event.at, updatedAt: event.at };
    case 'holdout.ended': return { ...state!, status: 'ENDED', endedAt: event.at, version: event.version, updatedAt: event.at };
  }
};

/** Holdouts, as event-sourced streams keyed by key. */
export const holdoutAggregate: Aggregate<HoldoutState, HoldoutCommand, HoldoutEvent> = {
  category: 'holdout',
  initialState: null,
  decide,
  evolve,
  document: (state) => state,
  publish: ({ type, data, meta }, after) => ({
    topic: topics.holdoutChanges.name, key: after!.key, type,
    data: { change: { type, data }, actor: meta.actor, ...(meta.reason === undefined ? {} : { reason: meta.reason }), holdout: after },
  }),
};
