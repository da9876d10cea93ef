import type { Flag } from '@pataka/contracts';
import { listed } from './flag-list';
import { foldHistory, type FlagHistoryEvent, restoreSteps } from './history';
import { listSearchOf } from './list-search';
import { stalenessOf } from './staleness';
import { patchOf, valuesDraftOf } from './values-draft';

const now = Date.parse('2026-11-28T12:00:00Z');
const flag = (key: string, more: Partial<Flag> = {}): Flag => ({
  key, type: 'BOOLEAN', status: 'ACTIVE', defaultValue: false, environments: { production: { enabled: true, rules: [{ id: 'r', percentage: 10, value: true }] } },
  evaluationCount: 5, lastEvaluated: '2026-11-28T11:00:00Z', createdAt: '2026-01-01T00:00:00Z', updatedAt: '2026-11-27T00:00:00Z', ...more,
});

describe('staleness', () => {
  it.each<[string, Partial<Flag>, string | null]>([
    ['in use', {}, null],
    ['never asked for', { lastEvaluated: null, evaluationCount: 0 }, 'neverEvaluated'],
    ['young and never asked for', { lastEvaluated: null, createdAt: '2026-11-25T00:00:00Z' }, null],
    ['no longer asked for', { lastEvaluated: '2026-10-01T00:00:00Z' }, 'notEvaluated'],
    ['off everywhere for long', { environments: {}, updatedAt: '2026-09-01T00:00:00Z' }, 'offEverywhere'],
    ['off everywhere since yesterday', { environments: {} }, null],
    ['one value for all for long', { environments: { production: { enabled: true, rules: [{ id: 'r', value: true }] } }, updatedAt: '2026-09-01T00:00:00Z' }, 'launched'],
    ['meant to stay', { lastEvaluated: null, metadata: { permanent: true } }, null],
    ['archived', { status: 'ARCHIVED', lastEvaluated: null }, null],
  ])('of a flag that is %s', (_what, more, reason) => expect(stalenessOf(flag('f', more), now)?.reason ?? null).toBe(reason));
});

describe('the list', () => {
  const flags = [flag('upi_autopay', { name: 'UPI Autopay', tags: ['payments'], owner: 'pay' }), flag('banner', { name: 'हिन्दी बैनर', type: 'STRING', defaultValue: '' }), flag('old', { status: 'ARCHIVED' }), flag('routing', { environments: {}, evaluationCount: 900 })];
  it('finds by name, key, tag and owner, Devanagari with and without its dot', () => {
    expect(listed(flags, { q: 'payments upi' }, now).map(({ key }) => key)).toEqual(['upi_autopay']);
    expect(listed([flag('z', { name: 'फ़्लैग' })], { q: 'फ्लैग' }, now)).toHaveLength(1);
  });
  it('shows archived flags when they are asked for', () => {
    expect(listed(flags, {}, now)).toHaveLength(3);
    expect(listed(flags, { status: 'ARCHIVED' }, now).map(({ key }) => key)).toEqual(['old']);
  });
  it('filters by switch and sorts', () => {
    expect(listed(flags, { off: 'production' }, now).map(({ key }) => key)).toEqual(['routing']);
    expect(listed(flags, { sort: 'evaluations', desc: true }, now)[0]!.key).toBe('routing');
  });
  it('sorts five thousand in the time of a frame or two', () => {
    const many = Array.from({ length: 5_000 }, (_, index) => flag(`flag_${(index * 7919) % 5000}`, { name: `Flag ${(index * 7919) % 5000}` }));
    listed(many, { q: 'flag' }, now);
    const began = performance.now();
    expect(listed(many, { q: '42' }, now).length).toBeGreaterThan(100);
    expect(performance.now() - began).toBeLessThan(250);
  });
  it('leaves out of an address what it does not understand', () => expect(listSearchOf({ q: 'a', status: 'ON', sort: 'x', desc: true, junk: 1 })).toEqual({ q: 'a', desc: true }));
});

const event = (version: number, type: string, data: Record<string, unknown>): FlagHistoryEvent => ({ id: `e${version}`, type, version, position: version, at: '2026-11-28T00:00:00Z', actor: 'a', correlationId: 'c', data });

describe('history', () => {
  const settings = { enabled: true, rules: [{ id: 'r', value: true }] };
  const events = [event(1, 'flag.created', { flag: { key: 'f', type: 'BOOLEAN', status: 'INACTIVE', defaultValue: false, name: 'F', environments: {} } }), event(2, 'flag.environment-changed', { environment: 'production', settings }), event(3, 'flag.updated', { changes: { name: 'G' } }), event(4, 'flag.activated', {})];
  it('tells what a flag was before and after each event', () => {
    const folded = foldHistory(events);
    expect(folded[2]).toMatchObject({ before: { name: 'F', environments: { production: settings } }, after: { name: 'G' } });
    expect(folded[0]!.before).toBeNull();
  });
  it('goes back by new changes alone, and leaves an experiment its rules', () => {
    const owned = { id: 'e', experimentId: 'exp', value: true };
    const current = { ...flag('f', { name: 'G', environments: { production: { enabled: true, rules: [...settings.rules, owned] } } }) };
    expect(restoreSteps(current, foldHistory(events)[0]!.after)).toEqual([
      { kind: 'patch', body: { name: 'F' } }, { kind: 'environment', environment: 'production', settings: { enabled: false, rules: [owned] } }, { kind: 'deactivate' },
    ]);
  });
});

describe('values of a flag', () => {
  it('send only what differs', () => {
    const one = flag('f', { name: 'F', tags: ['a'], metadata: { team: 'x' } });
    const draft = valuesDraftOf(one);
    expect(patchOf(one, draft, () => 'BOOLEAN')).toEqual({});
    expect(patchOf(one, { ...draft, tags: ['a', 'b'], defaultValue: 'true', prerequisites: [{ uid: 'p', flag: 'g', value: 'false' }] }, () => 'BOOLEAN')).toEqual({ tags: ['a', 'b'], defaultValue: true, prerequisites: [{ flag: 'g', value: false }] });
  });
});
