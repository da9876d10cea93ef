import { DomainError } from '@pataka/contracts';
import { exposureQueryOf } from './exposure-query';

const faultsOf = (query: Record<string, unknown>): unknown => {
  try {
    return exposureQueryOf(query);
  } catch (error) {
    return (error as DomainError).faults.map(({ pointer }) => pointer);
  }
};

describe('a query for recorded exposures', () => {
  it('asks for everything, oldest first, unless it says otherwise', () => {
    expect(exposureQueryOf({})).toEqual({ flag: null, experiment: null, environment: null, variant: null, from: 0, until: Number.MAX_SAFE_INTEGER, descending: false });
    expect(exposureQueryOf({ flag: 'f', until: '2026-07-01T00:00:00 05:30', order: 'desc' })).toMatchObject({ flag: 'f', until: Date.UTC(2026, 5, 30, 18, 30) * 1000, descending: true });
  });

  it('names every parameter that cannot be', () => {
    expect(faultsOf({ from: 'yesterday', until: '2026-02-30T00:00:00Z', order: 'up', flag: 'x'.repeat(129) })).toEqual(['/order', '/flag', '/from', '/until']);
    expect(faultsOf({ from: '2026-07-02T00:00:00Z', until: '2026-07-01T00:00:00Z' })).toEqual(['/from']);
    expect(faultsOf({ experiment: ['a', 'b'] })).toEqual(['/experiment']);
    expect(faultsOf({ variant: 'a\0' })).toEqual(['/variant']);
  });
});
