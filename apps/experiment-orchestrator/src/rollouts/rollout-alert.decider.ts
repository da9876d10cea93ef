import { type Alert, type AlertChange, alertEventTypes, type LocalText, topics } from '@pataka/contracts';
import type { Aggregate } from '@pataka/event-sourcing';

export type RolloutAlertEvent =
  | { type: typeof alertEventTypes.raised; data: { alert: Alert } }
  | { type: typeof alertEventTypes.resolved; data: { resolvedAt: string; resolution: LocalText } };
export type RolloutAlertCommand = { type: 'raise'; alert: Alert } | { type: 'resolve'; at: string; resolution: LocalText };

const change = (status: AlertChange['change'], alert: Alert): AlertChange => ({ change: status, alert });

/** An alert about a rollout: raised once, resolved once. Streams are keyed by its id. */
export const rolloutAlertAggregate: Aggregate<Alert | null, RolloutAlertCommand, RolloutAlertEvent> = {
  category: 'rollout-alert',
  initialState: null,
  decide: (command, alert) => {
    switch (command.type) {
      case 'raise': return alert === null ? [{ type: alertEventTypes.raised, data: { alert: command.alert } }] : [];
      case 'resolve': return alert === null || alert.status === 'resolved' ? [] : [{ type: alertEventTypes.resolved, data: { resolvedAt: command.at, resolution: command.resolution } }];
    }
  },
  evolve: (alert, event) => (event.type === alertEventTypes.raised ? event.data.alert : { ...alert!, status: 'resolved', ...event.data }),
  document: (alert) => alert,
  publish: (event, after) => ({ topic: topics.alerts.name, key: after!.experimentId, type: event.type, data: change(after!.status, after!) }),
};
