import { deepStrictEqual, fail, ok, strictEqual } from 'node:assert/strict';
import { DomainError, type ProblemCode } from '@pataka/contracts';
import type { Decider, DomainEvent, StoredFacts } from './aggregate';

/** What is expected of a decider after some events and a command. */
export interface Outcome<State> {
  /** Exactly these events, in this order; none means "already so". */
  thenEmits(...events: readonly DomainEvent[]): void;
  /** A DomainError of this code, with a fault at each of these pointers. */
  thenRejects(code: ProblemCode, ...pointers: readonly string[]): void;
  /** The state after the command's events. */
  thenState(expected: State | ((state: State) => void)): void;
}

const AT = '2026-01-01T00:00:00.000Z';

const factsOf = (index: number): StoredFacts => ({
  id: `00000000-0000-7000-8000-${String(index + 1).padStart(12, '0')}`, streamId: 'spec:spec', version: index + 1, position: index + 1, schemaVersion: 1,
  at: new Date(Date.parse(AT) + index * 1_000).toISOString(), meta: { actor: 'spec', correlationId: 'spec' },
});

/**
 * Reads a decider's rule as a sentence: `given(decider, ...events).when(command).thenEmits(...)`. Past events get versions from 1 and instants
 * a second apart. Failures are assertion errors.
 */
export const given = <State, Command, Event extends DomainEvent>(decider: Decider<State, Command, Event>, ...events: readonly Event[]) => {
  const evolveAll = (state: State, more: readonly Event[], from: number): State =>
    more.reduce((before, event, index) => decider.evolve(before, { ...event, ...factsOf(from + index) }), state);
  const state = evolveAll(decider.initialState, events, 0);
  return {
    when: (command: Command): Outcome<State> => ({
      thenEmits: (...expected) => deepStrictEqual(decider.decide(command, state), expected),
      thenRejects: (code, ...pointers) => {
        const error = refusal(() => decider.decide(command, state));
        strictEqual(error.code, code);
        for (const pointer of pointers) ok(error.faults.some((fault) => fault.pointer === pointer), `no fault at ${pointer}, but at ${error.faults.map((fault) => fault.pointer).join(', ') || 'none'}`);
      },
      thenState: (expected) => {
        const after = evolveAll(state, decider.decide(command, state), events.length);
        if (typeof expected === 'function') (expected as (state: State) => void)(after);
        else deepStrictEqual(after, expected);
      },
    }),
    /** The state after the past events alone. */
    state,
  };
};

const refusal = (decide: () => unknown): DomainError => {
  try {
    decide();
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
  return fail('the command was accepted');
};
