import { randomUUID } from 'node:crypto';
import { type Experiment, type MetricReference, topics } from '@pataka/contracts';
import { encodeEvent, type EventLog } from '@pataka/event-sourcing';
import { eventsOf, recordsOf, type Traffic } from './traffic';

const at = '2026-01-01T00:00:00Z';

const experimentOf = (id: string, successMetrics: MetricReference[]): Experiment => ({
  id, key: id, version: 1, status: 'ACTIVE', type: 'AB_TEST', environment: 'production', flagKey: id, strategy: { type: 'FIXED' }, linked: true, phase: 1,
  phases: [{ phase: 1, from: at, weights: { control: 0.5, ai: 0.5 } }], rollout: { percentage: 100, step: 0, nextStepAt: null },
  variants: [{ id: 'control', name: 'Control', weight: 0.5, config: false, isControl: true }, { id: 'ai', name: 'AI', weight: 0.5, config: true }],
  successMetrics, guardrailMetrics: [], safetyMetrics: ['error'], createdBy: 'bench', createdAt: at, updatedAt: at,
});

const RECORDS_A_CALL = 2_000;

/** Puts a running experiment on a log, as the orchestrator would. */
export const publishExperiment = async (log: EventLog, id: string, successMetrics: MetricReference[]): Promise<void> => {
  const experiment = experimentOf(id, successMetrics);
  await log.publish([encodeEvent({
    id: randomUUID(), type: 'pataka.experiment.started.v1', source: '/pataka/experiment-orchestrator', time: at, topic: topics.experimentEvents.name, key: experiment.id,
    data: { change: { type: 'experiment.started', data: {} }, actor: 'bench', experiment },
  })]);
};

/** Puts an experiment and its events on a log, as the orchestrator and the evaluator would. */
export const publishTraffic = async (log: EventLog, traffic: Traffic): Promise<void> => {
  await log.ensureTopics(Object.values(topics));
  await publishExperiment(log, traffic.experimentId, [{ key: 'trip_km', type: 'mean' }]);
  const records = recordsOf(eventsOf(traffic));
  for (let start = 0; start < records.length; start += RECORDS_A_CALL) await log.publish(records.slice(start, start + RECORDS_A_CALL));
};
