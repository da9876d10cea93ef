import { type Alert, alertIdParts, type AlertSeverity, type DecisionRecord, type Experiment, type ExperimentChange, type LocalText, topics } from '@pataka/contracts';
import { derivedUuid, type EventStore, handle, type ProcessManager, processManager, reactionContext, type ReceivedEvent } from '@pataka/event-sourcing';
import { rolloutAlertAggregate, type RolloutAlertCommand } from './rollout-alert.decider';

export const ROLLOUT_ALERTS = 'rollout-alerts';

interface AlertReaction { id: string; command: RolloutAlertCommand }

const MOST_TEXT = 2_000;
const fitting = ({ en, hi }: LocalText): LocalText => ({ en: en.slice(0, MOST_TEXT), hi: hi.slice(0, MOST_TEXT) });

type Named = Pick<Alert, 'kind' | 'subject'>;
// A hold of one step is one matter, however often it is judged.
const heldAt = (step: number): Named => ({ kind: 'rollout-held', subject: `step/${step}` });
const milestoneOf = ({ decision, toStep, step }: DecisionRecord): Named => ({ kind: 'rollout-milestone', subject: decision === 'advance' ? `step/${toStep ?? step}` : decision });

const alertOf = (experiment: Experiment, record: DecisionRecord, named: Named, severity: AlertSeverity): Alert => {
  const identity = { experimentId: experiment.id, ...named, occurrence: 1 };
  return {
    id: derivedUuid(...alertIdParts(identity)), severity, status: 'raised', experimentKey: experiment.key, ...identity,
    ...(experiment.name === undefined ? {} : { experimentName: experiment.name }), environment: experiment.environment,
    evidence: { decision: record.decision, step: record.step, percentage: record.percentage, toPercentage: record.toPercentage ?? null, due: record.due ?? null, reasons: record.reasons.join(', ').slice(0, MOST_TEXT) },
    ...(record.evidence === null ? {} : { coverage: record.evidence.name.slice(0, 128) }), message: fitting(record.sentence), raisedAt: record.at,
  };
};

const raise = (alert: Alert): AlertReaction => ({ id: alert.id, command: { type: 'raise', alert } });

const resolveHold = (experiment: Experiment, { step, at, sentence }: Pick<DecisionRecord, 'step' | 'at' | 'sentence'>): AlertReaction =>
  ({ id: derivedUuid(...alertIdParts({ experimentId: experiment.id, ...heldAt(step), occurrence: 1 })), command: { type: 'resolve', at, resolution: fitting(sentence) } });

const ended: LocalText = { en: 'The experiment has ended.', hi: 'प्रयोग समाप्त हो गया है।' };

/** What a decision about a rollout is worth telling. */
export const alertsFor = ({ change, experiment }: ExperimentChange): AlertReaction[] => {
  if (change.type === 'experiment.completed' || change.type === 'experiment.rolled-back') {
    return [resolveHold(experiment, { step: experiment.rollout.step, at: experiment.completedAt ?? experiment.updatedAt, sentence: ended })];
  }
  if (change.type !== 'experiment.decided') return [];
  const record = change.data;
  switch (record.decision) {
    case 'advance':
    case 'finish': return [raise(alertOf(experiment, record, milestoneOf(record), 'info')), resolveHold(experiment, record)];
    case 'rollBack': return [raise(alertOf(experiment, record, milestoneOf(record), 'critical')), resolveHold(experiment, record)];
    case 'escalate': return [raise(alertOf(experiment, record, heldAt(record.step), 'warning'))];
    case 'hold':
    case 'reweigh': return [];
  }
};

/** Tells people of milestones, and of holds that need one of them. */
export const rolloutAlerts = (store: EventStore): ProcessManager => processManager({
  name: ROLLOUT_ALERTS,
  topics: [topics.experimentEvents.name],
  react: async (event: ReceivedEvent) => {
    const reactions = alertsFor(event.data as unknown as ExperimentChange);
    for (const [index, { id, command }] of reactions.entries()) await handle(store, rolloutAlertAggregate, id, command, reactionContext(ROLLOUT_ALERTS, event, index));
  },
});
