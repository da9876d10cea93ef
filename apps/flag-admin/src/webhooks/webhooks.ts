import type { Provider } from '@nestjs/common';
import type { Database, EventStore, Migration } from '@pataka/event-sourcing';
import { Counter, readGauge, type Infrastructure, type PlatformConfig } from '@pataka/platform';
import { DeliveryStore, deliveryMigrations } from './delivery-store';
import { DeliveryWorker, OUTCOMES } from './delivery.worker';
import { WebhookSender } from './webhook-sender';
import { targetMigrations, WebhookTargets } from './webhook-targets';
import { Reach, resolveByDns } from './webhook-url';

export const webhookMigrations = (schema: string): Migration[] => [...targetMigrations(schema), ...deliveryMigrations(schema)];

interface WebhooksParts { database: Database; schema: string; store: EventStore; config: Pick<PlatformConfig, 'webhooksAllowPrivate'>; infrastructure: Pick<Infrastructure, 'metrics' | 'logger'> }

/** What delivers webhooks, and what their routes need. */
export const webhooks = ({ database, schema, store, config, infrastructure: { metrics, logger } }: WebhooksParts): { worker: DeliveryWorker; providers: Provider[] } => {
  const [targets, deliveries, sender] = [new WebhookTargets(database, schema), new DeliveryStore(database, schema), new WebhookSender(new Reach(config.webhooksAllowPrivate === true, resolveByDns))];
  const outcomes = new Counter({ name: 'pataka_webhook_deliveries_total', help: 'Tries to deliver to a webhook, by what came of them', labelNames: ['outcome'], registers: [metrics] });
  for (const outcome of OUTCOMES) outcomes.inc({ outcome }, 0);
  readGauge(metrics, { name: 'pataka_webhook_pending', help: 'Messages that wait for a try to deliver them' }, () => deliveries.pending());
  const worker = new DeliveryWorker({
    store: deliveries, targets, sender, now: store.now, onOutcome: (outcome) => outcomes.inc({ outcome }),
    onError: (error) => logger.warn({ error: error.message }, 'webhooks wait'),
  });
  return {
    worker,
    providers: [
      { provide: WebhookTargets, useValue: targets }, { provide: DeliveryStore, useValue: deliveries }, { provide: DeliveryWorker, useValue: worker },
      { provide: WebhookSender, useValue: sender },
    ],
  };
};
