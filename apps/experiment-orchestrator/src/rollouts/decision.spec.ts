import type { CreateExperiment, Experiment, ExperimentResults, Strategy } from '@pataka/contracts';
import { decideDue, decideOnEvidence, type Decided } from './decision';
import { after, type Arm, nobodyKnows, resultsOf, startedAt } from './rollout-testing';

const START = '2026-07-01T04:30:00.000Z';
const DUE = '2026-07-08T04:30:00.000Z';
const weekly: Strategy = { type: 'AUTOMATIC', initialPercentage: 5, incrementSize: 10, targetPercentage: 25, incrementInterval: 'P7D', successThresholds: { retention: 0.9 }, failureThresholds: { retention: 0.8 } };
const arms = (control: Omit<Arm, 'subjects'>, ai: Omit<Arm, 'subjects'>, subjects = 2_000): Record<string, Arm> => ({ control: { subjects, ...control }, ai: { subjects, ...ai } });
const rates = (metric: string, control: number, ai: number, subjects = 2_000): Record<string, Arm> => arms({ [metric]: control * subjects }, { [metric]: ai * subjects }, subjects);

const given = (strategy: Strategy, more: Partial<CreateExperiment> = {}) => {
  const experiment = startedAt(START, strategy, more);
  const look = (results: ExperimentResults | null, now: string, of: Experiment = experiment): Decided | null => decideDue(of, { now, results, ...nobodyKnows });
  const told = (decided: Decided | null): unknown => (decided === null ? null : [decided.record.decision, ...decided.record.reasons]);
  return { experiment, look, at: (now: string, results: ExperimentResults | null) => told(look(results, now)), onEvidence: (results: ExperimentResults | null, now = START) => told(decideOnEvidence(experiment, { now, results, ...nobodyKnows })) };
};

describe('a step that is due', () => {
  const { at, look } = given(weekly);

  it('is not decided before its time', () => expect(at('2026-07-08T04:29:59.000Z', resultsOf(rates('retention', 0.92, 0.95)))).toBeNull());
  it('advances where the success thresholds hold', () => {
    expect(look(resultsOf(rates('retention', 0.92, 0.95)), DUE)).toMatchObject({
      from: DUE, nextStepAt: '2026-07-15T04:30:00.000Z',
      record: { decision: 'advance', step: 0, percentage: 5, toStep: 1, toPercentage: 15, due: DUE, met: { met: 1, needed: 1, of: 1, variantId: 'ai' }, evidence: { name: 'evidence-1' } },
    });
  });
  it.each<[string, ExperimentResults | null, unknown[]]>([
    ['rolls back where a failure threshold is broken', resultsOf(rates('retention', 0.92, 0.79)), ['rollBack', 'failure-threshold:retention:ai']],
    ['holds in between', resultsOf(rates('retention', 0.92, 0.85)), ['hold', 'success-thresholds-unmet']],
    ['holds without any evidence', null, ['hold', 'evidence-missing', 'failure-threshold-missing:retention:ai', 'success-thresholds-unmet', 'success-threshold-missing:retention:ai']],
    ['holds where the metric is missing', resultsOf(rates('other', 0.5, 0.5)), ['hold', 'failure-threshold-missing:retention:ai', 'success-thresholds-unmet', 'success-threshold-missing:retention:ai']],
    ['holds where not one event of the metric has arrived', resultsOf(rates('retention', 0, 0)), ['hold', 'failure-threshold-missing:retention:ai', 'success-thresholds-unmet', 'success-threshold-missing:retention:ai']],
    ['holds where the sample is too small', resultsOf(rates('retention', 0.9, 0.95, 99)), ['hold', 'failure-threshold-sample-too-small:retention:ai', 'success-thresholds-unmet', 'success-threshold-sample-too-small:retention:ai']],
    ['holds on evidence of before the step', resultsOf(rates('retention', 0.92, 0.95), { until: START }), ['hold', 'evidence-stale']],
    ['holds on old evidence', resultsOf(rates('retention', 0.92, 0.95), { until: '2026-07-06T04:29:59.000Z' }), ['hold', 'evidence-stale']],
    ['holds while the split is doubtful', resultsOf(rates('retention', 0.92, 0.95), { sampleRatio: { pValue: 0.0005, ok: false, sequentialPValue: 0.2 } }), ['hold', 'sample-ratio-doubtful']],
    ['rolls back on a sample ratio mismatch', resultsOf(rates('retention', 0.92, 0.95), { sampleRatio: { pValue: 1e-9, ok: false } }), ['rollBack', 'sample-ratio-mismatch']],
    ['rolls back where subjects are in a variant of no weight', resultsOf(rates('retention', 0.92, 0.95), { sampleRatio: { pValue: null, ok: false, reason: 'strangers' } }), ['rollBack', 'sample-ratio-mismatch']],
  ])('%s', (_title, results, expected) => expect(at(DUE, results)).toEqual(expected));

  it('says to a manager what it did and why, in both languages', () => {
    const { sentence } = look(resultsOf(rates('retention', 0.92, 0.85)), DUE)!.record;
    expect(sentence.en).toBe('Scoring stays at 5%: retention of ai is 0.85, at least 0.9 is needed.');
    expect(sentence.hi).toContain('कम से कम 0.9 चाहिए');
  });
  it('is one step however many were missed, and begins when it is taken', () => {
    expect(look(resultsOf(rates('retention', 0.92, 0.95), { until: '2026-07-29T04:00:00.000Z' }), '2026-07-29T09:00:00.000Z')).toMatchObject({ from: '2026-07-29T09:00:00.000Z', record: { toPercentage: 15, late: 3 } });
  });
  it('counts from its time when it is taken in time', () => expect(look(resultsOf(rates('retention', 0.92, 0.95)), '2026-07-08T04:31:00.000Z')).toMatchObject({ from: DUE }));
  it('finishes at the target, and does not complete unless asked to', () => {
    const { experiment } = given({ ...weekly, targetPercentage: 5 });
    const decided = decideDue(experiment, { now: DUE, results: resultsOf(rates('retention', 0.92, 0.95)), ...nobodyKnows })!;
    expect(decided.record).toMatchObject({ decision: 'finish', reasons: ['last-step'] });
    expect(after(experiment, { type: 'Decide', decided }, DUE)).toMatchObject({ status: 'ACTIVE', rollout: { finishedAt: DUE, nextStepAt: null, percentage: 5 } });
  });
  it('waits for its windows, and is decided then', () => {
    const { at: inWindow } = given({ ...weekly, windows: [{ days: ['THU'], start: '10:00', end: '17:00', timezone: 'Asia/Kolkata' }] });
    const fine = resultsOf(rates('retention', 0.92, 0.95));
    expect([inWindow(DUE, fine), inWindow('2026-07-09T04:30:00.000Z', fine), inWindow('2026-07-09T12:00:00.000Z', fine)]).toEqual([null, ['advance'], null]);
  });
});

