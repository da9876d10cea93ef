import { AcknowledgeAlert, AlertRules, alertEventTypes, alertIdParts, DomainError, faultsOf, topics, type Alert, type AlertAcknowledgement, type AlertChange, type LocalText } from '@pataka/contracts';
import { derivedUuid, type Aggregate, type StoredFacts } from '@pataka/event-sourcing';
import { experimentOver, resolvedOf, rulesChanged } from './alert-sentences';
import type { Finding, Judging } from './findings';

/** An experiment as its alerts name it. */
export type Watched = Pick<Alert, 'experimentId' | 'experimentKey' | 'experimentName' | 'environment'>;

export type WatchEvent =
  | { type: 'alert.raised'; data: { alert: Alert } }
  | { type: 'alert.resolved'; data: { alert: Alert } }
  | { type: 'alert-rules.changed'; data: { experimentId: string; rules: AlertRules; at: string } }
  | { type: 'alert.acknowledged'; data: { alertId: string; experimentId: string; acknowledgement: AlertAcknowledgement } }
  | { type: 'alert-watch.ended'; data: { experimentId: string; at: string } };

/**
 * Alerts by kind and subject: those raised, and when the last one of each was over. `newsAt`: the newest instant of any of it. `acknowledged`, by
 * the id of the alert, whoever raised it: what people say is of another clock than reports, and moves none of these.
 */
export interface WatchState { rules: AlertRules; raised: Record<string, Alert>; quiet: Record<string, { occurrence: number; since: string }>; newsAt: string; ended: boolean; acknowledged?: Record<string, AlertAcknowledgement> }

/** `at` is when the report was published: it orders reports, and is the clock of cool-downs, so that a replay comes to the same. */
export type WatchCommand =
  | { type: 'judge'; experiment: Watched; findings: readonly Finding[]; rules: Judging; coverage: string; at: string }
  | { type: 'configure'; experimentId: string; body: unknown; at: string }
  | { type: 'acknowledge'; alert: Pick<Alert, 'id' | 'experimentId'>; body: unknown; by: string; at: string }
  | { type: 'end'; experimentId: string; at: string };
type Of<Type extends WatchCommand['type']> = Extract<WatchCommand, { type: Type }>;

const HOUR_MS = 3_600_000;
const keyOf = ({ kind, subject }: Pick<Alert, 'kind' | 'subject'>): string => `${kind} ${subject}`;
const isAfter = (at: string, other: string): boolean => other === '' || Date.parse(at) > Date.parse(other);

const raise = (finding: Finding, { experiment, coverage, at }: Of<'judge'>, occurrence: number): WatchEvent => {
  const { sign: _sign, ...found } = finding;
  const id = derivedUuid(...alertIdParts({ experimentId: experiment.experimentId, kind: finding.kind, subject: finding.subject, occurrence }));
  return { type: 'alert.raised', data: { alert: { id, ...experiment, ...found, status: 'raised', occurrence, coverage, raisedAt: at } } };
};

const resolve = (alert: Alert, at: string, resolution: LocalText): WatchEvent => ({ type: 'alert.resolved', data: { alert: { ...alert, status: 'resolved', resolvedAt: at, resolution } } });

const judgeOne = (finding: Finding, command: Of<'judge'>, state: WatchState): WatchEvent[] => {
  const key = keyOf(finding);
  const [raised, quiet] = [state.raised[key], state.quiet[key]];
  if (raised !== undefined) return finding.sign === 'down' ? [resolve(raised, command.at, resolvedOf(finding.kind))] : [];
  const cool = quiet === undefined || Date.parse(command.at) - Date.parse(quiet.since) >= command.rules.coolDownHours * HOUR_MS;
  return finding.sign === 'up' && cool ? [raise(finding, command, (quiet?.occurrence ?? 0) + 1)] : [];
};

// What is older than the newest alert was judged before it: it can only be a replay.
const judge = (command: Of<'judge'>, state: WatchState): WatchEvent[] =>
  state.ended || !isAfter(command.at, state.newsAt) ? [] : command.findings.flatMap((finding) => judgeOne(finding, command, state));

/** Nobody would judge on by rules that are gone what was raised by them. */
const isOrphaned = ({ kind }: Alert, before: AlertRules, after: AlertRules): boolean =>
  after.muted?.includes(kind) === true || (kind === 'conversion-drop' && (before.dropAgainst ?? 'control') !== (after.dropAgainst ?? 'control'));

