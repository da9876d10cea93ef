import { CreateExperiment, faultsOf, KEY_PATTERN, type Experiment, type ExperimentEvent } from '@pataka/contracts';
import { experimentAggregate } from './experiment.decider';
import { experimentFaults } from './experiment-faults';
import { templates } from './templates';

const now = '2026-07-01T04:30:00.000Z';
const fold = (events: readonly ExperimentEvent[], state: Experiment | null = null): Experiment | null =>
  events.reduce<Experiment | null>((before, event) => experimentAggregate.evolve(before, { ...event, id: '', streamId: '', position: 1, version: 1, schemaVersion: 1, at: now, meta: { actor: 'spec', correlationId: 'spec' } }), state);

describe('the templates', () => {
  it('have keys of their own, and say in words what they are', () => {
    expect(new Set(templates.map(({ key }) => key)).size).toBe(templates.length);
    for (const { key, name, description } of templates) {
      expect(key).toMatch(KEY_PATTERN);
      expect([name, description].every((text) => text.trim() !== '')).toBe(true);
    }
  });

  it('cover every type and every strategy there is', () => {
    expect([...new Set(templates.map(({ experiment }) => experiment.type))].sort()).toEqual(['AB_TEST', 'BANDITS', 'GRADUAL_ROLLOUT', 'MULTIVARIATE']);
    expect([...new Set(templates.map(({ experiment }) => experiment.strategy?.type))].sort()).toEqual(['AUTOMATIC', 'CANARY', 'FIXED', 'GRADUAL']);
  });

  describe.each(templates.map((template) => [template.key, template] as const))('%s', (_key, { experiment }) => {
    const body: CreateExperiment = { ...structuredClone(experiment), key: 'from-a-template' };

    it('is a whole experiment once it has a key: no fault of shape or of meaning', () => {
      expect(faultsOf(CreateExperiment, body)).toEqual([]);
      expect(experimentFaults(body, ['production'])).toEqual([]);
    });

    it('is no experiment without a key of its own', () => {
      expect(faultsOf(CreateExperiment, experiment).map(({ pointer }) => pointer)).toContain('/key');
    });

    it('can be created, linked to its flag and started', () => {
      const draft = fold(experimentAggregate.decide({ type: 'CreateExperiment', id: 'exp_1', body, now }, null));
      const linked = fold([{ type: 'experiment.flag-linked', data: { flagKey: body.key } }], draft);
      const running = fold(experimentAggregate.decide({ type: 'StartExperiment', now }, linked), linked);
      expect(running).toMatchObject({ status: 'ACTIVE', key: 'from-a-template', environment: 'production', phase: 1 });
      expect(Math.abs(running!.variants.reduce((sum, { weight }) => sum + weight, 0) - 1)).toBeLessThan(1e-9);
      expect(running!.variants.filter(({ isControl }) => isControl === true)).toHaveLength(1);
    });
  });
});
