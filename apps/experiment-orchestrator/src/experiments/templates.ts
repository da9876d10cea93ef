import type { CreateExperiment, ExperimentTemplate, Variant } from '@pataka/contracts';

const two = (control: string, treatment: string): Variant[] => [
  { id: 'control', name: 'Control', weight: 0.5, config: control, isControl: true }, { id: 'treatment', name: 'Treatment', weight: 0.5, config: treatment },
];
const ab: Pick<CreateExperiment, 'type' | 'variants' | 'successMetrics'> = { type: 'AB_TEST', variants: two('current', 'new'), successMetrics: ['driver_retention'] };
const officeHours = [{ days: ['MON', 'TUE', 'WED', 'THU', 'FRI'] as const, start: '10:00', end: '17:00', timezone: 'Asia/Kolkata' }].map(({ days, ...window }) => ({ ...window, days: [...days] }));

/** Experiments to begin from: each is a body for `POST /api/experiments` once it has a key. */
export const templates: readonly ExperimentTemplate[] = [
  {
    key: 'ab-test', name: 'A/B test', description: 'Half get the treatment, everyone of the audience takes part; a person decides by the report.',
    experiment: { ...ab, strategy: { type: 'FIXED', targetPercentage: 100 } },
  },
  {
    key: 'weekly-growth', name: 'Weekly growth by metrics', description: 'From 5%, 10% more every week as long as retention holds; back to control for everyone when it falls.',
    experiment: {
      ...ab, strategy: {
        type: 'AUTOMATIC', initialPercentage: 5, incrementSize: 10, targetPercentage: 100, incrementInterval: 'P7D',
        successThresholds: { driver_retention: 0.9 }, failureThresholds: { driver_retention: 0.8 }, windows: officeHours,
      },
    },
  },
  {
    key: 'uneven-growth', name: 'Growth in uneven steps', description: '15, 30, 50 and 75% week by week, the last ones only where the effect is there.',
    experiment: {
      ...ab, strategy: {
        type: 'AUTOMATIC', steps: [15, 30, 50, 75].map((percentage) => ({ percentage, duration: 'P7D' })),
        successThresholds: { driver_retention: { value: 1.05, of: 'ratio' } }, failureThresholds: { driver_retention: { value: 0.95, of: 'ratio', confidence: 0.95 } },
      },
    },
  },
  {
    key: 'regional-waves', name: 'Regional waves', description: 'North, then West, then South India; a region that was reached stays in.',
    experiment: {
      ...ab, strategy: {
        type: 'GRADUAL', steps: [{ percentage: 50, duration: 'P7D', regions: ['north'] }, { percentage: 50, duration: 'P7D', regions: ['west'] }, { percentage: 50, duration: 'P7D', regions: ['south'] }],
        failureThresholds: { driver_retention: { value: 0.95, of: 'ratio', confidence: 0.95 } },
      },
    },
  },
  {
    key: 'canary', name: 'Canary', description: 'A small slice for a day under strict guards, then everyone.',
    experiment: { ...ab, safetyMetrics: [{ key: 'accident', direction: 'decrease' }], strategy: { type: 'CANARY', initialPercentage: 2, targetPercentage: 100, sliceDuration: 'P1D', maximumHold: 'P3D' } },
  },
  {
    key: 'gradual-rollout', name: 'Gradual rollout', description: 'One new variant against control, four equal steps; in the end it is the default.',
    experiment: { type: 'GRADUAL_ROLLOUT', variants: two('current', 'new'), strategy: { type: 'GRADUAL', initialPercentage: 25, incrementSize: 25, incrementInterval: 'P2D' } },
  },
  {
    key: 'factorial', name: 'Two factors at once', description: 'Algorithm and language apart and together, each cell an equal share.',
    experiment: { type: 'MULTIVARIATE', factors: [{ name: 'algorithm', levels: ['rules', 'ml'] }, { name: 'language', levels: ['en', 'hi'] }], successMetrics: ['driver_retention'], strategy: { type: 'FIXED', targetPercentage: 100 } },
  },
  {
    key: 'bandit', name: 'Bandit', description: 'Weights move towards what works best, once a day; every variant keeps a floor.',
    experiment: { type: 'BANDITS', variants: two('current', 'new'), successMetrics: ['driver_retention'], bandit: { interval: 'P1D', floor: 0.05 }, strategy: { type: 'FIXED', targetPercentage: 100 } },
  },
];
