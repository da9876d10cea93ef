import { DomainError } from '@pataka/contracts';
import type { Decider } from './aggregate';
import { given } from './decider-testing';

type Event = { type: 'lit'; data: { by: string } };
const lamp: Decider<{ lit: boolean; version: number }, { by: string }, Event> = {
  initialState: { lit: false, version: 0 },
  decide: ({ by }, { lit }) => {
    if (by === '') throw new DomainError('validation', 'who?', [{ pointer: '/by', detail: 'is empty' }]);
    return lit ? [] : [{ type: 'lit', data: { by } }];
  },
  evolve: (_, { version }) => ({ lit: true, version }),
};
const lit: Event = { type: 'lit', data: { by: 'ana' } };

describe('given, when', () => {
  it('compares events, faults and states', () => {
    given(lamp).when({ by: 'ana' }).thenEmits(lit);
    given(lamp, lit).when({ by: 'bo' }).thenEmits();
    given(lamp).when({ by: '' }).thenRejects('validation', '/by');
    given(lamp, lit, lit).when({ by: 'ana' }).thenState({ lit: true, version: 2 });
    given(lamp).when({ by: 'ana' }).thenState(({ version }) => expect(version).toBe(1));
  });

  it('fails on what is otherwise', () => {
    expect(() => given(lamp).when({ by: 'bo' }).thenEmits(lit)).toThrow();
    expect(() => given(lamp).when({ by: 'bo' }).thenRejects('validation')).toThrow('the command was accepted');
    expect(() => given(lamp).when({ by: '' }).thenRejects('forbidden')).toThrow();
    expect(() => given(lamp).when({ by: '' }).thenRejects('validation', '/else')).toThrow('no fault at /else, but at /by');
    expect(() => given(lamp).when({ by: 'bo' }).thenState({ lit: false, version: 0 })).toThrow();
  });
});
