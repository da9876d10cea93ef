import { topics, type Webhook } from '@pataka/contracts';
import { derivedUuid, processManager, type EventStore, type ReceivedEvent } from '@pataka/event-sourcing';
import type { DeliveryStore } from './delivery-store';
import { bodyOf, isHeard, messageOf } from './webhook-message';

export const WEBHOOK_DELIVERIES = 'webhook-deliveries';

/** Makes a message for each webhook that hears of an event. Its id follows from both, so that an event met again makes no second one. */
export const webhookDeliveries = ({ store, deliveries, onAdded }: { store: Pick<EventStore, 'documents' | 'now'>; deliveries: Pick<DeliveryStore, 'add'>; onAdded: () => void }) => processManager({
  name: WEBHOOK_DELIVERIES,
  topics: [topics.flagChanges.name, topics.experimentEvents.name, topics.alerts.name],
  react: async (event: ReceivedEvent) => {
    const message = messageOf(event);
    if (message === null) return;
    const webhooks = (await store.documents<Webhook>('webhook')).map(({ document }) => document).filter((webhook) => isHeard(webhook, message));
    if (webhooks.length === 0) return;
    const createdAt = store.now();
    await deliveries.add(webhooks.map(({ id, format }) => ({ id: derivedUuid('webhook', id, event.id), webhookId: id, type: message.type, body: bodyOf(message, format), createdAt })));
    onAdded();
  },
});
