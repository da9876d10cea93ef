import { alertIdParts, faultsOf, AlertChange, type Alert } from '@pataka/contracts';
import { derivedUuid, given, type StoredFacts } from '@pataka/event-sourcing';
import fc from 'fast-check';
import { findingsFor } from './alert-testing';
import { alertWatchAggregate, type WatchCommand, type WatchEvent, type WatchState } from './alert-watch.decider';
import type { Finding, Judging } from './findings';

const rules: Judging = { dropPercent: 20, dropAgainst: 'control', windowDays: 7, minimumSample: 100, sampleGoal: 1000, coolDownHours: 24, muted: [] };
const experiment = { experimentId: 'exp_1', experimentKey: 'scoring', environment: 'production' };
const hour = (hours: number): string => new Date(Date.UTC(2026, 0, 1) + hours * 3_600_000).toISOString();
const finding = (sign: Finding['sign'], subject = 'treatment/buy', kind: Finding['kind'] = 'conversion-drop'): Finding =>
  ({ kind, subject, sign, severity: 'critical', evidence: { drop: 0.4 }, message: { en: 'worse', hi: 'ख़राब' } });
const judge = (hours: number, ...findings: Finding[]): WatchCommand => ({ type: 'judge', experiment, findings, rules, coverage: `report ${hours}`, at: hour(hours) });

const facts = { id: '', streamId: '', position: 1, version: 1, schemaVersion: 1, at: hour(0), meta: { actor: 'spec', correlationId: 'spec' } } satisfies StoredFacts;
const run = (commands: readonly WatchCommand[], from: WatchState = alertWatchAggregate.initialState): { state: WatchState; events: WatchEvent[] } =>
  commands.reduce<{ state: WatchState; events: WatchEvent[] }>(({ state, events }, command) => {
    const more = alertWatchAggregate.decide(command, state);
    return { state: more.reduce((before, event) => alertWatchAggregate.evolve(before, { ...event, ...facts }), state), events: [...events, ...more] };
  }, { state: from, events: [] });
const told = (events: readonly WatchEvent[]): string[] => events.map(({ type, data }) => ('alert' in data ? `${type} ${data.alert.subject} ${data.alert.occurrence}` : type));

