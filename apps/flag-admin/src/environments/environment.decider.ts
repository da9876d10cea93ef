import { CreateEnvironment, DomainError, faultsOf, topics, type AccessChange, type Environment, type JsonObject } from '@pataka/contracts';
import { faultOf, isRecord, reservedName } from '@pataka/evaluation';
import type { Aggregate, StoredFacts } from '@pataka/event-sourcing';
import { mergeFaults, refuse } from '../faults/faults';

export interface EnvironmentEvent { type: 'environment.created'; data: { environment: { key: string; name: string } } }
export type EnvironmentState = Environment | null;
/** `ensure` makes it unless it is there; `create` refuses then. */
export type EnvironmentCommand = { type: 'create' | 'ensure'; body: unknown };

const decide = ({ type, body }: EnvironmentCommand, state: EnvironmentState): EnvironmentEvent[] => {
  refuse(mergeFaults(faultOf('/key', isRecord(body) ? reservedName(body['key']) : null), faultsOf(CreateEnvironment, body)));
  const { key, name = key } = body as CreateEnvironment;
  if (state === null) return [{ type: 'environment.created', data: { environment: { key, name } } }];
  if (type === 'create') throw new DomainError('already-exists', `There is an environment "${key}"`);
  return [];
};

const evolve = (_state: EnvironmentState, event: EnvironmentEvent & StoredFacts): EnvironmentState =>
  ({ ...event.data.environment, createdBy: event.meta.actor, createdAt: event.at, version: event.version });

const publish = (event: EnvironmentEvent & StoredFacts, after: EnvironmentState) => {
  const { key } = event.data.environment;
  const why = event.meta.reason === undefined ? {} : { reason: event.meta.reason };
  const data: AccessChange = { kind: 'environment', change: 'created', actor: event.meta.actor, ...why, id: key, after: { ...after } as JsonObject };
  return { topic: topics.accessChanges.name, key, type: event.type, data };
};

export const environmentAggregate: Aggregate<EnvironmentState, EnvironmentCommand, EnvironmentEvent> = {
  category: 'environment',
  initialState: null,
  decide, evolve, publish,
  document: (environment) => environment,
};
