import type { Experiment, PatchExperiment } from './experiment';
import type { TrafficRange } from './flag';
import type { DecisionRecord, PowerEstimate } from './rollout';

/**
 * What can happen to an experiment. `from` and `nextStepAt` are where the rollout's clock stands after the event; an event without them was
 * published before there were clocks.
 */
export type ExperimentEvent =
  | { type: 'experiment.created'; data: { experiment: Experiment } }
  | { type: 'experiment.flag-linked'; data: { flagKey: string } }
  | { type: 'experiment.flag-refused'; data: { flagKey: string; code: string; detail: string } }
  | { type: 'experiment.updated'; data: { changes: PatchExperiment } }
  | { type: 'experiment.weights-changed'; data: { phase: number; weights: Record<string, number> } }
  | { type: 'experiment.percentage-changed'; data: { percentage: number; step: number; from?: string; nextStepAt?: string | null } }
  | { type: 'experiment.share-changed'; data: { share: number; layer: { from: number; until: number }; traffic: TrafficRange[] } }
  | { type: 'experiment.started'; data: { from?: string; nextStepAt?: string | null; nextReweighAt?: string; layer?: { from: number; until: number }; traffic?: TrafficRange[]; forced?: boolean; estimate?: PowerEstimate } }
  | { type: 'experiment.paused'; data: { at?: string } }
  | { type: 'experiment.resumed'; data: { at?: string } }
  | { type: 'experiment.decided'; data: DecisionRecord & { nextStepAt?: string | null; nextReweighAt?: string } }
  | { type: 'experiment.completed'; data: { winnerVariantId?: string } }
  | { type: 'experiment.rolled-back'; data: { detail?: string } }
  | { type: 'experiment.archived'; data: Record<string, never> };

/** Value of a record on pataka.experiment-events.v1: what happened, by whom and why, and the experiment after it. */
export interface ExperimentChange { change: ExperimentEvent; actor: string; reason?: string; experiment: Experiment }

/** Value of a record on pataka.metric-changes.v1 of a correction: who holds what to be wrong, and why. */
export interface CorrectionChange { change: 'created' | 'reverted'; actor: string; reason?: string; correction: import('./correction').Correction }

/** Value of a record on pataka.metric-changes.v1 of a definition. */
export interface MetricChange { change: 'created' | 'updated' | 'archived'; actor: string; reason?: string; metric: import('./metric').Metric }
