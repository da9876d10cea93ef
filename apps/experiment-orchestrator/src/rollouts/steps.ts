import type { Experiment, Strategy } from '@pataka/contracts';
import { DEFAULT_ZONE, later, lengthMs, parseDuration } from './local-time';

/** A step of a rollout. Regions are all that are reached by then; absent: everywhere. `duration` null: it lasts until the end. */
export interface Step { percentage: number; duration: string | null; regions?: string[] }

/** What the steps of a rollout follow from. */
export type Planned = Pick<Experiment, 'type' | 'strategy'>;

const DEFAULT_SLICE = { percentage: 5, duration: 'P1D' };
const MOST_STEPS = 1_000;
// Percentages are thousandths of a percent; sums of them must not drift.
const rounded = (percentage: number): number => Math.round(percentage * 1_000) / 1_000;

/** What happens after the last step. */
export const finishOf = ({ type, strategy }: Planned): 'keepRunning' | 'complete' => strategy.whenFinished ?? (type === 'GRADUAL_ROLLOUT' ? 'complete' : 'keepRunning');

/** The share of the audience that a FIXED strategy lets in. */
export const fixedPercentage = (strategy: Strategy): number => strategy.targetPercentage ?? strategy.initialPercentage ?? 100;

const explicit = ({ steps = [], incrementInterval }: Strategy, completes: boolean): Step[] => {
  const reached = new Set<string>();
  let everywhere = false;
  // Where the last step has to end, and nobody says when, it lasts as long as the one before it.
  const last = steps.at(-1)?.duration ?? incrementInterval ?? (completes ? steps.at(-2)?.duration : undefined);
  return steps.map(({ percentage, duration, regions = [] }, index) => {
    everywhere ||= regions.length === 0;
    for (const region of regions) reached.add(region);
    const lasting = index === steps.length - 1 ? last : (duration ?? incrementInterval);
    return { percentage, duration: lasting ?? null, ...(everywhere ? {} : { regions: [...reached] }) };
  });
};

const even = ({ initialPercentage, targetPercentage = 100, incrementSize = 0, incrementInterval }: Strategy): Step[] => {
  const steps: Step[] = [];
  for (let percentage = initialPercentage ?? incrementSize; steps.length < MOST_STEPS; percentage = rounded(percentage + incrementSize)) {
    steps.push({ percentage: Math.min(percentage, targetPercentage), duration: incrementInterval ?? null });
    if (percentage >= targetPercentage || incrementSize <= 0) break;
  }
  return steps;
};

const canary = ({ initialPercentage = DEFAULT_SLICE.percentage, targetPercentage = 100, sliceDuration, incrementInterval }: Strategy, completes: boolean): Step[] => {
  const slice = sliceDuration ?? incrementInterval ?? DEFAULT_SLICE.duration;
  return [{ percentage: initialPercentage, duration: slice }, { percentage: targetPercentage, duration: incrementInterval ?? (completes ? slice : null) }];
};

/** Every step that an experiment takes, in order. */
export const stepsOf = (planned: Planned): Step[] => {
  const { strategy } = planned;
  const completes = finishOf(planned) === 'complete';
  if (strategy.type !== 'FIXED' && strategy.steps !== undefined && strategy.steps.length > 0) return explicit(strategy, completes);
  switch (strategy.type) {
    case 'FIXED': return [{ percentage: fixedPercentage(strategy), duration: null }];
    case 'CANARY': return canary(strategy, completes);
    case 'GRADUAL':
    case 'AUTOMATIC': return even(strategy);
  }
};

/** When a step that began at an instant falls due, windows and blackouts left aside. */
export const dueAfter = (from: number, step: Step | undefined, strategy: Strategy): number | null => {
  const duration = step?.duration === null || step === undefined ? null : parseDuration(step.duration);
  return duration === null ? null : later(from, duration, strategy.timezone ?? DEFAULT_ZONE);
};

/** How long a step lasts, in milliseconds; null for one that lasts until the end. */
export const stepLengthMs = (step: Step | undefined): number | null => {
  const duration = step?.duration === null || step === undefined ? null : parseDuration(step.duration);
  return duration === null ? null : lengthMs(duration);
};

/** Strategies whose steps are weighed by evidence even where there are no thresholds. */
export const isGated = ({ type, successThresholds, failureThresholds }: Strategy): boolean =>
  type === 'CANARY' || type === 'AUTOMATIC' || Object.keys({ ...successThresholds, ...failureThresholds }).length > 0;