describe('an alert', () => {
  it('is raised once, while its reason lasts, and resolved once', () => {
    expect(told(run([judge(0, finding('up')), judge(1, finding('up')), judge(2, finding('between')), judge(3, finding('down')), judge(4, finding('down'))]).events))
      .toEqual(['alert.raised treatment/buy 1', 'alert.resolved treatment/buy 1']);
  });

  it('stays quiet for the cool-down after it was resolved, and then counts its next occurrence', () => {
    const commands = [judge(0, finding('up')), judge(1, finding('down')), judge(2, finding('up')), judge(24.9, finding('up')), judge(25, finding('up'))];
    expect(told(run(commands).events)).toEqual(['alert.raised treatment/buy 1', 'alert.resolved treatment/buy 1', 'alert.raised treatment/buy 2']);
  });

  it('has an id that says what it is, and the shape of the contract', () => {
    const { events } = run([judge(0, ...findingsFor({ control: { n: 5000, buy: 2000 }, treatment: { n: 5000, buy: 1200 } })), { type: 'end', experimentId: 'exp_1', at: hour(1) }]);
    const changes = events.flatMap((event) => ('alert' in event.data ? [{ change: event.data.alert.status, alert: event.data.alert }] : []));
    expect(changes).toHaveLength(6);
    for (const change of changes) {
      expect(change.alert.id).toBe(derivedUuid(...alertIdParts(change.alert)));
      expect(faultsOf(AlertChange, change)).toEqual([]);
    }
  });

  describe('that somebody has seen to', () => {
    const raised = run([judge(0, finding('up'))]);
    const { data } = raised.events[0] as Extract<WatchEvent, { type: 'alert.raised' }>;
    const acknowledge = (by: string, body: unknown = { note: 'the sensor is being replaced' }, at = hour(5)): WatchCommand => ({ type: 'acknowledge', alert: data.alert, body, by, at });

    it('says who, when and what, once, and still when it is resolved', () => {
      const { events, state } = run([acknowledge('asha'), acknowledge('ravi'), judge(3, finding('down'))], raised.state);
      const acknowledgement = { by: 'asha', at: hour(5), note: 'the sensor is being replaced' };
      expect(events).toMatchObject([{ type: 'alert.acknowledged', data: { alertId: data.alert.id, experimentId: 'exp_1', acknowledgement } }, { type: 'alert.resolved', data: { alert: { acknowledgement } } }]);
      expect(faultsOf(AlertChange, { change: 'resolved', alert: (events[1] as { data: { alert: Alert } }).data.alert })).toEqual([]);
      expect(run([acknowledge('ravi')], state).events).toEqual([]);
    });

    it('leaves the clock of reports alone: one published before is judged all the same', () => {
      expect(told(run([acknowledge('asha'), judge(1, finding('down'))], raised.state).events)).toEqual(['alert.acknowledged', 'alert.resolved treatment/buy 1']);
    });

    it.each([[{ note: '' }, '/note'], [{ note: 'x'.repeat(1001) }, '/note'], [{ by: 'somebody else' }, '/by'], [[], '']])('refuses %j', (body, pointer) => {
      expect(() => run([acknowledge('asha', body)])).toThrow(expect.objectContaining({ code: 'validation', faults: expect.arrayContaining([expect.objectContaining({ pointer })]) as unknown }));
    });
  });

  it('is told apart by kind and subject', () => {
    expect(run([judge(0, finding('up', 'a/buy'), finding('up', 'b/buy'), finding('up', 'a/buy', 'error-rate'))]).events).toHaveLength(3);
  });

  it('is over with its experiment, which raises no more', () => {
    expect(told(run([judge(0, finding('up')), { type: 'end', experimentId: 'exp_1', at: hour(1) }, judge(48, finding('up')), { type: 'end', experimentId: 'exp_1', at: hour(49) }]).events))
      .toEqual(['alert.raised treatment/buy 1', 'alert.resolved treatment/buy 1', 'alert-watch.ended']);
  });

  it('is over when it is muted, or judged against something else', () => {
    const configured = (body: unknown) => told(run([judge(0, finding('up')), { type: 'configure', experimentId: 'exp_1', body, at: hour(1) }]).events).slice(1);
    expect(configured({ muted: ['conversion-drop'] })).toEqual(['alert-rules.changed', 'alert.resolved treatment/buy 1']);
    expect(configured({ dropAgainst: 'previous-window' })).toEqual(['alert-rules.changed', 'alert.resolved treatment/buy 1']);
    expect(configured({ coolDownHours: 1 })).toEqual(['alert-rules.changed']);
  });

  it.each([[{ dropPercent: 0 }, '/dropPercent'], [{ muted: ['noise'] }, '/muted/0'], [{ colour: 1 }, '/colour'], [[], '']])('refuses the rules %j', (body, pointer) => {
    given(alertWatchAggregate).when({ type: 'configure', experimentId: 'exp_1', body, at: hour(0) }).thenRejects('validation', pointer);
  });
});

describe('reports that come again', () => {
  const signs = fc.constantFrom<Finding['sign']>('up', 'between', 'down');
  const report = fc.record({ gap: fc.integer({ min: 1, max: 40 }), a: signs, b: signs });
  const streamOf = (reports: readonly { gap: number; a: Finding['sign']; b: Finding['sign'] }[]): WatchCommand[] => {
    let hours = 0;
    return reports.map(({ gap, a, b }) => judge((hours += gap), finding(a, 'a/buy'), finding(b, 'b/buy')));
  };

  it('raise and resolve nothing twice, whether they are delivered again or read again from anywhere', () => {
    fc.assert(fc.property(fc.array(report, { maxLength: 40 }), fc.array(fc.nat({ max: 39 }), { maxLength: 5 }), (reports, rewinds) => {
      const stream = streamOf(reports);
      const once = run(stream).events;
      const delivered = stream.flatMap((command, index) => [command, command, ...rewinds.filter((at) => at === index).flatMap((at) => stream.slice(Math.max(0, at - 7), at + 1))]);
      expect(run([...delivered, ...stream]).events).toEqual(once);
    }));
  });

  it('alternate between raised and resolved, for each subject, with one more occurrence each time', () => {
    fc.assert(fc.property(fc.array(report, { maxLength: 60 }), (reports) => {
      for (const subject of ['a/buy', 'b/buy']) {
        const own = told(run(streamOf(reports)).events).filter((line) => line.includes(subject));
        own.forEach((line, index) => expect(line).toBe(`alert.${index % 2 === 0 ? 'raised' : 'resolved'} ${subject} ${Math.floor(index / 2) + 1}`));
      }
    }));
  });
});
