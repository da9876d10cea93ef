import { CreateKey, DomainError, faultsOf, topics, type AccessChange, type AccessKey, type Fault, type JsonObject } from '@pataka/contracts';
import { parseInstant, faultOf, isRecord, instantFault as instant } from '@pataka/evaluation';
import type { Aggregate, StoredFacts } from '@pataka/event-sourcing';
import { mergeFaults, refuse } from '../faults/faults';

/** What is kept of a secret: never the secret. */
export interface KeptSecret { hash: string; hint: string }
type NewKey = Omit<AccessKey, 'createdBy' | 'createdAt' | 'version' | 'revokedAt'>;

export type KeyEvent =
  | { type: 'key.created'; data: { key: NewKey } }
  | { type: 'key.updated'; data: KeptSecret }
  | { type: 'key.revoked'; data: Record<string, never> };
export type KeyState = AccessKey | null;

export type KeyCommand =
  | { type: 'create'; id: string; body: unknown; secret: KeptSecret; environments: readonly string[]; now: string }
  /** A bootstrap key: made once; a secret that the configuration names takes the place of another, and revives a revoked key. */
  | { type: 'ensure'; key: NewKey; configured: boolean }
  | { type: 'revoke' };

const scopeFaults = (body: Record<string, unknown>, environments: readonly string[]): Fault[] => {
  const { kind, role, environment } = body;
  if (kind === 'management') {
    return [
      ...faultOf('/role', role === undefined ? 'a management key needs a role' : null),
      ...faultOf('/environment', environment === undefined ? null : 'a management key belongs to no environment'),
    ];
  }
  const known = typeof environment !== 'string' || environments.includes(environment);
  return [
    ...faultOf('/environment', environment === undefined ? 'a server or client key belongs to an environment' : null),
    ...faultOf('/environment', known ? null : `there is no environment "${String(environment)}"; there are ${environments.join(', ')}`),
    ...faultOf('/role', role === undefined ? null : 'only a management key has a role'),
  ];
};

const expiryFault = (expiresAt: unknown, now: string): string | null => {
  if (expiresAt === undefined) return null;
  const at = typeof expiresAt === 'string' ? parseInstant(expiresAt) : undefined;
  return at !== undefined && at <= (parseInstant(now) ?? 0) ? 'is in the past' : instant(expiresAt);
};

const create = ({ id, body, secret, environments, now }: KeyCommand & { type: 'create' }): KeyEvent[] => {
  const ofShape = faultsOf(CreateKey, body);
  if (!isRecord(body)) refuse(ofShape);
  const record = body as Record<string, unknown>;
  refuse(mergeFaults([...scopeFaults(record, environments), ...faultOf('/expiresAt', expiryFault(record['expiresAt'], now))], ofShape));
  return [{ type: 'key.created', data: { key: { id, ...(body as CreateKey), ...secret } } }];
};

const ensure = ({ key, configured }: KeyCommand & { type: 'ensure' }, state: KeyState): KeyEvent[] => {
  if (state === null) return [{ type: 'key.created', data: { key } }];
  return configured && state.hash !== key.hash ? [{ type: 'key.updated', data: { hash: key.hash, hint: key.hint } }] : [];
};

const revoke = (state: KeyState): KeyEvent[] => {
  if (state === null) throw new DomainError('not-found', 'There is no such key');
  return state.revokedAt === undefined ? [{ type: 'key.revoked', data: {} }] : [];
};

const decide = (command: KeyCommand, state: KeyState): KeyEvent[] => {
  switch (command.type) {
    case 'create': return create(command);
    case 'ensure': return ensure(command, state);
    case 'revoke': return revoke(state);
  }
};

const renewed = ({ revokedAt: _revoked, ...key }: AccessKey, secret: KeptSecret): AccessKey => ({ ...key, ...secret });

const changed = (key: AccessKey, event: KeyEvent & StoredFacts): AccessKey => {
  switch (event.type) {
    case 'key.created': return { ...event.data.key, createdBy: event.meta.actor, createdAt: event.at, version: event.version };
    case 'key.updated': return renewed(key, event.data);
    case 'key.revoked': return { ...key, revokedAt: event.at };
  }
};

const publish = (event: KeyEvent & StoredFacts, after: KeyState) => {
  const key = after as AccessKey;
  const change = event.type.slice('key.'.length) as AccessChange['change'];
  const why = event.meta.reason === undefined ? {} : { reason: event.meta.reason };
  const data: AccessChange = { kind: 'key', change, actor: event.meta.actor, ...why, id: key.id, after: { ...key } as JsonObject };
  return { topic: topics.accessChanges.name, key: key.id, type: event.type, data };
};

export const keyAggregate: Aggregate<KeyState, KeyCommand, KeyEvent> = {
  category: 'key',
  initialState: null,
  decide,
  evolve: (state, event) => ({ ...changed(state as AccessKey, event), version: event.version }),
  document: (key) => key,
  publish,
};
