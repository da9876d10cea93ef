import { CreateFlag, faultsOf, type Experiment, type ExperimentChange, type ExperimentEvent } from '@pataka/contracts';
import { ruleFaults } from '../flags/rule-faults';
import { flagOf, ruleOf, typeOf } from './experiment-flag';
import { reactionTo } from './experiment-reaction';
import { refusalAggregate } from './refusal.decider';

const experiment = (more: Partial<Experiment> = {}): Experiment => ({
  id: 'exp_1', key: 'hindi_scoring', name: 'Hindi scoring', type: 'AB_TEST', status: 'ACTIVE', environment: 'production', flagKey: 'scoring',
  variants: [{ id: 'control', weight: 0.5, config: 'basic', isControl: true }, { id: 'ai', weight: 0.5, config: 'ai_advanced' }],
  strategy: { type: 'GRADUAL' }, successMetrics: [], guardrailMetrics: [], safetyMetrics: [], linked: true, phase: 1, phases: [],
  rollout: { percentage: 5, step: 0, nextStepAt: null }, version: 3, createdBy: 'asha', createdAt: '2026-07-01T00:00:00Z', updatedAt: '2026-07-01T00:00:00Z', ...more,
});
const change = (type: ExperimentEvent['type'], more: Partial<Experiment> = {}): ExperimentChange =>
  ({ change: { type, data: {} } as ExperimentEvent, actor: 'asha', experiment: experiment(more) });

describe("an experiment's flag", () => {
  it('serves the control and nothing else', () => {
    expect(flagOf(experiment())).toEqual({
      key: 'scoring', name: 'Hindi scoring', description: '', type: 'STRING', status: 'INACTIVE', defaultValue: 'basic', defaultVariant: 'control',
      environments: { production: { enabled: true, rules: [] } },
    });
    expect(faultsOf(CreateFlag, flagOf(experiment()))).toEqual([]);
  });
  it.each([[true, 'BOOLEAN'], ['x', 'STRING'], [0, 'NUMBER'], [{ a: 1 }, 'JSON']] as const)('of %j is %s', (config, type) => expect(typeOf(config)).toBe(type));
});

describe("an experiment's rule", () => {
  it('splits by weight within the percentage, with a salt of its own', () => {
    expect(ruleOf(experiment({ bucketBy: 'fleet_id' }))).toEqual({
      id: 'exp_1', salt: 'exp_1', description: 'Experiment hindi_scoring', conditions: [], percentage: 5, bucketBy: 'fleet_id', experimentId: 'exp_1', phase: 1,
      split: [{ variant: 'control', weight: 0.5, value: 'basic' }, { variant: 'ai', weight: 0.5, value: 'ai_advanced' }],
    });
  });
  it('keeps id and salt over phases and percentages', () => {
    const later = ruleOf(experiment({ phase: 3, rollout: { percentage: 80, step: 4, nextStepAt: null } }));
    expect([later.id, later.salt]).toEqual([ruleOf(experiment()).id, ruleOf(experiment()).salt]);
  });
  it('asks for audience, segments and regions together', () => {
    const rule = ruleOf(experiment({
      targetAudience: { conditions: [{ attribute: 'role', operator: 'equals', value: 'driver' }] },
      strategy: {
        type: 'GRADUAL', audienceSegments: ['pilots'], windows: [{ start: '11:00', end: '12:00', timezone: 'UTC' }], servingWindows: [{ start: '10:00', end: '17:00', timezone: 'Asia/Kolkata' }],
        geographicRules: [{ regions: ['west'], include: true }, { regions: ['goa'], include: false }, { regions: ['south'], include: true }],
      },
    }));
    expect(rule.conditions).toEqual([
      { attribute: 'role', operator: 'equals', value: 'driver' }, { operator: 'in_segment', value: ['pilots'] },
      { attribute: 'region', operator: 'within', value: ['west', 'south'] }, { not: { attribute: 'region', operator: 'within', value: ['goa'] } },
    ]);
    expect(rule.schedule).toEqual({ windows: [{ start: '10:00', end: '17:00', timezone: 'Asia/Kolkata' }] });
    expect(ruleFaults(rule, 'STRING', '')).toEqual([]);
  });
  it('serves nobody before its start date and from its end date on', () => {
    const dates = { startDate: '2026-07-01T00:00:00+05:30', endDate: '2026-08-01T00:00:00+05:30' };
    expect(ruleOf(experiment(dates)).schedule).toEqual({ from: dates.startDate, until: dates.endDate });
  });
  it('reaches a wave of regions more with each step, and in the end everywhere', () => {
    const steps = [{ percentage: 15, regions: ['north'] }, { percentage: 30, regions: ['west'] }, { percentage: 100 }];
    const reached = [0, 1, 2].map((step) => ruleOf(experiment({ strategy: { type: 'GRADUAL', steps }, rollout: { percentage: 15, step, nextStepAt: null } })).conditions);
    const within = (...value: string[]) => [{ attribute: 'region', operator: 'within', value }];
    expect(reached).toEqual([within('north'), within('north', 'west'), []]);
  });
});

describe('the flag reacts to', () => {
  const place = (activate: boolean) => ({ type: 'place-experiment-rule', experimentId: 'exp_1', environment: 'production', rule: ruleOf(experiment()), activate });
  const end = (serve: unknown) => ({ type: 'end-experiment', experimentId: 'exp_1', environment: 'production', serve });

  it.each<[ExperimentEvent['type'], Partial<Experiment>, unknown]>([
    ['experiment.created', { status: 'DRAFT' }, { type: 'make-flag' }],
    ['experiment.started', {}, place(true)],
    ['experiment.percentage-changed', {}, place(false)],
    ['experiment.weights-changed', {}, place(false)],
    ['experiment.updated', {}, place(false)],
    ['experiment.updated', { status: 'DRAFT' }, { type: 'leave' }],
    ['experiment.updated', { status: 'COMPLETED' }, { type: 'leave' }],
    ['experiment.paused', { status: 'PAUSED' }, { type: 'leave' }],
    ['experiment.resumed', {}, { type: 'leave' }],
    ['experiment.flag-linked', {}, { type: 'leave' }],
    ['experiment.completed', { status: 'COMPLETED', winnerVariantId: 'ai' }, end({ value: 'ai_advanced', variant: 'ai' })],
    ['experiment.completed', { status: 'COMPLETED' }, end(null)],
    ['experiment.rolled-back', { status: 'COMPLETED' }, end(null)],
    ['experiment.archived', { status: 'ARCHIVED' }, { type: 'archive-flag' }],
  ])('%s %j', (type, more, reaction) => expect(reactionTo(change(type, more))).toEqual(reaction));
});

describe('a refusal', () => {
  const refusal = { experimentId: 'exp_1', flagKey: 'scoring', code: 'already-exists', detail: 'There is a flag "scoring"' };
  it('is told once', () => {
    expect(refusalAggregate.decide({ type: 'refuse', refusal }, null)).toEqual([{ type: 'experiment-flag.refused', data: refusal }]);
    expect(refusalAggregate.decide({ type: 'refuse', refusal }, { ...refusal })).toEqual([]);
    expect(refusalAggregate.decide({ type: 'refuse', refusal: { ...refusal, code: 'validation' } }, refusal)).toHaveLength(1);
  });
});
