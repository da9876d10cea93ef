import { DomainError, topics, faultsOf, type Fault, type JsonObject, type KeyListName, type KeyListRef, type SegmentChange, type Shape } from '@pataka/contracts';
import { faultOf, isRecord, reservedName } from '@pataka/evaluation';
import type { Aggregate, StoredFacts } from '@pataka/event-sourcing';
import { mergeFaults, refuse } from '../faults/faults';
import { sameJson } from '../faults/same-json';

export type CatalogueKind = 'segment' | 'region' | 'calendar';
/** What is the same in all that flags refer to by key. */
export type CatalogueObject = JsonObject & { key: string };
export interface CatalogueDocument extends JsonObject { key: string; version: number; createdBy: string; createdAt: string; updatedAt: string }

/** What an object's own document cannot tell: the others of its kind that it leads to. */
export interface CatalogueWorld {
  others: ReadonlyMap<string, JsonObject>;
  /** The key of another object that differs from this one's in case alone. */
  sameKey: string | null;
}

export type CatalogueEvent =
  | { type: `${CatalogueKind}.created` | `${CatalogueKind}.updated`; data: { after: CatalogueObject; upload?: string } }
  | { type: `${CatalogueKind}.removed`; data: { key: string } };

/** A removed object frees its key; its stream goes on when the key is used again. */
export type CatalogueState = { situation: 'never' } | { situation: 'there'; document: CatalogueDocument } | { situation: 'removed'; key: string };

export type CatalogueCommand =
  | { type: 'create'; body: unknown; world: CatalogueWorld }
  | { type: 'replace'; key: string; body: unknown; world: CatalogueWorld }
  | { type: 'remove'; dependents: readonly string[] }
  /** Names a segment's list, or none any more; `upload` tells by which chunks the list before became this one. */
  | { type: 'list'; list: KeyListName; named: KeyListRef | null; upload?: string }
  /** At the first start: makes it unless it has ever been there, so that what somebody removed stays away. */
  | { type: 'seed'; object: CatalogueObject };

/** What tells one kind from another. */
export interface CatalogueDefinition {
  kind: CatalogueKind;
  shape: Shape<object>;
  /** Members that uploads set: whoever writes the document may repeat them, or leave them out, but not change them. */
  uploaded: readonly string[];
  /** Faults that no schema sees; must bear any shape. */
  faults(body: Record<string, unknown>, world: CatalogueWorld): Fault[];
}

const ADDED = ['version', 'createdBy', 'createdAt', 'updatedAt'];

/** The object as its writer gave it. */
const objectOf = (document: CatalogueDocument): JsonObject => Object.fromEntries(Object.entries(document).filter(([name]) => !ADDED.includes(name)));

const refuseFaulty = (definition: CatalogueDefinition, body: unknown, world: CatalogueWorld): CatalogueObject => {
  const ofShape = faultsOf(definition.shape, body);
  if (!isRecord(body)) refuse(ofShape);
  const record = body as Record<string, unknown>;
  refuse(mergeFaults([...faultOf('/key', reservedName(record['key'])), ...definition.faults(record, world)], ofShape));
  return body as CatalogueObject;
};

const uploadFaults = (definition: CatalogueDefinition, body: unknown, before: JsonObject): Fault[] =>
  definition.uploaded.flatMap((member) =>
    (isRecord(body) && body[member] !== undefined && !sameJson(body[member], before[member] ?? null) ? [{ pointer: `/${member}`, detail: 'is set by uploading the list' }] : []));

const there = (state: CatalogueState, kind: CatalogueKind): CatalogueDocument => {
  if (state.situation !== 'there') throw new DomainError('not-found', `There is no such ${kind}`);
  return state.document;
};

const create = (definition: CatalogueDefinition, body: unknown, world: CatalogueWorld, state: CatalogueState): CatalogueEvent[] => {
  const after = refuseFaulty(definition, body, world);
  refuse(uploadFaults(definition, body, {}));
  const taken = state.situation === 'there' ? state.document.key : world.sameKey;
  if (taken !== null) throw new DomainError('already-exists', `There is a ${definition.kind} "${taken}"`);
  return [{ type: `${definition.kind}.created`, data: { after } }];
};

