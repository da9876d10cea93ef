import {
  DomainError, schemaVersionOf, topics, upcastData,
  type Flag, type FlagChange, type FlagChanges, type FlagEvent as AnyFlagEvent, type FlagStatus, type Rule,
} from '@pataka/contracts';
import type { Aggregate, StoredFacts } from '@pataka/event-sourcing';
import { sameJson } from '../faults/same-json';
import { refuseFaultyFlag, refuseFaultyPatch, refuseFaultySettings } from './flag-faults';
import { endExperiment, placeExperimentRule, type EndExperiment, type PlaceExperimentRule } from './experiment-rule';
import type { FlagWorld } from './prerequisite-faults';

export type FlagEvent = Exclude<AnyFlagEvent, { type: 'experiment-flag.refused' }>;
/** A flag once made stays: archived is its last status. */
export type FlagState = Flag | null;

/** Bodies come unparsed, so that faults of shape and of meaning are told together. */
interface CreateFlagCommand { type: 'create'; body: unknown; world: FlagWorld; experimentId?: string }
interface PatchFlagCommand { type: 'patch'; body: unknown; world: FlagWorld }
interface SetEnvironment { type: 'set-environment'; environment: string; body: unknown; world: FlagWorld }
interface Archive { type: 'archive'; dependents: readonly string[] }
interface ArchiveWithExperiment { type: 'archive-with-experiment'; experimentId: string; dependents: readonly string[] }
export type FlagCommand =
  | CreateFlagCommand | PatchFlagCommand | SetEnvironment | Archive | ArchiveWithExperiment | PlaceExperimentRule | EndExperiment
  | { type: 'activate' } | { type: 'deactivate' } | { type: 'leave' };

const CHANGEABLE = ['name', 'description', 'tags', 'owner', 'defaultValue', 'defaultVariant', 'metadata', 'clientVisible', 'prerequisites'] as const;
const ALLOWED: Readonly<Record<FlagStatus, readonly string[]>> = { ACTIVE: ['deactivate', 'archive'], INACTIVE: ['activate', 'archive'], ARCHIVED: [] };

const present = (flag: FlagState): Flag => {
  if (flag === null) throw new DomainError('flag-not-found');
  return flag;
};

const changeable = (state: FlagState, what: string): Flag => {
  const flag = present(state);
  if (flag.status !== 'ARCHIVED') return flag;
  const allowed = ALLOWED[flag.status];
  throw new DomainError('illegal-transition', `The flag is ${flag.status}, which is final: ${what} is not possible`, [], { currentStatus: flag.status, allowed });
};

const rulesOf = (flag: Pick<Flag, 'environments'>): Rule[] => Object.values(flag.environments).flatMap((settings) => settings.rules);
const owned = (rules: readonly Rule[]): Rule[] => rules.filter((rule) => rule.experimentId !== undefined);

const refuseOwned = (rules: readonly Rule[], what: string): void => {
  const rule = owned(rules)[0];
  if (rule !== undefined) throw new DomainError('owned-by-experiment', `Rule "${rule.id}" belongs to experiment ${rule.experimentId}: ${what}`);
};

const create = (command: CreateFlagCommand, state: FlagState): FlagEvent[] => {
  const body = refuseFaultyFlag(command.body, command.world);
  const environments = body.environments ?? {};
  refuseOwned(rulesOf({ environments }), 'it cannot be written by hand');
  const taken = state?.key ?? command.world.sameKey;
  if (taken !== null) throw new DomainError('already-exists', `There is a flag "${taken}"`);
  const made = command.experimentId === undefined ? {} : { experimentId: command.experimentId };
  const defaults = { name: body.key, description: '', tags: [], status: 'INACTIVE' as const, metadata: {}, clientVisible: false, prerequisites: [] };
  return [{ type: 'flag.created', data: { flag: { ...defaults, ...body, environments, ...made } } }];
};

const patch = (command: PatchFlagCommand, state: FlagState): FlagEvent[] => {
  const flag = changeable(state, 'a change');
  const body = refuseFaultyPatch(command.body, flag, command.world);
  const changed = CHANGEABLE.filter((name) => body[name] !== undefined && !sameJson(body[name], flag[name]));
  if (changed.length === 0) return [];
  const changes: FlagChanges = Object.fromEntries(changed.map((name) => [name, body[name]]));
  return [{ type: 'flag.updated', data: { changes } }];
};

