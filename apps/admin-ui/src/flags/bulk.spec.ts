import fc from 'fast-check';
import type { Flag } from '@pataka/contracts';
import { type BulkOutcome, planOf, runBulk } from './bulk';
import { selectRange } from './selection';

const flag = (key: string, more: Partial<Flag> = {}): Flag => ({ key, type: 'BOOLEAN', status: 'ACTIVE', defaultValue: false, environments: {}, version: 1, ...more }) as Flag;
const on = { production: { enabled: true, rules: [] } };
const keysOf = (flags: readonly Flag[]): string[] => flags.map(({ key }) => key);

describe('the plan of a change of many flags', () => {
  it('tells those that change from those that are so already', () => {
    const flags = [flag('a', { environments: on }), flag('b', { environments: { production: { enabled: false, rules: [] } } }), flag('c')];
    const plan = planOf(flags, { kind: 'turnOff', environment: 'production' }, flags);
    expect([keysOf(plan.todo), keysOf(plan.already)]).toEqual([['a'], ['b', 'c']]);
    const tags = planOf([flag('a', { tags: ['x'] }), flag('b')], { kind: 'addTag', tag: 'x' }, flags);
    expect([keysOf(tags.todo), keysOf(tags.already)]).toEqual([['b'], ['a']]);
  });

  it('leaves out what others need, what an experiment owns, and what is archived, and names why', () => {
    const owned = { production: { enabled: true, rules: [{ id: 'r', value: true, experimentId: 'exp_1' }] } };
    const all = [flag('needed'), flag('owned', { environments: owned }), flag('free'), flag('old', { status: 'ARCHIVED', prerequisites: [{ flag: 'free', value: true }] }), flag('needs', { prerequisites: [{ flag: 'needed', value: true }] })];
    const plan = planOf(all.slice(0, 3), { kind: 'archive' }, all);
    expect([keysOf(plan.todo), plan.blocked.map(({ flag: { key }, by, names }) => [key, by, ...names])]).toEqual([['free'], [['needed', 'dependents', 'needs'], ['owned', 'experiment', 'exp_1']]]);
    expect(planOf([all[3]!], { kind: 'addTag', tag: 'x' }, all).blocked[0]?.by).toBe('archived');
  });

  it('puts every flag in exactly one place', () => {
    const anyFlag = fc.record({ key: fc.string({ minLength: 1 }), status: fc.constantFrom('ACTIVE', 'INACTIVE', 'ARCHIVED'), tags: fc.array(fc.constantFrom('x', 'y')), enabled: fc.boolean(), needs: fc.string({ minLength: 1 }) })
      .map(({ key, status, tags, enabled, needs }) => flag(key, { status: status as Flag['status'], tags, environments: { production: { enabled, rules: [] } }, prerequisites: [{ flag: needs, value: true }] }));
    const anyAction = fc.constantFrom({ kind: 'addTag', tag: 'x' } as const, { kind: 'removeTag', tag: 'x' } as const, { kind: 'turnOff', environment: 'production' } as const, { kind: 'archive' } as const);
    fc.assert(fc.property(fc.uniqueArray(anyFlag, { selector: ({ key }) => key }), anyAction, (flags, action) => {
      const { todo, already, blocked } = planOf(flags, action, flags);
      expect(keysOf([...todo, ...already, ...blocked.map((one) => one.flag)]).sort()).toEqual(keysOf(flags).sort());
    }));
  });
});

describe('working through many flags', () => {
  const flags = Array.from({ length: 20 }, (_, index) => flag(`f${index}`));

  it('does every one, never more at once than it may, and goes on after one that fails', async () => {
    let under = 0;
    let most = 0;
    const outcomes: BulkOutcome[] = [];
    await runBulk(flags, async ({ key }) => {
      most = Math.max(most, (under += 1));
      await new Promise((done) => setTimeout(done, 1));
      under -= 1;
      if (key === 'f3') throw new Error('no');
    }, { atOnce: 4, signal: new AbortController().signal, onDone: (outcome) => outcomes.push(outcome) });
    expect([most, outcomes.length, outcomes.filter(({ error }) => error !== null).map((one) => one.flag.key)]).toEqual([4, 20, ['f3']]);
  });

  it('begins no more once it is told to stop', async () => {
    const stop = new AbortController();
    const begun: string[] = [];
    await runBulk(flags, ({ key }) => { begun.push(key); if (begun.length === 2) stop.abort(); return Promise.resolve(); }, { atOnce: 1, signal: stop.signal, onDone: () => undefined });
    expect(begun).toEqual(['f0', 'f1']);
  });
});

describe('choosing rows', () => {
  const flags = ['a', 'b', 'c', 'd'].map((key) => flag(key));

  it.each<[string, string[], [anchor: string | null, key: string, on: boolean], string[]]>([
    ['one', [], [null, 'b', true], ['b']], ['a range downwards', ['a'], ['a', 'c', true], ['a', 'b', 'c']], ['a range upwards', ['d'], ['d', 'b', true], ['b', 'c', 'd']],
    ['a range off', ['a', 'b', 'c'], ['a', 'b', false], ['c']], ['from a row that a filter has hidden since', ['z'], ['z', 'c', true], ['c', 'z']],
  ])('takes %s', (_what, chosen, [anchor, key, state], wanted) => {
    expect([...selectRange(flags, new Set(chosen), anchor, key, state)].sort()).toEqual(wanted);
  });
});