const replace = (definition: CatalogueDefinition, command: CatalogueCommand & { type: 'replace' }, state: CatalogueState): CatalogueEvent[] => {
  const before = objectOf(there(state, definition.kind));
  const body = isRecord(command.body) ? { key: command.key, ...command.body } : command.body;
  if (isRecord(body) && body['key'] !== command.key) refuse([{ pointer: '/key', detail: `a ${definition.kind} keeps its key, "${command.key}"` }]);
  refuse(uploadFaults(definition, body, before));
  const kept = Object.fromEntries(Object.entries(before).filter(([member]) => definition.uploaded.includes(member)));
  const after = { ...refuseFaulty(definition, body, command.world), ...kept };
  return sameJson(before, after) ? [] : [{ type: `${definition.kind}.updated`, data: { after } }];
};

const list = (definition: CatalogueDefinition, command: CatalogueCommand & { type: 'list' }, state: CatalogueState): CatalogueEvent[] => {
  const before = objectOf(there(state, definition.kind)) as CatalogueObject;
  const member = `${command.list}List`;
  const { [member]: named, ...others } = before;
  if (!definition.uploaded.includes(member) || sameJson(named ?? null, command.named)) return [];
  const after = command.named === null ? (others as CatalogueObject) : { ...before, [member]: { ...command.named } };
  return [{ type: `${definition.kind}.updated`, data: { after, ...(command.upload === undefined ? {} : { upload: command.upload }) } }];
};

const remove = (kind: CatalogueKind, dependents: readonly string[], state: CatalogueState): CatalogueEvent[] => {
  const { key } = there(state, kind);
  if (dependents.length > 0) throw new DomainError('has-dependents', `${dependents.join(', ')} lie${dependents.length === 1 ? 's' : ''} below it`, [], { dependents });
  return [{ type: `${kind}.removed`, data: { key } }];
};

const decideOf = (definition: CatalogueDefinition) => (command: CatalogueCommand, state: CatalogueState): CatalogueEvent[] => {
  switch (command.type) {
    case 'create': return create(definition, command.body, command.world, state);
    case 'replace': return replace(definition, command, state);
    case 'remove': return remove(definition.kind, command.dependents, state);
    case 'list': return list(definition, command, state);
    case 'seed': return state.situation === 'never' ? [{ type: `${definition.kind}.created`, data: { after: command.object } }] : [];
  }
};

const evolve = (state: CatalogueState, event: CatalogueEvent & StoredFacts): CatalogueState => {
  if (!('after' in event.data)) return { situation: 'removed', key: event.data.key };
  const before = state.situation === 'there' ? state.document : { createdBy: event.meta.actor, createdAt: event.at };
  const { createdBy, createdAt } = before;
  return { situation: 'there', document: { ...event.data.after, version: event.version, createdBy, createdAt, updatedAt: event.at } };
};

const changes = { created: 'created', updated: 'updated', removed: 'removed' } as const;

const publishOf = (kind: CatalogueKind) => (event: CatalogueEvent & StoredFacts, after: CatalogueState) => {
  const change = changes[event.type.slice(kind.length + 1) as keyof typeof changes];
  const key = 'after' in event.data ? event.data.after.key : event.data.key;
  const why = event.meta.reason === undefined ? {} : { reason: event.meta.reason };
  const upload = 'upload' in event.data && event.data.upload !== undefined ? { upload: event.data.upload } : {};
  const data: SegmentChange = { kind, change, actor: event.meta.actor, ...why, key, after: after.situation === 'there' ? after.document : null, ...upload };
  return { topic: topics.segmentChanges.name, key, type: event.type, data };
};

export type CatalogueAggregate = Aggregate<CatalogueState, CatalogueCommand, CatalogueEvent>;

export const catalogueAggregate = (definition: CatalogueDefinition): CatalogueAggregate => ({
  category: definition.kind,
  initialState: { situation: 'never' },
  decide: decideOf(definition),
  evolve,
  document: (state) => (state.situation === 'there' ? state.document : null),
  publish: publishOf(definition.kind),
});
