import { topics, type Experiment, type ExperimentChange, type ExperimentResults } from '@pataka/contracts';
import { handle, processManager, reactionContext, type EventStore, type ReceivedEvent } from '@pataka/event-sourcing';
import { dayOf, parseInstant } from '../evidence/instant';
import type { ReportContext } from '../results/report-context';
import type { AlertContext } from './alert-context';
import { alertWatchAggregate, type Watched, type WatchCommand, type WatchState } from './alert-watch.decider';
import { findingsOf, rulesOf } from './findings';

export const ALERT_WATCH = 'alert-watch';

interface Parts { store: EventStore; context: Pick<AlertContext, 'of' | 'windows'> }

const isRunning = ({ status }: Pick<Experiment, 'status'>): boolean => status === 'ACTIVE' || status === 'PAUSED';
const isOver = ({ status }: Pick<Experiment, 'status'>): boolean => status === 'COMPLETED' || status === 'ARCHIVED';

export const watchedOf = ({ id, key, name, environment }: Experiment): Watched =>
  ({ experimentId: id, experimentKey: key, ...(name === undefined ? {} : { experimentName: name }), environment });

const judging = async ({ context: reader }: Parts, results: ExperimentResults, context: ReportContext, state: WatchState, at: string): Promise<WatchCommand> => {
  const rules = rulesOf(state.rules, context);
  const newest = results.generatedAt === null ? null : parseInstant(results.generatedAt);
  const windows = rules.dropAgainst === 'previous-window' && newest !== null ? await reader.windows(context, dayOf(newest), rules.windowDays) : [];
  const findings = findingsOf({ results, context, rules, windows });
  return { type: 'judge', experiment: watchedOf(context.experiment), findings, rules, coverage: results.coverage.name, at };
};

/** The command that an event asks for; null for none. */
const commandFor = async (parts: Parts, event: ReceivedEvent, state: (id: string) => Promise<WatchState>): Promise<{ id: string; command: WatchCommand } | null> => {
  const at = event.time;
  if (at === null) return null;
  if (event.record.topic === topics.experimentEvents.name) {
    const { experiment } = event.data as unknown as ExperimentChange;
    return isOver(experiment) ? { id: experiment.id, command: { type: 'end', experimentId: experiment.id, at } } : null;
  }
  const results = event.data as unknown as ExperimentResults;
  const context = await parts.context.of(results.experimentId);
  const { id } = context.experiment;
  return isRunning(context.experiment) ? { id, command: await judging(parts, results, context, await state(id), at) } : null;
};

/** Judges each published report, and ends the watch with its experiment. */
export const alertWatch = (parts: Parts) => processManager({
  name: ALERT_WATCH,
  topics: [topics.experimentMetrics.name, topics.experimentEvents.name],
  react: async (event: ReceivedEvent) => {
    const stateOf = async (id: string): Promise<WatchState> => (await parts.store.document<WatchState>(alertWatchAggregate.category, id))?.document ?? alertWatchAggregate.initialState;
    const found = await commandFor(parts, event, stateOf);
    if (found === null) return;
    // Nearly every report has nothing to say: those cost no command.
    if (alertWatchAggregate.decide(found.command, await stateOf(found.id)).length === 0) return;
    await handle(parts.store, alertWatchAggregate, found.id, found.command, reactionContext(ALERT_WATCH, event));
  },
});
