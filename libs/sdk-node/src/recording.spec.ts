import { CountsReport, faultsOf, type Flag, type Rule } from '@pataka/contracts';
import { compileRuleset, Evaluator } from '@pataka/evaluation';
import { Pataka, type Ruleset } from './index';
import type { NewEvent } from './outgoing-event';
import { Recorder } from './recorder';

const rule: Rule = { id: 'exp_1', experimentId: 'exp_1', phase: 1, percentage: 100, split: [{ variant: 'control', weight: 0.5, value: 'basic' }, { variant: 'ai', weight: 0.5, value: 'ai_advanced' }] };
const flag: Flag = { key: 'routing', type: 'STRING', status: 'ACTIVE', defaultValue: 'basic', version: 7, environments: { production: { enabled: true, rules: [rule] } } };
const ruleset: Ruleset = { environment: 'production', position: 42, flags: [flag], segments: [], regions: [], calendars: [] };
const recording = (): Pataka => Pataka.fromRuleset(ruleset, { recordExposures: true });

describe('exposures', () => {
  it('are told once per subject, with a receipt that anyone can check', () => {
    const pataka = recording();
    const context = { targetingKey: 'u-1', region: 'pune', secret: { nested: true }, custom_attributes: { region: 'mumbai', fleet: 3 } };
    for (let again = 0; again < 3; again += 1) pataka.string('routing', 'x', context);
    const { variant } = pataka.details('routing', 'x', context);
    const events = pataka.takeEvents();
    expect(events).toEqual([{
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/), type: 'exposure',
      targetingKey: 'u-1', unit: 'u-1', experimentId: 'exp_1', phase: 1, flagKey: 'routing', variant, environment: 'production',
      occurredAt: expect.stringMatching(/^\d{4}-.*Z$/), attributes: { region: 'pune', fleet: 3 },
      receipt: { flagVersion: 7, position: 42, ruleId: 'exp_1', bucket: expect.any(Number), probability: 0.5, engine: expect.any(String) },
      session: { id: expect.any(String), sequence: 0 },
    }]);
  });

  it('are numbered without gaps in one session', () => {
    const pataka = recording();
    for (let index = 0; index < 100; index += 1) pataka.string('routing', 'x', { targetingKey: `u-${index}` });
    const events = pataka.takeEvents();
    expect(events.map(({ session }) => session?.sequence)).toEqual(Array.from({ length: 100 }, (_, index) => index));
    expect(new Set(events.map(({ id }) => id)).size).toBe(100);
  });

  it('are none where no experiment decided, and none that cannot be made', () => {
    const pataka = recording();
    pataka.string('unknown', 'x', { targetingKey: 'u' });
    pataka.string('routing', 'x', {});
    const hostile = { targetingKey: 'h', get region(): string { throw new Error('no'); } };
    expect(['basic', 'ai_advanced']).toContain(pataka.string('routing', 'x', hostile));
    expect(pataka.takeEvents()).toEqual([]);
  });

  it('keep the newest ten thousand where nobody takes them', () => {
    const pataka = recording();
    for (let index = 0; index < 10_050; index += 1) pataka.string('routing', 'x', { targetingKey: `u-${index}` });
    expect(pataka.events).toMatchObject({ queued: 10_000, dropped: 50 });
    expect(pataka.takeEvents()[0]).toMatchObject({ targetingKey: 'u-50' });
  });
});

describe('counts', () => {
  it('are kept per flag, outcome and minute', () => {
    jest.useFakeTimers({ now: Date.UTC(2026, 0, 1, 12, 0, 50) });
    const pataka = recording();
    const { variant } = pataka.details('routing', 'x', { targetingKey: 'u-1' });
    pataka.string('routing', 'x', { targetingKey: 'u-1' });
    pataka.string('none', 'x');
    jest.advanceTimersByTime(20_000);
    pataka.string('routing', 'x', { targetingKey: 'u-1' });
    const routing = { flagKey: 'routing', variant, errorCode: undefined };
    expect(pataka.takeCounts()).toEqual([
      { ...routing, minute: '2026-01-01T12:00:00.000Z', count: 2 },
      { flagKey: 'none', variant: undefined, errorCode: 'FLAG_NOT_FOUND', minute: '2026-01-01T12:00:00.000Z', count: 1 },
      { ...routing, minute: '2026-01-01T12:01:00.000Z', count: 1 },
    ]);
    expect(pataka.takeCounts()).toEqual([]);
    jest.useRealTimers();
  });

  it('of unknown flags stay bounded', () => {
    const pataka = recording();
    for (let index = 0; index < 12_000; index += 1) pataka.string(`unknown-${index}`, 'x');
    expect(pataka.takeCounts()).toHaveLength(10_000);
  });
});