const configure = ({ experimentId, body, at }: Of<'configure'>, state: WatchState): WatchEvent[] => {
  const faults = faultsOf(AlertRules, body);
  if (faults.length > 0) throw new DomainError('validation', 'the rules are not valid', faults);
  const rules = body as AlertRules;
  if (JSON.stringify(rules) === JSON.stringify(state.rules)) return [];
  const orphaned = Object.values(state.raised).filter((alert) => isOrphaned(alert, state.rules, rules));
  return [{ type: 'alert-rules.changed', data: { experimentId, rules, at } }, ...orphaned.map((alert) => resolve(alert, at, rulesChanged))];
};

const acknowledge = ({ alert, body, by, at }: Of<'acknowledge'>, { acknowledged }: WatchState): WatchEvent[] => {
  const faults = faultsOf(AcknowledgeAlert, body);
  if (faults.length > 0) throw new DomainError('validation', 'the note is not valid', faults);
  if (acknowledged?.[alert.id] !== undefined) return [];
  const { note } = body as AcknowledgeAlert;
  return [{ type: 'alert.acknowledged', data: { alertId: alert.id, experimentId: alert.experimentId, acknowledgement: { by, at, ...(note === undefined ? {} : { note }) } } }];
};

const end = ({ experimentId, at }: Of<'end'>, state: WatchState): WatchEvent[] =>
  state.ended ? [] : [...Object.values(state.raised).map((alert) => resolve(alert, at, experimentOver)), { type: 'alert-watch.ended', data: { experimentId, at } }];

const decide = (command: WatchCommand, state: WatchState): WatchEvent[] => {
  switch (command.type) {
    case 'judge': return judge(command, state);
    case 'configure': return configure(command, state);
    case 'acknowledge': return acknowledge(command, state);
    case 'end': return end(command, state);
  }
};

const later = (state: WatchState, at: string): string => (isAfter(at, state.newsAt) ? at : state.newsAt);

const evolve = (state: WatchState, event: WatchEvent): WatchState => {
  switch (event.type) {
    case 'alert.raised': {
      const { alert } = event.data;
      return { ...state, raised: { ...state.raised, [keyOf(alert)]: alert }, newsAt: later(state, alert.raisedAt) };
    }
    case 'alert.resolved': {
      const { alert } = event.data;
      const { [keyOf(alert)]: _over, ...raised } = state.raised;
      const since = alert.resolvedAt ?? alert.raisedAt;
      return { ...state, raised, quiet: { ...state.quiet, [keyOf(alert)]: { occurrence: alert.occurrence, since } }, newsAt: later(state, since) };
    }
    case 'alert.acknowledged': {
      const { alertId, acknowledgement } = event.data;
      const raised = Object.fromEntries(Object.entries(state.raised).map(([key, alert]) => [key, alert.id === alertId ? { ...alert, acknowledgement } : alert]));
      return { ...state, raised, acknowledged: { ...state.acknowledged, [alertId]: acknowledgement } };
    }
    case 'alert-rules.changed': return { ...state, rules: event.data.rules, newsAt: later(state, event.data.at) };
    case 'alert-watch.ended': return { ...state, ended: true, newsAt: later(state, event.data.at) };
  }
};

const publish = (event: WatchEvent & StoredFacts) => {
  const topic = topics.alerts.name;
  if (event.type === alertEventTypes.raised || event.type === alertEventTypes.resolved) {
    const { alert } = event.data;
    const data: AlertChange = { change: event.type === alertEventTypes.raised ? 'raised' : 'resolved', alert };
    return { topic, key: alert.experimentId, type: event.type, data };
  }
  const { meta: { actor, reason } } = event;
  const why = reason === undefined ? {} : { reason };
  return { topic, key: event.data.experimentId, type: event.type, data: { actor, ...why, ...event.data } };
};

/** The alerts of one experiment: its stream is the memory that makes each of them come once. */
export const alertWatchAggregate: Aggregate<WatchState, WatchCommand, WatchEvent> = {
  category: 'alert-watch',
  initialState: { rules: {}, raised: {}, quiet: {}, newsAt: '', ended: false },
  decide, evolve, publish,
  document: (state) => state,
};
