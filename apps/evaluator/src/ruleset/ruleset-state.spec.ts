import type { Flag, FlagChange } from '@pataka/contracts';
import { compileRuleset, evaluate, prepareContext, type Context, type Ruleset } from '@pataka/evaluation';
import { RulesetState, type RulesetSnapshot } from './ruleset-state';

const flag = (key: string, version: number, value: boolean): Flag => ({
  key, type: 'BOOLEAN', status: 'ACTIVE', defaultValue: false, version,
  environments: { production: { enabled: true, rules: [{ id: 'all', value }] }, staging: { enabled: true, rules: [] } },
});
const changed = (after: Flag): FlagChange => ({ change: { type: 'flag.activated', data: {} }, actor: 'test', flag: after });
const served = (state: RulesetState, key: string, environment = 'production') =>
  evaluate(state.compiled(environment), key, prepareContext({ targetingKey: 'u' }) as Context, 0).value;

describe('RulesetState', () => {
  it('serves the newest version, in whatever order versions come', () => {
    const state = new RulesetState();
    state.applyFlagChange(changed(flag('a', 2, true)), 2);
    state.applyFlagChange(changed(flag('a', 1, false)), 1);
    expect(served(state, 'a')).toBe(true);
    expect(state.position).toBe(2);
  });

  it('applies a change to rulesets already compiled', () => {
    const state = new RulesetState();
    state.applyFlagChange(changed(flag('a', 1, false)), 1);
    expect(served(state, 'a')).toBe(false);
    state.applyFlagChange(changed(flag('a', 2, true)), 2);
    expect(served(state, 'a')).toBe(true);
    expect(served(state, 'a', 'staging')).toBe(false);
  });

  it('is the same after a snapshot and restart, and goes on from there', () => {
    const state = new RulesetState();
    state.applyFlagChange(changed(flag('a', 1, true)), 1);
    state.applySegmentChange({ kind: 'segment', change: 'created', actor: 'test', key: 's', after: { key: 's', included: ['u'] } }, 2);
    const snapshots = ['production', 'staging'].map((environment) => JSON.parse(state.snapshot(environment, {})) as RulesetSnapshot);
    const restored = new RulesetState();
    restored.restore(snapshots);
    expect(restored.position).toBe(2);
    expect(restored.text('production')).toBe(state.text('production'));
    expect(restored.text('staging')).toBe(state.text('staging'));
    restored.applySegmentChange({ kind: 'segment', change: 'created', actor: 'test', key: 's', after: { key: 's', included: [] } }, 2);
    expect(restored.text('staging')).toBe(state.text('staging'));
    restored.applySegmentChange({ kind: 'segment', change: 'removed', actor: 'test', key: 's', after: null }, 3);
    expect(JSON.parse(restored.text('production')).segments).toEqual([]);
  });

  it('keeps what is newer than a snapshot', () => {
    const old = new RulesetState();
    old.applyFlagChange(changed(flag('a', 1, false)), 1);
    const state = new RulesetState();
    state.applyFlagChange(changed(flag('a', 1, false)), 1);
    state.applyFlagChange(changed(flag('a', 2, true)), 2);
    state.restore([JSON.parse(old.snapshot('production', {})) as RulesetSnapshot]);
    expect(served(state, 'a')).toBe(true);
    expect(state.position).toBe(2);
  });

  it('tells which flags changed since a position, or that all may have', () => {
    const state = new RulesetState();
    state.applyFlagChange(changed(flag('a', 1, true)), 1);
    state.applyFlagChange(changed(flag('b', 1, true)), 2);
    expect(state.changedSince(1).flags).toEqual(['b']);
    expect(state.changedSince(2).flags).toEqual([]);
    state.applySegmentChange({ kind: 'region', change: 'created', actor: 'test', key: 'goa', after: { key: 'goa' } }, 3);
    expect(state.changedSince(1).flags).toBeNull();
  });

  it('tells what a client missed as a change that its ruleset can apply', () => {
    const state = new RulesetState();
    state.applyFlagChange(changed(flag('a', 1, true)), 1);
    const client = compileRuleset(JSON.parse(state.text('production')) as Ruleset);
    state.applyFlagChange(changed(flag('a', 2, false)), 2);
    state.applyFlagChange(changed(flag('b', 1, true)), 3);
    state.applySegmentChange({ kind: 'segment', change: 'created', actor: 'test', key: 's', after: { key: 's', included: ['u'] } }, 4);
    state.applySegmentChange({ kind: 'segment', change: 'created', actor: 'test', key: 'gone', after: { key: 'gone' } }, 5);
    state.applySegmentChange({ kind: 'segment', change: 'removed', actor: 'test', key: 'gone', after: null }, 6);
    const { touched } = state.changedSince(1);
    client.apply({ position: 6, ...(JSON.parse(state.documents('production', touched!)) as Partial<Ruleset>) });
    expect(client.toRuleset()).toEqual({ ...(JSON.parse(state.text('production')) as Ruleset), position: 6 });
  });

  it('cannot tell what changed before a snapshot, or too long ago', () => {
    const state = new RulesetState();
    for (let version = 1; version <= 1_100; version += 1) state.applyFlagChange(changed(flag('a', version, true)), version);
    expect(state.changedSince(50).touched).toBeNull();
    expect(state.changedSince(500).touched).toEqual({ flags: ['a'], objects: [] });
    const restored = new RulesetState();
    restored.restore([JSON.parse(state.snapshot('production', {})) as RulesetSnapshot]);
    expect(restored.changedSince(1_099).touched).toBeNull();
    expect(restored.changedSince(1_100).touched).toEqual({ flags: [], objects: [] });
  });

  it('tells client keys of what they see, may not see any more, or what rests on a flag that they never see', () => {
    const state = new RulesetState();
    state.applyFlagChange(changed({ ...flag('seen', 1, true), clientVisible: true, prerequisites: [{ flag: 'needed', value: true }] }), 1);
    state.applyFlagChange(changed(flag('needed', 1, true)), 2);
    expect(state.changedSince(1)).toMatchObject({ flags: ['needed', 'seen'], visible: ['seen'] });
    state.applyFlagChange(changed({ ...flag('seen', 2, true), clientVisible: false }), 3);
    expect(state.changedSince(2)).toMatchObject({ visible: ['seen'] });
    state.applyFlagChange(changed(flag('seen', 3, true)), 4);
    expect(state.changedSince(3)).toMatchObject({ flags: ['seen'], visible: [] });
  });
});
