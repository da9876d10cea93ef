import type { ExperimentType, Strategy } from '@pataka/contracts';
import { stepsOf } from './steps';

const steps = (strategy: Strategy, type: ExperimentType = 'AB_TEST'): unknown[] => stepsOf({ type, strategy }).map(({ percentage, duration, regions }) => [percentage, duration, ...(regions === undefined ? [] : [regions])]);

describe('the steps of', () => {
  it('a FIXED strategy are one that lasts', () => expect(steps({ type: 'FIXED', targetPercentage: 40 })).toEqual([[40, null]]));
  it('five percent and ten more every week end at the target', () => {
    expect(steps({ type: 'AUTOMATIC', initialPercentage: 5, incrementSize: 10, targetPercentage: 30, incrementInterval: 'P7D' })).toEqual([[5, 'P7D'], [15, 'P7D'], [25, 'P7D'], [30, 'P7D']]);
  });
  it('small increments do not drift', () => expect(steps({ type: 'GRADUAL', incrementSize: 0.1, targetPercentage: 0.3, incrementInterval: 'PT1H' })).toEqual([[0.1, 'PT1H'], [0.2, 'PT1H'], [0.3, 'PT1H']]));
  it('an explicit list have durations of their own', () => {
    expect(steps({ type: 'GRADUAL', incrementInterval: 'P7D', steps: [{ percentage: 15 }, { percentage: 30, duration: 'P3D' }, { percentage: 75 }] })).toEqual([[15, 'P7D'], [30, 'P3D'], [75, 'P7D']]);
  });
  it('regional waves add up, and a step without regions reaches everywhere', () => {
    expect(steps({ type: 'GRADUAL', steps: [{ percentage: 50, duration: 'P1D', regions: ['north'] }, { percentage: 50, duration: 'P1D', regions: ['west'] }, { percentage: 50 }] }))
      .toEqual([[50, 'P1D', ['north']], [50, 'P1D', ['north', 'west']], [50, null]]);
  });
  it('a CANARY are a slice and a jump', () => expect(steps({ type: 'CANARY', initialPercentage: 2, sliceDuration: 'PT6H' })).toEqual([[2, 'PT6H'], [100, null]]));
  it('a GRADUAL_ROLLOUT end, for then its treatment becomes the default', () => expect(steps({ type: 'CANARY', initialPercentage: 2, sliceDuration: 'PT6H' }, 'GRADUAL_ROLLOUT')).toEqual([[2, 'PT6H'], [100, 'PT6H']]));
});