const setEnvironment = ({ environment, body, world }: SetEnvironment, state: FlagState): FlagEvent[] => {
  const flag = changeable(state, 'a change of its rules');
  const settings = refuseFaultySettings(body, environment, flag.type, world);
  const before = flag.environments[environment];
  if (!sameJson(owned(before?.rules ?? []), owned(settings.rules))) {
    refuseOwned([...owned(before?.rules ?? []), ...owned(settings.rules)], 'it cannot be added, changed or removed by hand');
  }
  return sameJson(before, settings) ? [] : [{ type: 'flag.environment-changed', data: { environment, settings } }];
};

const activate = (state: FlagState): FlagEvent[] =>
  (changeable(state, 'activate').status === 'ACTIVE' ? [] : [{ type: 'flag.activated', data: {} }]);

const deactivate = (state: FlagState): FlagEvent[] =>
  (changeable(state, 'deactivate').status === 'INACTIVE' ? [] : [{ type: 'flag.deactivated', data: {} }]);

const archive = ({ dependents }: Archive, state: FlagState): FlagEvent[] => {
  const flag = present(state);
  if (flag.status === 'ARCHIVED') return [];
  refuseOwned(rulesOf(flag), 'end the experiment first');
  if (dependents.length > 0) throw new DomainError('has-dependents', `It is a prerequisite of ${dependents.join(', ')}`, [], { dependents });
  return [{ type: 'flag.archived', data: {} }];
};

/** A flag that others need stays when its experiment is archived: its default is then an ordinary value. */
const archiveWithExperiment = ({ experimentId, dependents }: ArchiveWithExperiment, flag: FlagState): FlagEvent[] => {
  if (flag?.experimentId !== experimentId || flag.status === 'ARCHIVED' || dependents.length > 0) return [];
  return [{ type: 'flag.archived', data: {} }];
};

// eslint-disable-next-line complexity -- a switch over the union, one line a command
const decide = (command: FlagCommand, state: FlagState): FlagEvent[] => {
  switch (command.type) {
    case 'create': return create(command, state);
    case 'patch': return patch(command, state);
    case 'set-environment': return setEnvironment(command, state);
    case 'activate': return activate(state);
    case 'deactivate': return deactivate(state);
    case 'archive': return archive(command, state);
    case 'archive-with-experiment': return archiveWithExperiment(command, state);
    case 'place-experiment-rule': return placeExperimentRule(command, state);
    case 'end-experiment': return endExperiment(command, state);
    case 'leave': return [];
  }
};

const changed = (flag: Flag, event: FlagEvent): Flag => {
  switch (event.type) {
    case 'flag.created': return { ...event.data.flag };
    case 'flag.updated': return { ...flag, ...event.data.changes };
    case 'flag.environment-changed': return { ...flag, environments: { ...flag.environments, [event.data.environment]: event.data.settings } };
    case 'flag.activated': return { ...flag, status: 'ACTIVE' };
    case 'flag.deactivated': return { ...flag, status: 'INACTIVE' };
    case 'flag.archived': return { ...flag, status: 'ARCHIVED' };
  }
};

const evolve = (state: FlagState, event: FlagEvent & StoredFacts): FlagState => {
  const born = { createdBy: state?.createdBy ?? event.meta.actor, createdAt: state?.createdAt ?? event.at };
  return { ...changed(state as Flag, event), ...born, version: event.version, updatedAt: event.at };
};

const publish = (event: FlagEvent & StoredFacts, after: FlagState) => {
  const flag = present(after);
  const change = { type: event.type, data: event.data } as FlagEvent;
  const data: FlagChange = { change, actor: event.meta.actor, ...(event.meta.reason === undefined ? {} : { reason: event.meta.reason }), flag };
  return { topic: topics.flagChanges.name, key: flag.key, type: event.type, data };
};

export const flagAggregate: Aggregate<FlagState, FlagCommand, FlagEvent> = {
  category: 'flag',
  initialState: null,
  decide, evolve, publish,
  document: (flag) => flag,
  schemaVersions: { 'flag.created': schemaVersionOf('flag.created') },
  upcast: upcastData,
};
