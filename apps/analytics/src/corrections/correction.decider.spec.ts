import { DomainError, type Correction } from '@pataka/contracts';
import type { StoredFacts } from '@pataka/event-sourcing';
import { correctionAggregate, type CorrectionCommand, type CorrectionState } from './correction.decider';

const ID = '0192b3c4-0000-7000-8000-000000000001';
const run = (...commands: CorrectionCommand[]): CorrectionState => {
  let state = correctionAggregate.initialState;
  let version = 0;
  for (const command of commands) {
    for (const event of correctionAggregate.decide(command, state)) {
      version += 1;
      state = correctionAggregate.evolve(state, { ...event, version, at: `2026-07-1${version}T00:00:00Z`, meta: { actor: version === 1 ? 'asha' : 'ravi', correlationId: 'c' } } as typeof event & StoredFacts);
    }
  }
  return state;
};
const correct = (body: object): CorrectionCommand => ({ type: 'correct', id: ID, body });
const odometers = { kind: 'values', reason: 'odometers were wrong', metric: 'distance', subjects: ['truck-1', 'truck-2'], from: '2026-07-03T00:00:00+05:30', until: '2026-07-10T00:00:00+05:30' };
const pointersOf = (body: object): string[] => {
  try {
    run(correct(body));
    return [];
  } catch (error) {
    return (error as DomainError).faults.map(({ pointer }) => pointer);
  }
};

describe('a correction', () => {
  it('is signed by who and why', () => {
    expect(run(correct(odometers))).toEqual({ ...odometers, id: ID, version: 1, status: 'active', createdBy: 'asha', createdAt: '2026-07-11T00:00:00Z' });
  });

  it('is reverted once, and stays to be seen', () => {
    const reverted = run(correct(odometers), { type: 'revert', id: ID, reason: 'they were right' }, { type: 'revert', id: ID }) as Correction;
    expect(reverted).toMatchObject({ version: 2, status: 'reverted', revertedBy: 'ravi', revertReason: 'they were right', metric: 'distance' });
    expect(() => run({ type: 'revert', id: ID })).toThrow(DomainError);
  });

  it.each([
    [{ ...odometers, reason: ' ' }, ['/reason']],
    [{ ...odometers, reason: undefined }, ['/reason']],
    [{ ...odometers, metric: undefined }, ['/metric']],
    [{ ...odometers, action: 'multiply' }, ['/factor']],
    [{ ...odometers, action: 'replace', factor: 2 }, ['/factor', '/value']],
    [{ ...odometers, variantId: 'a' }, ['/variantId']],
    [{ ...odometers, until: odometers.from }, ['/until']],
    [{ ...odometers, until: '2026-13-01T00:00:00Z' }, ['/until']],
    [{ ...odometers, subjects: [] }, ['/subjects']],
    [{ kind: 'subjects', reason: 'staff' }, ['/subjects']],
    [{ kind: 'subjects', reason: 'staff', conditions: [{ operator: 'in_segment', value: ['x'] }] }, ['/conditions']],
    [{ kind: 'broken', reason: 'crashed' }, ['/experimentId', '/from']],
    [{ kind: 'guess', reason: 'x' }, ['/kind']],
  ])('refuses %j', (body, pointers) => {
    expect(pointersOf(JSON.parse(JSON.stringify(body)) as object)).toEqual(pointers);
  });
});