describe('thresholds', () => {
  const decide = (thresholds: Partial<Strategy>, results: ExperimentResults, more: Partial<CreateExperiment> = {}) =>
    given({ type: 'AUTOMATIC', initialPercentage: 5, incrementSize: 10, incrementInterval: 'P7D', ...thresholds }, more).at(DUE, results);
  const metrics = (...keys: string[]): Partial<CreateExperiment> => ({ successMetrics: keys });
  const five = (met: number): ExperimentResults => resultsOf(arms({ a: 1_000, b: 1_000, c: 1_000, d: 1_000, e: 1_000 }, Object.fromEntries(['a', 'b', 'c', 'd', 'e'].map((key, index) => [key, index < met ? 1_900 : 1_000]))));
  const all = Object.fromEntries(['a', 'b', 'c', 'd', 'e'].map((key) => [key, 0.9]));

  it.each([[5, 'advance'], [4, 'advance'], [3, 'hold']])('%i of five met: %s', (met, decision) => {
    expect((decide({ successThresholds: all }, five(met), metrics('a', 'b', 'c', 'd', 'e')) as string[])[0]).toBe(decision);
  });
  it('have to be met by one treatment, not by all of them together', () => {
    const three = (b: number): ExperimentResults => resultsOf({ control: { subjects: 900, a: 450, b: 450 }, ai: { subjects: 900, a: 880, b: 450 }, hybrid: { subjects: 900, a: 450, b } });
    const variants = ['control', 'ai', 'hybrid'].map((id, index) => ({ id, weight: index === 0 ? 0.4 : 0.3, config: id, isControl: index === 0 }));
    const strategy = { successThresholds: { a: 0.9, b: 0.9 } };
    expect((decide(strategy, three(880), { ...metrics('a', 'b'), variants }) as string[])[0]).toBe('hold');
  });
  it('roll back for any treatment that breaks one', () => {
    const variants = ['control', 'ai', 'hybrid'].map((id, index) => ({ id, weight: index === 0 ? 0.4 : 0.3, config: id, isControl: index === 0 }));
    const results = resultsOf({ control: { subjects: 900, retention: 850 }, ai: { subjects: 900, retention: 880 }, hybrid: { subjects: 900, retention: 700 } });
    expect(decide({ successThresholds: { retention: 0.9 }, failureThresholds: { retention: 0.8 } }, results, { variants })).toEqual(['rollBack', 'failure-threshold:retention:hybrid']);
  });
  it.each<[string, Partial<Strategy>, [number, number], string]>([
    ['a difference that is there', { successThresholds: { retention: { value: 0.05, of: 'difference' } } }, [0.5, 0.56], 'advance'],
    ['a difference that is not', { successThresholds: { retention: { value: 0.05, of: 'difference' } } }, [0.5, 0.54], 'hold'],
    ['a ratio that is there', { successThresholds: { retention: { value: 1.1, of: 'ratio' } } }, [0.5, 0.56], 'advance'],
    ['a ratio that is broken', { failureThresholds: { retention: { value: 0.95, of: 'ratio' } } }, [0.5, 0.47], 'rollBack'],
    ['at most, kept', { failureThresholds: { retention: { value: 0.6, direction: 'atMost' } } }, [0.5, 0.59], 'advance'],
    ['at most, broken', { failureThresholds: { retention: { value: 0.6, direction: 'atMost' } } }, [0.5, 0.61], 'rollBack'],
    ['certainty that is not there yet', { successThresholds: { retention: { value: 0.5, confidence: 0.95 } } }, [0.5, 0.51], 'hold'],
    ['certainty that is there', { successThresholds: { retention: { value: 0.5, confidence: 0.95 } } }, [0.5, 0.6], 'advance'],
    ['a failure that is not certain', { failureThresholds: { retention: { value: 0.5, confidence: 0.95 } } }, [0.5, 0.49], 'advance'],
    ['a failure that is certain', { failureThresholds: { retention: { value: 0.5, confidence: 0.95 } } }, [0.5, 0.4], 'rollBack'],
  ])('judge %s', (_title, thresholds, [control, ai], decision) => {
    expect((decide(thresholds, resultsOf(rates('retention', control, ai))) as string[])[0]).toBe(decision);
  });
  it('take what is better from the metric', () => {
    const accidents = { safetyMetrics: [{ key: 'accident', direction: 'decrease' as const }], successMetrics: ['retention'] };
    const results = (rate: number): ExperimentResults => resultsOf(arms({ retention: 1_000, accident: 200 }, { retention: 1_000, accident: rate * 2_000 }));
    expect((decide({ failureThresholds: { accident: 0.12 } }, results(0.11), accidents) as string[])[0]).toBe('advance');
    expect((decide({ failureThresholds: { accident: 0.12 } }, results(0.13), accidents) as string[])[0]).toBe('rollBack');
  });
});

