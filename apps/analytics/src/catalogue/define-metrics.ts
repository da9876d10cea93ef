import type { MetricDefinition } from '@pataka/contracts';
import { handle, type EventStore } from '@pataka/event-sourcing';
import { builtIn } from '../evidence/evidence-plan';
import { metricAggregate } from '../metrics/metric.decider';
import { fleetMetrics } from './fleet-metrics';

/** Defines what is there from the start. Any number of processes may do it, at any start: a key that is taken, in whatever case, is left as it is. */
export const defineFromTheStart = async (store: EventStore, definitions: readonly MetricDefinition[] = [...Object.values(builtIn), ...fleetMetrics]): Promise<void> => {
  const taken = new Set((await store.documents('metric')).map(({ key }) => key.toLowerCase()));
  for (const body of definitions) {
    if (taken.has(body.key.toLowerCase())) continue;
    await handle(store, metricAggregate, body.key, { type: 'ensure', body }, { meta: { actor: 'system', correlationId: `built-in:${body.key}`, reason: 'there from the start' } });
  }
};