describe('hooks', () => {
  it('see every stage, and can add to the context', () => {
    const seen: string[] = [];
    const hook = (name: string) => ({
      before: () => void seen.push(`${name} before`), after: () => void seen.push(`${name} after`), error: () => void seen.push(`${name} error`), finally: () => void seen.push(`${name} finally`),
    });
    const pataka = Pataka.fromRuleset(ruleset, { hooks: [{ ...hook('a'), before: () => ({ targetingKey: 'u' }) }, hook('b')] });
    expect(pataka.details('routing', 'x', {}).reason).toBe('SPLIT');
    pataka.string('none', 'x');
    expect(seen).toEqual(['b before', 'b after', 'a after', 'b finally', 'a finally', 'b before', 'b error', 'a error', 'b finally', 'a finally']);
  });

  it.each(['before', 'after', 'error', 'finally'])('that fail in %s reach no caller', (stage) => {
    const pataka = Pataka.fromRuleset(ruleset, { hooks: [{ [stage]: () => { throw new Error('mine'); } }] });
    expect(['mine', 'basic', 'ai_advanced']).toContain(pataka.string('routing', 'mine', { targetingKey: 'u' }));
    expect(pataka.string('none', 'mine')).toBe('mine');
  });
});

describe('evaluations', () => {
  it('answer the fallback for values of another type', () => {
    const pataka = Pataka.forTesting({ on: true, name: 'x', size: 1, config: { a: 1 } });
    expect([pataka.boolean('name', true), pataka.string('on', 's'), pataka.number('config', 2), pataka.json('size', { b: 2 }), pataka.value('name', 5), pataka.value('name', null)])
      .toEqual([true, 's', 2, { b: 2 }, 5, 'x']);
    expect(pataka.details('name', 5)).toMatchObject({ value: 5, reason: 'ERROR', errorCode: 'TYPE_MISMATCH' });
  });

  it.each<[string, unknown]>([['no object', 7], ['null', null], ['a key that is no key', { targetingKey: 7 }], ['a proxy that throws', new Proxy({}, { get() { throw new Error('no'); } })]])('never throw for a context that is %s', (_what, context) => {
    const pataka = recording();
    expect(pataka.details('routing', 'mine', context as never)).toMatchObject({ value: 'mine', reason: 'ERROR' });
    expect(pataka.string('routing', 'mine', context as never)).toBe('mine');
  });

  it('of a client with a server become events, by the minute and five hundred at most in each', () => {
    jest.useFakeTimers({ now: Date.parse('2026-01-01T12:00:30Z') });
    const events: NewEvent[] = [];
    const recorder = new Recorder({ add: (event) => void events.push(event) }, true);
    const evaluator = new Evaluator(compileRuleset(ruleset), Date.now);
    const evaluate = (key: string): void => recorder.record(key, evaluator.decide(key, { targetingKey: 'u' }), evaluator);
    for (let index = 0; index < 600; index += 1) evaluate(`none-${index}`);
    evaluate('routing');
    jest.advanceTimersByTime(40_001);
    const reports = events.filter((event) => event.type === 'counts');
    expect(reports.map(({ minute, counts }) => [minute, counts.length])).toEqual([['2026-01-01T12:00:00.000Z', 500], ['2026-01-01T12:00:00.000Z', 101]]);
    expect(reports[1]!.counts.at(-1)).toEqual({ flagKey: 'routing', variant: expect.stringMatching(/^(control|ai)$/), count: 1 });
    for (const { type: _type, ...report } of reports) expect(faultsOf(CountsReport, report)).toEqual([]);
    jest.advanceTimersByTime(120_000);
    recorder.tellCounts();
    expect(events.filter((event) => event.type === 'counts')).toHaveLength(2);
    jest.useRealTimers();
  });
});
