import type { CreateExperiment, ExperimentEvent, Variant } from '@pataka/contracts';
import { given } from '@pataka/event-sourcing';
import { experimentAggregate as decider, type ExperimentCommand } from './experiment.decider';

const now = '2026-07-01T04:30:00.000Z';
const variants: Variant[] = [{ id: 'control', weight: 0.5, config: 'basic', isControl: true }, { id: 'ai', weight: 0.5, config: 'ai_advanced' }];
const body: CreateExperiment = { key: 'routing', type: 'AB_TEST', variants, successMetrics: ['fuel'], strategy: { type: 'FIXED', targetPercentage: 20 } };
const create: ExperimentCommand = { type: 'CreateExperiment', id: 'exp_1', body, now };
const created = decider.decide(create, null)[0]!;
const linked: ExperimentEvent = { type: 'experiment.flag-linked', data: { flagKey: 'routing' } };
const start: ExperimentCommand = { type: 'StartExperiment', now };
const started = decider.decide(start, given(decider, created, linked).state)[0]!;
const paused: ExperimentEvent = { type: 'experiment.paused', data: { at: now } };
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
    given(decider, created).when({ type: 'StartExperiment', now }).thenRejects('illegal-transition');
    given(decider, created, linked).when(start).thenEmits(started);
    expect(started.data).toMatchObject({ from: now, nextStepAt: null, estimate: { known: false, hopeless: false } });
  });

  it('does not start when its flag was refused', () => {
    const refused: ExperimentEvent = { type: 'experiment.flag-refused', data: { flagKey: 'routing', code: 'already-exists', detail: 'taken' } };
    given(decider, created, refused).when({ type: 'StartExperiment', now }).thenRejects('illegal-transition');
  });

  it('is linked and refused at most once', () => {
    given(decider, created, linked).when({ type: 'LinkFlag', flagKey: 'routing' }).thenEmits();
    given(decider, created, linked).when({ type: 'RefuseFlag', flagKey: 'routing', code: 'x', detail: 'y' }).thenEmits();
  });

  it.each<[string, ExperimentCommand, ExperimentEvent[]]>([
    ['a draft cannot be paused', { type: 'PauseExperiment', now }, [created, linked]],
    ['a draft cannot be completed', { type: 'CompleteExperiment' }, [created, linked]],
    ['a draft cannot be rolled back', { type: 'RollBackExperiment' }, [created, linked]],
    ['a running one cannot be archived', { type: 'ArchiveExperiment' }, [created, linked, started]],
    ['a completed one cannot be paused', { type: 'PauseExperiment', now }, [created, linked, started, completed]],
    ['a completed one cannot be started again', { type: 'StartExperiment', now }, [created, linked, started, completed]],
    ['a completed one does not change', { type: 'ChangeExperiment', patch: { name: 'x' } }, [created, linked, started, completed]],
  ])('%s', (_title, command, history) => {
    given(decider, ...history).when(command).thenRejects('illegal-transition');
  });

  it('pauses, resumes, completes with a winner and is archived', () => {
    given(decider, created, linked, started).when({ type: 'PauseExperiment', now }).thenEmits(paused);
    given(decider, created, linked, started, paused).when({ type: 'PauseExperiment', now }).thenEmits();
    given(decider, created, linked, started, paused).when({ type: 'ResumeExperiment', now }).thenEmits({ type: 'experiment.resumed', data: { at: now } });
    given(decider, created, linked, started).when({ type: 'CompleteExperiment', winnerVariantId: 'ai' }).thenEmits(completed);
    given(decider, created, linked, started).when({ type: 'CompleteExperiment', winnerVariantId: 'nobody' }).thenRejects('validation', '/winnerVariantId');
    given(decider, created, linked, started, completed).when({ type: 'ArchiveExperiment' }).thenEmits({ type: 'experiment.archived', data: {} });
  });

  it('is not found before it is made', () => {
    given(decider).when({ type: 'StartExperiment', now }).thenRejects('experiment-not-found');
  });
});

