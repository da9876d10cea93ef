import type { CreateExperiment, ExperimentEvent, Variant } from '@pataka/contracts';
import { given } from '@pataka/event-sourcing';
import { experimentAggregate as decider, type ExperimentCommand } from './experiment.decider';

const now = '2026-07-01T04:30:00.000Z';
const variants: Variant[] = [{ id: 'control', weight: 0.5, config: 'basic', isControl: true }, { id: 'ai', weight: 0.5, config: 'ai_advanced' }];
const body: CreateExperiment = { key: 'routing', type: 'AB_TEST', variants, successMetrics: ['fuel'], strategy: { type: 'FIXED', targetPercentage: 20 } };
const create: ExperimentCommand = { type: 'CreateExperiment', id: 'exp_1', body, now };
const created = decider.decide(create, null)[0]!;
const linked: ExperimentEvent = { type: 'experiment.flag-linked', data: { flagKey: 'routing' } };
const started: ExperimentEvent = { type: 'experiment.started', data: {} };
const paused: ExperimentEvent = { type: 'experiment.paused', data: {} };
const completed: ExperimentEvent = { type: 'experiment.completed', data: { winnerVariantId: 'ai' } };

describe('an experiment', () => {
  it('begins as a draft with the defaults filled in', () => {
    given(decider).when(create).thenEmits(created);
    expect(created).toMatchObject({ data: { experiment: { status: 'DRAFT', environment: 'production', flagKey: 'routing', linked: false, rollout: { percentage: 20 } } } });
  });

  it('makes the cells of a factorial design', () => {
    const [event] = decider.decide({ ...create, body: { key: 'f', type: 'MULTIVARIATE', factors: [{ name: 'algorithm', levels: ['rules', 'ml'] }, { name: 'language', levels: ['en', 'hi', 'ta'] }] } }, null);
    const cells = (event as Extract<ExperimentEvent, { type: 'experiment.created' }>).data.experiment.variants;
    expect(cells.map(({ id }) => id)).toEqual(['algorithm=rules,language=en', 'algorithm=rules,language=hi', 'algorithm=rules,language=ta', 'algorithm=ml,language=en', 'algorithm=ml,language=hi', 'algorithm=ml,language=ta']);
    expect(cells.filter(({ isControl }) => isControl)).toHaveLength(1);
    expect(Math.abs(cells.reduce((sum, { weight }) => sum + weight, 0) - 1)).toBeLessThan(1e-9);
  });

  it('starts once its flag is there', () => {
    given(decider, created).when({ type: 'StartExperiment' }).thenRejects('illegal-transition');
    given(decider, created, linked).when({ type: 'StartExperiment' }).thenEmits(started);
  });

  it('does not start when its flag was refused', () => {
    const refused: ExperimentEvent = { type: 'experiment.flag-refused', data: { flagKey: 'routing', code: 'already-exists', detail: 'taken' } };
    given(decider, created, refused).when({ type: 'StartExperiment' }).thenRejects('illegal-transition');
  });

  it('is linked and refused at most once', () => {
    given(decider, created, linked).when({ type: 'LinkFlag', flagKey: 'routing' }).thenEmits();
    given(decider, created, linked).when({ type: 'RefuseFlag', flagKey: 'routing', code: 'x', detail: 'y' }).thenEmits();
  });

  it.each<[string, ExperimentCommand, ExperimentEvent[]]>([
    ['a draft cannot be paused', { type: 'PauseExperiment' }, [created, linked]],
    ['a draft cannot be completed', { type: 'CompleteExperiment' }, [created, linked]],
    ['a draft cannot be rolled back', { type: 'RollBackExperiment' }, [created, linked]],
    ['a running one cannot be archived', { type: 'ArchiveExperiment' }, [created, linked, started]],
    ['a completed one cannot be paused', { type: 'PauseExperiment' }, [created, linked, started, completed]],
    ['a completed one cannot be started again', { type: 'StartExperiment' }, [created, linked, started, completed]],
    ['a completed one does not change', { type: 'ChangeExperiment', patch: { name: 'x' } }, [created, linked, started, completed]],
  ])('%s', (_title, command, history) => {
    given(decider, ...history).when(command).thenRejects('illegal-transition');
  });

  it('pauses, resumes, completes with a winner and is archived', () => {
    given(decider, created, linked, started).when({ type: 'PauseExperiment' }).thenEmits(paused);
    given(decider, created, linked, started, paused).when({ type: 'PauseExperiment' }).thenEmits();
    given(decider, created, linked, started, paused).when({ type: 'ResumeExperiment' }).thenEmits({ type: 'experiment.resumed', data: {} });
    given(decider, created, linked, started).when({ type: 'CompleteExperiment', winnerVariantId: 'ai' }).thenEmits(completed);
    given(decider, created, linked, started).when({ type: 'CompleteExperiment', winnerVariantId: 'nobody' }).thenRejects('validation', '/winnerVariantId');
    given(decider, created, linked, started, completed).when({ type: 'ArchiveExperiment' }).thenEmits({ type: 'experiment.archived', data: {} });
  });

  it('is not found before it is made', () => {
    given(decider).when({ type: 'StartExperiment' }).thenRejects('experiment-not-found');
  });
});

describe('a running experiment', () => {
  const running = given(decider, created, linked, started);

  it('only lets its percentage grow, which moves nobody', () => {
    running.when({ type: 'ChangeExperiment', patch: { strategy: { type: 'FIXED', targetPercentage: 50 } } }).thenEmits({ type: 'experiment.percentage-changed', data: { percentage: 50, step: 1 } });
    running.when({ type: 'ChangeExperiment', patch: { strategy: { type: 'FIXED', targetPercentage: 10 } } }).thenRejects('validation', '/strategy/targetPercentage');
    running.when({ type: 'ChangeExperiment', patch: { strategy: { type: 'FIXED', targetPercentage: 20 } } }).thenEmits();
  });

  it('opens a phase when its weights change', () => {
    const other = [{ ...variants[0]!, weight: 0.2 }, { ...variants[1]!, weight: 0.8 }];
    running.when({ type: 'ChangeExperiment', patch: { variants: other } }).thenEmits({ type: 'experiment.weights-changed', data: { phase: 2, weights: { control: 0.2, ai: 0.8 } } });
    running.when({ type: 'ChangeExperiment', patch: { variants } }).thenEmits();
  });

  it('keeps its variants and audience', () => {
    running.when({ type: 'ChangeExperiment', patch: { variants: [{ ...variants[0]!, config: 'other' }, variants[1]!] } }).thenRejects('validation', '/variants');
    running.when({ type: 'ChangeExperiment', patch: { targetAudience: { conditions: [] } } }).thenRejects('illegal-transition', '/targetAudience');
  });

  it('takes other words and metrics', () => {
    running.when({ type: 'ChangeExperiment', patch: { name: 'Routes', safetyMetrics: ['accidents'] } })
      .thenEmits({ type: 'experiment.updated', data: { changes: { name: 'Routes', safetyMetrics: ['accidents'] } } });
  });
});
