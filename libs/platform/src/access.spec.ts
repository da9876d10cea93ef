import type { AccessChange, AccessKey } from '@pataka/contracts';
import fc from 'fast-check';
import { AccessDirectory } from './access';
import { hashToken, hintOf, newToken, tokenOf } from './credentials';

const NOW = Date.parse('2026-06-01T00:00:00Z');
const keyOf = (more: Partial<AccessKey>): AccessKey => ({
  id: 'k1', name: 'k', kind: 'server', environment: 'production', hash: hashToken('t1'), hint: '', createdBy: 'x', createdAt: '2026-01-01T00:00:00Z', version: 1, ...more,
});
const change = (key: AccessKey): AccessChange => ({ kind: 'key', change: 'updated', actor: 'x', id: key.id, after: key as never });
const environment = (key: string, version = 1): AccessChange =>
  ({ kind: 'environment', change: 'created', actor: 'x', id: key, after: { key, name: key, createdBy: 'x', createdAt: '2026-01-01T00:00:00Z', version } });
const directoryOf = (...keys: AccessKey[]): AccessDirectory => {
  const directory = new AccessDirectory(() => NOW);
  keys.forEach((key, index) => directory.apply(change(key), index + 1));
  return directory;
};

describe('the access directory', () => {
  it('recognises a token by its hash', () => {
    expect(directoryOf(keyOf({})).authenticate('t1')).toEqual({ kind: 'server', environment: 'production', keyId: 'k1', subject: 'k1' });
    expect(directoryOf(keyOf({ kind: 'management', role: 'viewer' })).authenticate('t1')).toEqual({ kind: 'management', role: 'viewer', keyId: 'k1', subject: 'k1' });
    expect(directoryOf(keyOf({})).authenticate(hashToken('t1'))).toBeNull();
  });
  it.each([
    ['revoked', { revokedAt: '2026-05-01T00:00:00Z' }], ['expired', { expiresAt: '2026-06-01T00:00:00Z' }], ['of an expiry nobody can read', { expiresAt: 'soon' }],
    ['without a role', { kind: 'management' as const }],
  ])('opens nothing to a key that is %s', (_name, more) => {
    expect(directoryOf(keyOf(more)).authenticate('t1')).toBeNull();
    expect(directoryOf(keyOf(more)).isLive('k1')).toBe(false);
  });
  it('knows a token again only until its key is revoked', () => {
    const directory = directoryOf(keyOf({}));
    expect([directory.authenticate('t1')?.keyId, directory.authenticate('t1')?.keyId]).toEqual(['k1', 'k1']);
    directory.apply(change(keyOf({ version: 2, revokedAt: '2026-05-01T00:00:00Z' })), 2);
    expect(directory.authenticate('t1')).toBeNull();
    directory.restore({ position: 3, keys: [keyOf({ version: 3 })], environments: [] });
    expect(directory.authenticate('t1')?.keyId).toBe('k1');
  });
  it('judges expiry at each call', () => {
    let now = NOW;
    const directory = new AccessDirectory(() => now);
    directory.apply(change(keyOf({ expiresAt: '2026-06-01T00:00:01Z' })), 1);
    expect(directory.authenticate('t1')).not.toBeNull();
    now += 1000;
    expect(directory.authenticate('t1')).toBeNull();
  });
  it('forgets the old secret of a key that has a new one', () => {
    const directory = directoryOf(keyOf({}), keyOf({ version: 2, hash: hashToken('t2') }));
    expect([directory.authenticate('t1'), directory.authenticate('t2')?.keyId]).toEqual([null, 'k1']);
  });
  it('keeps a secret open that another key holds too', () => {
    expect(directoryOf(keyOf({ id: 'a' }), keyOf({ id: 'b' }), keyOf({ id: 'a', version: 2, revokedAt: '2026-05-01T00:00:00Z' })).authenticate('t1')?.keyId).toBe('b');
  });
  it('is empty until the first change, even one that says nothing of keys', () => {
    const directory = new AccessDirectory();
    expect(directory.filled()).toBe(false);
    directory.apply({ kind: 'member', change: 'created', actor: 'x', id: 'm', after: {} }, 1);
    expect([directory.filled(), directory.position()]).toEqual([true, 1]);
  });
  it('passes over what it cannot read', () => {
    const directory = new AccessDirectory();
    expect(directory.apply({ kind: 'key', change: 'created', actor: 'x', id: 'k', after: { id: 'k', hash: 7 } }, 1)).toBe(false);
    expect(directory.apply({ kind: 'environment', change: 'created', actor: 'x', id: 'k', after: {} }, 2)).toBe(false);
  });
  it('tells listeners of differences only, until they leave', () => {
    const directory = new AccessDirectory();
    const heard: string[] = [];
    const leave = directory.onChange(({ id }) => heard.push(id));
    directory.apply(environment('staging'), 1);
    directory.apply(environment('staging'), 1);
    leave();
    directory.apply(environment('production'), 2);
    expect([heard, directory.environments()]).toEqual([['staging'], ['production', 'staging']]);
  });
  it('is the same whatever order and repetition its changes come in, and through a snapshot', () => {
    const keyChange = fc.record({ id: fc.constantFrom('a', 'b', 'c'), version: fc.integer({ min: 1, max: 6 }) }).map(({ id, version }) => {
      const secret = hashToken(`t${(id.charCodeAt(0) + version) % 4}`);
      return change(keyOf({ id, version, hash: secret, ...(version % 3 === 0 ? { revokedAt: '2026-02-01T00:00:00Z' } : {}) }));
    });
    const runs = fc.array(fc.oneof(keyChange, fc.constantFrom(environment('p'), environment('q', 2))), { maxLength: 20 })
      .chain((changes) => fc.tuple(fc.constant(changes), fc.shuffledSubarray([...changes, ...changes], { minLength: changes.length * 2 })));
    fc.assert(fc.property(runs, ([changes, shuffled]) => {
      const [first, second, third] = [new AccessDirectory(() => NOW), new AccessDirectory(() => NOW), new AccessDirectory(() => NOW)];
      for (const one of changes) first.apply(one, 1);
      for (const one of shuffled) second.apply(one, 1);
      third.restore(JSON.parse(JSON.stringify(first.snapshot())) as never);
      const seen = (directory: AccessDirectory): unknown => [['t0', 't1', 't2', 't3'].map((token) => directory.authenticate(token)), directory.environments(), directory.snapshot().keys];
      expect(seen(second)).toEqual(seen(first));
      expect(seen(third)).toEqual(seen(first));
    }));
  });
});

describe('a credential', () => {
  it('is 256 random bits that are kept as a hash and hinted at', () => {
    const made = newToken('server');
    expect(made.token).toMatch(/^pataka_server_[\w-]{43}$/);
    expect([made.hash, made.hint]).toEqual([hashToken(made.token), `${made.token.slice(0, 20)}…`]);
    expect(newToken('server').token).not.toBe(made.token);
    expect(hintOf('short-secret')).toBe('…');
  });
  it.each([
    [{ authorization: 'Bearer abc' }, 'abc'], [{ authorization: 'bearer  abc ' }, 'abc'], [{ 'x-api-key': 'abc' }, 'abc'], [{ authorization: 'Bearer a', 'x-api-key': 'b' }, 'a'],
    [{}, null], [{ authorization: 'Basic abc' }, null], [{ authorization: 'Bearer' }, null], [{ authorization: 'Bearer a b' }, null], [{ 'x-api-key': '' }, null],
    [{ 'x-api-key': 'x'.repeat(513) }, null], [{ 'x-api-key': 'ключ' }, null],
  ])('of %j is %s', (headers, token) => {
    expect(tokenOf(headers)).toBe(token);
  });
});
