import { DomainError } from '@pataka/contracts';
import type { StoredFacts } from '@pataka/event-sourcing';
import { environmentAggregate } from '../environments/environment.decider';
import { keyAggregate, type KeyCommand, type KeyEvent, type KeyState } from './key.decider';

const facts = (version: number): StoredFacts => ({
  id: `e${version}`, streamId: 's', version, position: version, schemaVersion: 1, at: `2026-07-01T00:00:0${version}.000Z`, meta: { actor: 'asha', correlationId: 'c' },
});
const folded = (...events: KeyEvent[]): KeyState => events.map((event, index) => ({ ...event, ...facts(index + 1) })).reduce(keyAggregate.evolve, null as KeyState);
const decide = (command: KeyCommand, ...events: KeyEvent[]) => keyAggregate.decide(command, folded(...events));

const secret = { hash: 'h1', hint: 'pataka_server_abc…' };
const create = (body: unknown): KeyCommand => ({ type: 'create', id: 'key_1', body, secret, environments: ['production'], now: '2026-07-01T00:00:00Z' });
const server = { name: 'backend', kind: 'server', environment: 'production' } as const;
const created: KeyEvent = { type: 'key.created', data: { key: { id: 'key_1', ...server, ...secret } } };
const revoked: KeyEvent = { type: 'key.revoked', data: {} };
const pointersOf = (body: unknown): string[] => {
  try { decide(create(body)); } catch (error) { if (error instanceof DomainError) return error.faults.map((fault) => fault.pointer).sort(); throw error; }
  return [];
};

describe('a key', () => {
  it('keeps the hash of its secret and never the secret', () => expect(decide(create(server))).toEqual([created]));
  it.each<[string, object, string[]]>([
    ['server key without environment', { name: 'x', kind: 'server' }, ['/environment']],
    ['client key of an unknown environment', { name: 'x', kind: 'client', environment: 'moon' }, ['/environment']],
    ['server key with a role', { ...server, role: 'admin' }, ['/role']],
    ['management key without role, but with an environment', { name: 'x', kind: 'management', environment: 'production' }, ['/environment', '/role']],
    ['key of another kind', { name: 'x', kind: 'root', environment: 'production' }, ['/kind']],
    ['key with a hash of its own', { ...server, hash: 'mine', id: 'mine' }, ['/hash', '/id']],
    ['key that has expired', { ...server, expiresAt: '2026-06-30T23:59:59Z' }, ['/expiresAt']],
    ['key that expires at no instant', { ...server, expiresAt: 'tomorrow' }, ['/expiresAt']],
  ])('is refused as a %s', (_, body, pointers) => expect(pointersOf(body)).toEqual(pointers));
  it('is revoked once', () => {
    expect(decide({ type: 'revoke' }, created)).toEqual([revoked]);
    expect(decide({ type: 'revoke' }, created, revoked)).toEqual([]);
    expect(() => decide({ type: 'revoke' })).toThrow(DomainError);
  });
  it('is published with the instant of its revocation', () => {
    const after = folded(created, revoked);
    const { data } = keyAggregate.publish({ ...revoked, ...facts(2) }, after);
    expect(data).toMatchObject({ kind: 'key', change: 'revoked', id: 'key_1', after: { hash: 'h1', revokedAt: '2026-07-01T00:00:02.000Z', version: 2 } });
  });
});

describe('a bootstrap key', () => {
  const key = { id: 'bootstrap-server', ...server, ...secret };
  const made: KeyEvent = { type: 'key.created', data: { key } };
  const ensure = (hash: string, configured: boolean): KeyCommand => ({ type: 'ensure', key: { ...key, hash }, configured });
  it('is made at the first start', () => expect(decide(ensure('h1', false))).toEqual([made]));
  it('stays at the next, whatever secret was made up for it', () => expect(decide(ensure('h2', false), made)).toEqual([]));
  it('follows the configuration when that changes', () => expect(decide(ensure('h2', true), made)).toEqual([{ type: 'key.updated', data: { hash: 'h2', hint: secret.hint } }]));
  it('is left alone where the configuration is the same', () => expect(decide(ensure('h1', true), made)).toEqual([]));
  it('stays revoked until the configuration names another secret', () => {
    expect(decide(ensure('h1', true), made, revoked)).toEqual([]);
    expect(folded(made, revoked, { type: 'key.updated', data: { hash: 'h2', hint: 'x' } })).not.toHaveProperty('revokedAt');
  });
});

describe('an environment', () => {
  const event = { type: 'environment.created' as const, data: { environment: { key: 'qa', name: 'qa' } } };
  const there = environmentAggregate.evolve(null, { ...event, ...facts(1) });
  it('is made once', () => {
    expect(environmentAggregate.decide({ type: 'create', body: { key: 'qa' } }, null)).toEqual([event]);
    expect(() => environmentAggregate.decide({ type: 'create', body: { key: 'qa' } }, there)).toThrow(DomainError);
    expect(environmentAggregate.decide({ type: 'ensure', body: { key: 'qa' } }, there)).toEqual([]);
  });
  it.each(['Production', 'a b', '', 'constructor', 'prototype', 7, null])('cannot be called %j', (key) =>
    expect(() => environmentAggregate.decide({ type: 'create', body: { key } }, null)).toThrow(DomainError));
});
