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
    ['growth without steps', { strategy: { type: 'GRADUAL' } }, ['/strategy/incrementSize', '/strategy/incrementInterval']],
    ['a duration that is none', { strategy: { type: 'GRADUAL', incrementSize: 10, incrementInterval: '7 days', maximumHold: 'P1M' } }, ['/strategy/incrementInterval', '/strategy/maximumHold']],
    ['steps that shrink or have no end', { strategy: { type: 'GRADUAL', steps: [{ percentage: 30, duration: 'P7D' }, { percentage: 15 }, { percentage: 50, regions: [] }] } }, ['/strategy/steps/1/percentage', '/strategy/steps/1/duration', '/strategy/steps/2/regions']],
    ['more steps than a hundred', { strategy: { type: 'GRADUAL', incrementSize: 0.5, incrementInterval: 'P1D' } }, ['/strategy/incrementSize']],
    ['automation without a threshold', { strategy: { type: 'AUTOMATIC', incrementSize: 10, incrementInterval: 'P1D' } }, ['/strategy/successThresholds']],
    ['a threshold of a metric that nobody measures', { successMetrics: ['fuel'], strategy: { type: 'GRADUAL', incrementSize: 10, incrementInterval: 'P1D', successThresholds: { retention: 0.9, fuel: { value: 0, of: 'ratio' } } } }, ['/strategy/successThresholds/retention', '/strategy/successThresholds/fuel/value']],
    ['a failure before a success', { successMetrics: ['fuel'], strategy: { type: 'GRADUAL', incrementSize: 10, incrementInterval: 'P1D', successThresholds: { fuel: { value: 0.8, direction: 'atLeast' } }, failureThresholds: { fuel: { value: 0.9, direction: 'atLeast' } } } }, ['/strategy/failureThresholds/fuel']],
    ['windows of no zone, over midnight, on no day', { strategy: { type: 'GRADUAL', incrementSize: 10, incrementInterval: 'P1D', timezone: 'Asia/Bombai', windows: [{ start: '22:00', end: '06:00', timezone: 'Asia/Atlantis', days: [] }] } }, ['/strategy/windows/0/end', '/strategy/windows/0/days', '/strategy/windows/0/timezone', '/strategy/timezone']],
    ['steps of a strategy that takes none', { strategy: { type: 'FIXED', steps: [{ percentage: 5 }], blackouts: ['diwali'] } }, ['/strategy/steps', '/strategy/blackouts']],
    ['a canary that is everyone', { strategy: { type: 'CANARY', initialPercentage: 100 } }, ['/strategy/initialPercentage']],
    ['a gradual rollout that does not grow', { type: 'GRADUAL_ROLLOUT', strategy: { type: 'FIXED' } }, ['/strategy/type']],
    ['an end before the start', { startDate: '2026-07-02T00:00:00Z', endDate: '2026-07-01T00:00:00Z' }, ['/endDate']],
    ['an unknown environment', { environment: 'moon' }, ['/environment']],
    ['a bad condition of the audience', { targetAudience: { conditions: [{ attribute: 'region', operator: 'regex', value: '(' }] } }, ['/targetAudience/conditions/0/value']],
    ['a metric twice', { successMetrics: ['fuel'], safetyMetrics: ['fuel'] }, ['/safetyMetrics/0']],
  ])('names %s', (_what, body, expected) => {
    expect(pointers(body)).toEqual(expected);
  });

  it('names every fault at once', () => {
    expect(pointers({ environment: 'moon', strategy: { type: 'AUTOMATIC' }, variants: good.variants!.map((variant) => ({ ...variant, weight: 0.9 })) }))
      .toEqual(['/variants', '/strategy/incrementSize', '/strategy/incrementInterval', '/strategy/successThresholds', '/environment']);
  });
});
