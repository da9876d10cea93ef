import type { CreateExperiment, ExperimentStatus } from './experiment';
import type { ThresholdDirection, ThresholdMeasure } from './strategy';

/** What was decided about a rollout. `reweigh` moves a bandit's weights; `escalate` asks for a person. */
export const rolloutDecisions = ['advance', 'hold', 'rollBack', 'escalate', 'finish', 'reweigh'] as const;
export type RolloutDecision = (typeof rolloutDecisions)[number];

/** One threshold and one treatment, as judged. `holds` is null where there was too little to judge it by. */
export interface JudgedThreshold {
  list: 'success' | 'failure';
  metric: string; variantId: string;
  direction: ThresholdDirection; of: ThresholdMeasure; threshold: number; confidence?: number;
  /** What was compared with the threshold, and the control's level beside it. */
  value: number | null; control: number | null;
  /** Subjects of the smaller of the two. */
  sample: number | null; minimumSample: number;
  /** Interval of `value`, where certainty was asked for. */
  interval?: [number, number];
  /** success: met. failure: not breached. */
  holds: boolean | null;
  why: string;
}

/** One guard, as judged. `fails` is null where there was too little to judge it by. */
export interface JudgedGuard {
  guard: 'sampleRatio' | 'errorRate' | 'metric';
  metric?: string; variantId?: string;
  value: number | null; control?: number | null;
  /** Always valid: looking often does not make a false alarm likelier. */
  pValue: number | null; alpha: number;
  fails: boolean | null;
  why: string;
}

/** A sentence that a manager can read. */
export interface Sentence { en: string; hi: string }

/** A decision with everything it was made on. */
export interface DecisionRecord {
  decision: RolloutDecision;
  /** Step that was reached when it was made, from 0, and its percentage. */
  step: number; percentage: number;
  /** What it led to, where it led anywhere. */
  toStep?: number; toPercentage?: number;
  /** The instant that asked for it, and the one it was made at; due is absent where evidence asked, not the clock. */
  due?: string; at: string;
  /** Intervals of the step that passed while nobody decided. */
  late?: number;
  thresholds: JudgedThreshold[];
  guards: JudgedGuard[];
  /** Name of the evidence (`coverage.name` of the results), and the newest instant it covers; null without any. */
  evidence: { name: string; until: string | null } | null;
  /** Success thresholds met by the best treatment, needed, and of how many. */
  met?: { met: number; needed: number; of: number; variantId: string };
  /** Stable words, such as `evidence-missing`. */
  reasons: string[];
  sentence: Sentence;
  /** reweigh: the weights from now on, and the chance of each variant to be the best that they rest on. */
  weights?: Record<string, number>; probabilities?: Record<string, number>;
  /** finish: the variant that becomes the default, where one does. */
  winnerVariantId?: string;
}

/** A step of a rollout that is still to come, or is under way. */
export interface PlannedStep {
  step: number; percentage: number;
  /** Regions reached by then; absent: everywhere. */
  regions?: string[];
  /** When it begins, windows and blackouts considered; the first instant it may. null while nobody knows, as when paused. */
  at: string | null;
  /** ISO 8601; null for one that lasts until the end. */
  duration: string | null;
}

/** A step of a rollout that was reached. */
export interface PastStep { step: number; percentage: number; regions?: string[]; from: string; until: string | null; decisions: DecisionRecord[] }

/** When an experiment will know what it wants to know. Days are whole, from its start. */
export interface PowerEstimate {
  /** false: the plan says too little; `reasons` say what is missing. */
  known: boolean;
  /** Day on which the smallest variant has 1000 subjects; null: never, or unknown. */
  minimumSampleDay: number | null; minimumSampleAt: string | null;
  /** Subjects that each variant needs for the wanted effect at the wanted power, and when the smallest has them. */
  subjectsPerVariant: number | null; effectDay: number | null; effectAt: string | null;
  /** Subjects of the smallest variant when it ends; null without an end. */
  subjectsAtEnd: number | null;
  /** It cannot get there: then it starts only by force. */
  hopeless: boolean;
  reasons: string[];
}

/** `GET /api/experiments/{id}/rollout`. */
export interface RolloutView {
  experimentId: string; status: ExperimentStatus; strategy: CreateExperiment['strategy'];
  percentage: number; step: number; steps: number;
  /** When the next step is decided, windows and blackouts considered. */
  nextStepAt: string | null;
  /** Why it waits beyond the step's duration: a window, a blackout, or the reasons of a hold. */
  waiting: string[];
  heldSince: string | null; escalatedAt: string | null; finishedAt: string | null;
  past: PastStep[];
  present: PastStep | null;
  planned: PlannedStep[];
  /** Latest decision. */
  decision: DecisionRecord | null;
  startDate?: string; endDate?: string; startedAt?: string; completedAt?: string;
  phases: { phase: number; from: string; weights: Record<string, number> }[];
  estimate: PowerEstimate;
}

/** Answer of `POST /api/experiments/dry-run`: what would happen when, if every step passed. Nothing is stored. */
export interface DryRun { startsAt: string; endsAt: string | null; planned: PlannedStep[]; estimate: PowerEstimate; notes: string[] }

/** `GET /api/experiment-templates`. */
export interface ExperimentTemplate { key: string; name: string; description: string; experiment: Omit<CreateExperiment, 'key'> }
