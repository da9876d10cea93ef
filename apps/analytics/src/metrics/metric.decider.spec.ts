import { DomainError } from '@pataka/contracts';
import type { StoredFacts } from '@pataka/event-sourcing';
import { metricAggregate, type MetricCommand, type MetricState } from './metric.decider';

const run = (...commands: MetricCommand[]): MetricState => {
  let state = metricAggregate.initialState;
  let version = 0;
  for (const command of commands) {
    for (const event of metricAggregate.decide(command, state)) {
      version += 1;
      state = metricAggregate.evolve(state, { ...event, version, at: `2026-01-0${version}T00:00:00Z`, meta: { actor: 'asha', correlationId: 'c' } } as typeof event & StoredFacts);
    }
  }
  return state;
};
const define = (body: object): MetricCommand => ({ type: 'define', body });

describe('a metric', () => {
  it('is a conversion unless it says otherwise', () => {
    expect(run(define({ key: 'retention' }))).toMatchObject({ key: 'retention', type: 'conversion', version: 1, createdBy: 'asha' });
  });

  it('is defined once', () => {
    expect(() => run(define({ key: 'a' }), define({ key: 'a' }))).toThrow(DomainError);
    expect(run(define({ key: 'a' }), { type: 'ensure', body: { key: 'a', type: 'mean' } })).toMatchObject({ type: 'conversion', version: 1 });
  });

  it('changes the named members alone, and takes away what is null', () => {
    const corrected = run(define({ key: 'a', type: 'mean', cap: 5, unit: 'INR' }), { type: 'correct', key: 'a', body: { cap: null, aggregation: 'max' } });
    expect(corrected).toEqual({ key: 'a', type: 'mean', unit: 'INR', aggregation: 'max', version: 2, createdBy: 'asha', createdAt: '2026-01-01T00:00:00Z', updatedAt: '2026-01-02T00:00:00Z' });
    expect(run(define({ key: 'a' }), { type: 'correct', key: 'a', body: { type: 'conversion' } })?.version).toBe(1);
  });

  it.each([
    [{ key: 'a', type: 'ratio' }, '/denominatorEvent'],
    [{ key: 'a', type: 'quantile', quantile: 1 }, '/quantile'],
    [{ key: 'a', margin: { relative: 0.1, absolute: 1 } }, '/margin'],
    [{ key: 'a', type: 'quantile', quantile: 0.5, cuped: true }, '/cuped'],
    [{ key: 'constructor' }, '/key'],
    [{ key: 'a', colour: 'red' }, '/colour'],
  ])('refuses %j', (body, pointer) => {
    expect.assertions(1);
    try {
      run(define(body));
    } catch (error) {
      expect((error as DomainError).faults.map((fault) => fault.pointer)).toEqual([pointer]);
    }
  });
});