describe('strategies', () => {
  it('GRADUAL without thresholds is a matter of time alone', () => expect(given({ type: 'GRADUAL', incrementSize: 20, incrementInterval: 'P7D' }).at(DUE, null)).toEqual(['advance']));
  it('GRADUAL with a safety metric holds while that is missing', () => {
    expect(given({ type: 'GRADUAL', incrementSize: 20, incrementInterval: 'P7D' }, { safetyMetrics: ['accident'] }).at(DUE, null)).toEqual(['hold', 'evidence-missing', 'guard-missing:accident:ai']);
  });
  it('CANARY holds its slice without evidence, and is guarded by what it hopes for', () => {
    const canary = given({ type: 'CANARY', initialPercentage: 2, sliceDuration: 'P7D' });
    expect(canary.at(DUE, null)).toEqual(['hold', 'evidence-missing', 'guard-missing:retention:ai']);
    expect(canary.at(DUE, resultsOf(rates('retention', 0.9, 0.9)))).toEqual(['advance']);
    expect(canary.onEvidence(resultsOf(rates('retention', 0.9, 0.7)))).toEqual(['rollBack', 'guard-failed:retention:ai']);
  });
  it('a GRADUAL_ROLLOUT makes its treatment the default when it has passed', () => {
    const { experiment, look } = given({ type: 'GRADUAL', incrementSize: 100, incrementInterval: 'P7D' }, { type: 'GRADUAL_ROLLOUT' });
    const decided = look(null, DUE)!;
    expect(after(experiment, { type: 'Decide', decided }, DUE)).toMatchObject({ status: 'COMPLETED', outcome: 'completed', winnerVariantId: 'ai' });
  });
});