describe('a start', () => {
  const planned = (plan: CreateExperiment['plan'], more: Partial<CreateExperiment> = {}): ExperimentEvent[] =>
    [decider.decide({ type: 'CreateExperiment', id: 'exp_1', body: { ...body, ...(plan === undefined ? {} : { plan }), strategy: { type: 'FIXED', targetPercentage: 100 }, ...more }, now }, null)[0]!, linked];
  const estimate = (history: ExperimentEvent[], force = true): unknown => (decider.decide({ type: 'StartExperiment', now, force }, given(decider, ...history).state)[0]!.data as { estimate: unknown }).estimate;

  it('says when there will be a thousand in every variant, and enough for the wanted effect', () => {
    expect(estimate(planned({ baseline: 0.8, minimumEffect: 0.05, dailySubjects: 500, horizonDays: 28 })))
      .toMatchObject({ known: true, minimumSampleDay: 4, minimumSampleAt: '2026-07-05T04:30:00.000Z', subjectsPerVariant: 1447, effectDay: 6, subjectsAtEnd: 7_000, hopeless: false });
  });
  it('counts what a rollout lets in as it lets it in', () => {
    const steps = [{ percentage: 10, duration: 'P7D' }, { percentage: 100, duration: 'P7D' }];
    expect(estimate(planned({ dailySubjects: 500, horizonDays: 28 }, { strategy: { type: 'GRADUAL', steps } }))).toMatchObject({ minimumSampleDay: 11 });
  });
  it('refuses what can never find what it looks for, unless it is forced to', () => {
    const hopeless = planned({ baseline: 0.02, minimumEffect: 0.05, dailySubjects: 50, horizonDays: 14 });
    given(decider, ...hopeless).when(start).thenRejects('not-ready');
    expect(estimate(hopeless)).toMatchObject({ hopeless: true, minimumSampleDay: null, effectDay: null });
  });
  it('refuses what would end before it begins, forced or not', () => {
    given(decider, ...planned(undefined, { endDate: '2026-06-30T00:00:00Z' })).when({ type: 'StartExperiment', now, force: true }).thenRejects('not-ready', '/endDate');
  });
  it('waits for the start date, which is kept beside the start', () => {
    const early = given(decider, ...planned(undefined, { startDate: '2026-07-06T10:00:00+05:30', strategy: { type: 'GRADUAL', incrementSize: 50, incrementInterval: 'P7D' } }));
    early.when(start).thenState((state) => expect(state).toMatchObject({
      status: 'ACTIVE', startDate: '2026-07-06T10:00:00+05:30', phases: [{ from: '2026-07-06T04:30:00.000Z' }], rollout: { percentage: 50, stepFrom: '2026-07-06T04:30:00.000Z', nextStepAt: '2026-07-13T04:30:00.000Z', dueAt: '2026-07-13T04:30:00.000Z' },
    }));
  });
});

describe('a rollout that runs', () => {
  const steps = [{ percentage: 15, duration: 'P7D' }, { percentage: 30, duration: 'P7D' }, { percentage: 50, duration: 'P7D' }];
  const strategy = { type: 'GRADUAL' as const, steps };
  const history = [decider.decide({ type: 'CreateExperiment', id: 'exp_1', body: { ...body, strategy }, now }, null)[0]!, linked];
  const begun = decider.decide(start, given(decider, ...history).state)[0]!;
  const running = given(decider, ...history, begun, { type: 'experiment.percentage-changed', data: { percentage: 30, step: 1, from: now, nextStepAt: null } });

  it('may change its steps to come, its thresholds and its windows', () => {
    const other = { ...strategy, steps: [...steps.slice(0, 2), { percentage: 75, duration: 'P1D' }], failureThresholds: { fuel: 0.1 }, windows: [{ start: '10:00', end: '17:00', timezone: 'Asia/Kolkata' }] };
    running.when({ type: 'ChangeExperiment', patch: { strategy: other } }).thenEmits({ type: 'experiment.updated', data: { changes: { strategy: other } } });
  });
  it('may not change the steps it took, shrink, or change who is in', () => {
    running.when({ type: 'ChangeExperiment', patch: { strategy: { ...strategy, steps: [{ percentage: 20, duration: 'P7D' }, ...steps.slice(1)] } } }).thenRejects('validation', '/strategy');
    running.when({ type: 'ChangeExperiment', patch: { strategy: { ...strategy, audienceSegments: ['pilots'] } } }).thenRejects('validation', '/strategy/audienceSegments');
    running.when({ type: 'ChangeExperiment', patch: { strategy: { type: 'FIXED' } } }).thenRejects('validation', '/strategy/type');
  });
  it('counts another duration from the beginning of the step', () => {
    running.when({ type: 'ChangeExperiment', patch: { strategy: { ...strategy, steps: [steps[0]!, { percentage: 30, duration: 'P2D' }, steps[2]!] } } })
      .thenState((state) => expect(state!.rollout.nextStepAt).toBe('2026-07-03T04:30:00.000Z'));
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
