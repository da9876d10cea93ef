import type { CreateExperiment } from '@pataka/contracts';
import { experimentFaults } from './experiment-faults';

const good: CreateExperiment = {
  key: 'routing', type: 'AB_TEST', variants: [{ id: 'a', weight: 0.5, config: 1, isControl: true }, { id: 'b', weight: 0.5, config: 2 }],
};
const pointers = (body: Partial<CreateExperiment>) => experimentFaults({ ...good, ...body }, ['production']).map(({ pointer }) => pointer);

describe('experimentFaults', () => {
  it('finds none in a good experiment', () => {
    expect(pointers({})).toEqual([]);
  });

  it.each<[string, Partial<CreateExperiment>, string[]]>([
    ['weights that do not sum to 1', { variants: [{ ...good.variants![0]!, weight: 0.4 }, good.variants![1]!] }, ['/variants']],
    ['no control', { variants: good.variants!.map((variant) => ({ ...variant, isControl: false })) }, ['/variants']],
    ['two controls', { variants: good.variants!.map((variant) => ({ ...variant, isControl: true })) }, ['/variants']],
    ['an id twice', { variants: good.variants!.map((variant) => ({ ...variant, id: 'a' })) }, ['/variants/1/id']],
    ['configs of two types', { variants: [good.variants![0]!, { ...good.variants![1]!, config: 'two' }] }, ['/variants/1/config']],
    ['one variant', { variants: [{ ...good.variants![0]!, weight: 1 }] }, ['/variants']],
    ['factors of an A/B test', { factors: [{ name: 'f', levels: [1, 2] }] }, ['/factors']],
    ['factors beside variants', { type: 'MULTIVARIATE', factors: [{ name: 'f', levels: [1, 2] }] }, ['/variants']],
    ['a strategy that is not there yet', { strategy: { type: 'GRADUAL' } }, ['/strategy/type']],
    ['a type that is not there yet', { type: 'BANDITS' }, ['/type']],
    ['an end before the start', { startDate: '2026-07-02T00:00:00Z', endDate: '2026-07-01T00:00:00Z' }, ['/endDate']],
    ['an unknown environment', { environment: 'moon' }, ['/environment']],
    ['a bad condition of the audience', { targetAudience: { conditions: [{ attribute: 'region', operator: 'regex', value: '(' }] } }, ['/targetAudience/conditions/0/value']],
    ['a metric twice', { successMetrics: ['fuel'], safetyMetrics: ['fuel'] }, ['/safetyMetrics/0']],
  ])('names %s', (_what, body, expected) => {
    expect(pointers(body)).toEqual(expected);
  });

  it('names every fault at once', () => {
    expect(pointers({ environment: 'moon', strategy: { type: 'CANARY' }, variants: good.variants!.map((variant) => ({ ...variant, weight: 0.9 })) })).toEqual(['/variants', '/strategy/type', '/environment']);
  });
});
