import { topics, type ExperimentChange, type MetricReference } from '@pataka/contracts';
import { handle, processManager, reactionContext, type EventStore, type ReceivedEvent } from '@pataka/event-sourcing';
import { metricAggregate } from './metric.decider';

export const EXPERIMENT_METRICS = 'experiment-metrics';

/** An experiment that names a metric nobody has defined gets it defined: in place, or as a conversion. */
export const experimentMetrics = (store: EventStore) => processManager({
  name: EXPERIMENT_METRICS,
  topics: [topics.experimentEvents.name],
  react: async (event: ReceivedEvent) => {
    const { experiment } = event.data as unknown as Partial<ExperimentChange>;
    const references: MetricReference[] = [experiment?.successMetrics, experiment?.guardrailMetrics, experiment?.safetyMetrics].flatMap((list) => list ?? []);
    for (const [index, reference] of references.entries()) {
      const body = typeof reference === 'string' ? { key: reference } : reference;
      if ((await store.document('metric', body.key)) !== null) continue;
      await handle(store, metricAggregate, body.key, { type: 'ensure', body }, reactionContext(EXPERIMENT_METRICS, event, index));
    }
  },
});