describe('new evidence', () => {
  const guarded = given({ type: 'FIXED' }, { safetyMetrics: [{ key: 'accident', direction: 'decrease' }] });
  it('rolls back on harm to a safety metric, whatever the strategy', () => {
    expect(guarded.onEvidence(resultsOf(arms({ accident: 40 }, { accident: 140 })))).toEqual(['rollBack', 'guard-failed:accident:ai']);
    expect(guarded.onEvidence(resultsOf(arms({ accident: 40 }, { accident: 45 })))).toBeNull();
    expect(guarded.onEvidence(resultsOf(arms({ accident: 4 }, { accident: 14 }, 90)))).toBeNull();
  });
  it('rolls back on errors', () => expect(guarded.onEvidence(resultsOf(arms({ error: 20 }, { error: 120 })))).toEqual(['rollBack', 'guard-failed:error:ai']));
  it('does not roll back where the guard is off', () => expect(given({ type: 'FIXED', guards: { errorRate: false } }).onEvidence(resultsOf(arms({ error: 20 }, { error: 120 })))).toBeNull());
  it('does not judge before the step what grows for days after an exposure', () => expect(given(weekly).onEvidence(resultsOf(rates('retention', 0.1, 0.1)))).toBeNull());
  it('rolls back where a threshold is broken beyond doubt, and only then', () => {
    const compared = given({ ...weekly, failureThresholds: { retention: { value: 0.95, of: 'ratio' } } });
    expect(compared.onEvidence(resultsOf(rates('retention', 0.5, 0.46)))).toBeNull();
    expect(compared.onEvidence(resultsOf(rates('retention', 0.5, 0.3)))).toEqual(['rollBack', 'failure-threshold:retention:ai']);
  });
});

describe('a hold', () => {
  const held = (experiment: Experiment, at: string): Experiment => after(experiment, { type: 'Decide', decided: decideDue(experiment, { now: at, results: null, ...nobodyKnows })! }, at);
  const { experiment } = given({ ...weekly, maximumHold: 'P3D' });
  const once = held(experiment, DUE);

  it('is judged again a day later', () => {
    expect(once.rollout).toMatchObject({ percentage: 5, step: 0, heldSince: DUE, holds: 1, nextStepAt: '2026-07-09T04:30:00.000Z' });
    expect(decideDue(once, { now: '2026-07-08T12:00:00.000Z', results: null, ...nobodyKnows })).toBeNull();
  });
  it('waits longer each time where steps are short', () => {
    const short = given({ ...weekly, incrementInterval: 'PT10S' }).experiment;
    const [first, second] = [held(short, '2026-07-01T04:30:10.000Z')].flatMap((one) => [one, held(one, '2026-07-01T04:30:20.000Z')]);
    expect([first!.rollout.nextStepAt, second!.rollout.nextStepAt]).toEqual(['2026-07-01T04:30:20.000Z', '2026-07-01T04:30:40.000Z']);
  });
  it('asks for a person when it has lasted too long, once', () => {
    const late = '2026-07-11T04:30:00.000Z';
    const decided = decideDue(once, { now: late, results: null, ...nobodyKnows })!;
    expect(decided.record).toMatchObject({ decision: 'escalate', reasons: ['maximum-hold', ...once.rollout.holdReasons!], due: late });
    const escalated = after(once, { type: 'Decide', decided }, late);
    expect(decideDue(escalated, { now: late, results: null, ...nobodyKnows })!.record.decision).toBe('hold');
  });
  it('ends with the step', () => {
    const now = '2026-07-09T04:30:00.000Z';
    const decided = decideDue(once, { now, results: resultsOf(rates('retention', 0.92, 0.95), { until: now }), ...nobodyKnows })!;
    expect(after(once, { type: 'Decide', decided }, now).rollout).toEqual({ percentage: 15, step: 1, stepFrom: now, nextStepAt: '2026-07-16T04:30:00.000Z', dueAt: '2026-07-16T04:30:00.000Z' });
  });
});

describe('pause, resume and the end', () => {
  const { experiment } = given({ ...weekly, whenFinished: 'complete' }, { endDate: '2026-07-20T00:00:00+05:30' });
  it('stops the clock while it is paused', () => {
    const paused = after(experiment, { type: 'PauseExperiment', now: '2026-07-05T04:30:00.000Z' }, '2026-07-05T04:30:00.000Z');
    expect(decideDue(paused, { now: '2026-07-12T04:30:00.000Z', results: null, ...nobodyKnows })).toBeNull();
    expect(after(paused, { type: 'ResumeExperiment', now: '2026-07-12T04:30:00.000Z' }, '2026-07-12T04:30:00.000Z').rollout).toMatchObject({ nextStepAt: '2026-07-15T04:30:00.000Z' });
  });
  it('ends at the end date, with the winner of the report if there is one', () => {
    const end = '2026-07-19T18:30:00.000Z';
    expect(experiment.rollout.dueAt).toBe(DUE);
    const fine = resultsOf(rates('retention', 0.92, 0.95), { winner: 'ai' });
    const decided = decideDue(experiment, { now: end, results: fine, ...nobodyKnows })!;
    expect(decided.record).toMatchObject({ decision: 'finish', reasons: ['end-date'] });
    expect(after(experiment, { type: 'Decide', decided }, end)).toMatchObject({ status: 'COMPLETED', winnerVariantId: 'ai' });
  });
});
