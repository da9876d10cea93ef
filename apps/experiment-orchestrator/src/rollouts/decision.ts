import type { DecisionRecord, Experiment, ExperimentResults, JudgedGuard, JudgedThreshold } from '@pataka/contracts';
import { Evidence, type Definitions } from './evidence';
import { judgeGuards } from './guards';
import { parseDuration, later, lengthMs, DAY_MS, DEFAULT_ZONE, instantText } from './local-time';
import { openingFrom, type Places } from './openings';
import { sentenceOf } from './sentence';
import { dueAfter, finishOf, isGated, type Step, stepLengthMs, stepsOf } from './steps';
import { judgeThresholds, metOf, type Occasion } from './thresholds';

/** What a decision looks at besides the experiment. */
export interface World { now: string; results: ExperimentResults | null; definitions: Definitions; places: Places }

/** A decision, and where it leaves the rollout's clock. `nextStepAt` null: no step is to come. */
export interface Decided { record: DecisionRecord; from?: string; nextStepAt?: string | null }

const DEFAULT_MAXIMUM_HOLD = 'P14D';
const MOST_EVIDENCE_AGE_MS = 2 * DAY_MS;
/** A step taken within this of its time counts from its time, so that weeks of rollout do not drift by seconds. */
const ON_TIME_MS = 5 * 60_000;

interface Judged { thresholds: JudgedThreshold[]; guards: JudgedGuard[]; evidence: Evidence | null; failures: string[] }

const judgeAll = (experiment: Experiment, { results, definitions }: World, occasion: Occasion): Judged => {
  const evidence = results === null ? null : new Evidence(results);
  const thresholds = judgeThresholds(experiment, evidence, definitions, occasion);
  const guards = judgeGuards(experiment, evidence, definitions);
  return {
    thresholds, guards, evidence,
    failures: [
      ...guards.filter(({ fails }) => fails === true).map(({ guard, metric, variantId }) => (guard === 'sampleRatio' ? 'sample-ratio-mismatch' : `guard-failed:${metric}:${variantId}`)),
      ...thresholds.filter(({ list, holds }) => list === 'failure' && holds === false).map(({ metric, variantId }) => `failure-threshold:${metric}:${variantId}`),
    ],
  };
};

type Kind = Pick<DecisionRecord, 'decision' | 'reasons'> & Partial<DecisionRecord>;

const recordOf = (experiment: Experiment, world: World, judged: Judged, kind: Kind): DecisionRecord => {
  const { step, percentage } = experiment.rollout;
  const record = {
    step, percentage, at: world.now, thresholds: judged.thresholds, guards: judged.guards,
    evidence: judged.evidence === null ? null : { name: judged.evidence.name, until: judged.evidence.until }, ...kind,
  };
  return { ...record, sentence: sentenceOf(experiment, record) };
};

const ageAllowed = ({ strategy }: Experiment, step: Step | undefined): number => {
  const asked = strategy.maximumEvidenceAge === undefined ? null : parseDuration(strategy.maximumEvidenceAge);
  return asked === null ? Math.min(stepLengthMs(step) ?? MOST_EVIDENCE_AGE_MS, MOST_EVIDENCE_AGE_MS) : lengthMs(asked);
};

/** What is missing of the evidence that a step has to rest on. */
const evidenceReasons = (experiment: Experiment, { now }: World, { evidence }: Judged, step: Step | undefined): string[] => {
  if (evidence === null || evidence.until === null) return ['evidence-missing'];
  const until = Date.parse(evidence.until);
  const began = experiment.rollout.stepFrom;
  return (began !== undefined && until <= Date.parse(began)) || Date.parse(now) - until > ageAllowed(experiment, step) ? ['evidence-stale'] : [];
};

const guardsTheStep = ({ guard, fails }: JudgedGuard): boolean => guard === 'metric' && fails === null;

/** Why a step that is due is not taken. A strategy without thresholds and guards by metrics is a matter of time alone. */
const holdReasons = (experiment: Experiment, world: World, judged: Judged, step: Step | undefined): { reasons: string[]; met?: NonNullable<DecisionRecord['met']> } => {
  const { thresholds, guards } = judged;
  const doubtful = guards.some(({ guard, why }) => guard === 'sampleRatio' && why === 'doubtful') ? ['sample-ratio-doubtful'] : [];
  if (!isGated(experiment.strategy) && !guards.some(({ guard }) => guard === 'metric')) return { reasons: doubtful };
  const met = metOf(thresholds, experiment);
  const missing = (list: JudgedThreshold['list']): string[] => thresholds.filter((one) => one.list === list && one.holds === null).map(({ metric, variantId, why }) => `${list}-threshold-${why}:${metric}:${variantId}`);
  const unmet = met.met < met.needed ? ['success-thresholds-unmet', ...missing('success')] : [];
  return {
    reasons: [...evidenceReasons(experiment, world, judged, step), ...doubtful, ...missing('failure'), ...guards.filter(guardsTheStep).map(({ metric, variantId, why }) => `guard-${why}:${metric}:${variantId}`), ...unmet],
    ...(met.of === 0 ? {} : { met }),
  };
};

const retryAt = ({ strategy, rollout }: Experiment, now: number, step: Step | undefined): number => {
  const asked = strategy.retryInterval === undefined ? null : parseDuration(strategy.retryInterval);
  if (asked !== null) return later(now, asked, strategy.timezone ?? DEFAULT_ZONE);
  const first = Math.min(stepLengthMs(step) ?? DAY_MS, DAY_MS);
  return now + Math.min(first * 2 ** Math.min(rollout.holds ?? 0, 30), DAY_MS);
};

/** The winner that a completed rollout leaves: the one treatment that was rolled out, else the one the report names. */
const winnerOf = (experiment: Experiment, results: ExperimentResults | null, wasRolledOut: boolean): { winnerVariantId?: string } => {
  const treatment = experiment.variants.find(({ isControl }) => isControl !== true)?.id;
  const winner = experiment.type === 'GRADUAL_ROLLOUT' ? (wasRolledOut ? treatment : undefined) : results?.winner;
  return winner === undefined ? {} : { winnerVariantId: winner };
};

const begins = (opened: number, now: number): number => (now - opened <= ON_TIME_MS ? opened : now);

const next = (experiment: Experiment, world: World, judged: Judged, steps: readonly Step[], timing: { due: string; late?: number; opened: number; met?: NonNullable<DecisionRecord['met']> }): Decided => {
  const { opened, ...rest } = timing;
  const following = steps[experiment.rollout.step + 1];
  if (following === undefined) {
    const completes = finishOf(experiment) === 'complete' ? winnerOf(experiment, world.results, true) : {};
    return { record: recordOf(experiment, world, judged, { decision: 'finish', reasons: ['last-step'], ...rest, ...completes }), nextStepAt: null };
  }
  const from = begins(opened, Date.parse(world.now));
  const due = dueAfter(from, following, experiment.strategy);
  const toStep = experiment.rollout.step + 1;
  return {
    // A percentage never falls, whatever a plan says.
    record: recordOf(experiment, world, judged, { decision: 'advance', reasons: [], ...rest, toStep, toPercentage: Math.max(following.percentage, experiment.rollout.percentage) }),
    from: instantText(from), nextStepAt: due === null ? null : instantText(due),
  };
};

const lateBy = (opened: number, now: number, step: Step | undefined): { late?: number } => {
  const missed = Math.floor((now - opened) / (stepLengthMs(step) ?? Infinity));
  return missed > 0 ? { late: missed } : {};
};

const rollBack = (experiment: Experiment, world: World, judged: Judged, due?: string): Decided =>
  ({ record: recordOf(experiment, world, judged, { decision: 'rollBack', reasons: judged.failures, ...(due === undefined ? {} : { due }) }), nextStepAt: null });

const openingOf = (experiment: Experiment, at: number, { places }: World): ReturnType<typeof openingFrom> => {
  const steps = stepsOf(experiment);
  const { step } = experiment.rollout;
  return openingFrom(at, experiment.strategy, (steps[step + 1] ?? steps[step])?.regions, places);
};

/** A step whose time has come, windows and blackouts allowing; null while they do not. Steps that were missed while nobody looked are one decision. */
const decideStep = (experiment: Experiment, world: World, due: string): Decided | null => {
  const now = Date.parse(world.now);
  const steps = stepsOf(experiment);
  const step = steps[experiment.rollout.step];
  const opening = openingOf(experiment, Date.parse(due), world);
  if (opening === null || opening.at > now) return null;
  // Open then is not open now: whoever comes late waits for the next time.
  if (openingOf(experiment, now, world)?.at !== now) return null;
  const judged = judgeAll(experiment, world, 'step');
  if (judged.failures.length > 0) return rollBack(experiment, world, judged, due);
  const { reasons, met } = holdReasons(experiment, world, judged, step);
  const timing = { due, ...lateBy(opening.at, now, step), ...(met === undefined ? {} : { met }) };
  if (reasons.length === 0) return next(experiment, world, judged, steps, { ...timing, opened: opening.at });
  return { record: recordOf(experiment, world, judged, { decision: 'hold', reasons, ...timing }), nextStepAt: instantText(retryAt(experiment, now, step)) };
};

const decideEnd = (experiment: Experiment, world: World, due: string): Decided => {
  const judged = judgeAll(experiment, world, 'step');
  if (judged.failures.length > 0) return rollBack(experiment, world, judged, due);
  const rolledOut = experiment.rollout.finishedAt !== undefined;
  const winner = finishOf(experiment) === 'complete' ? winnerOf(experiment, world.results, rolledOut) : {};
  return { record: recordOf(experiment, world, judged, { decision: 'finish', reasons: ['end-date'], due, ...winner }), nextStepAt: null };
};

/** When a hold has lasted so long that a person has to look; null while nothing is held, or once that was said. */
export const escalationDue = ({ rollout, strategy }: Pick<Experiment, 'rollout' | 'strategy'>): number | null => {
  if (rollout.heldSince === undefined || rollout.escalatedAt !== undefined) return null;
  const most = parseDuration(strategy.maximumHold ?? DEFAULT_MAXIMUM_HOLD) ?? parseDuration(DEFAULT_MAXIMUM_HOLD)!;
  return later(Date.parse(rollout.heldSince), most, strategy.timezone ?? DEFAULT_ZONE);
};

const escalate = (experiment: Experiment, world: World, due: number): Decided => ({
  record: recordOf(experiment, world, judgeAll(experiment, world, 'step'), { decision: 'escalate', reasons: ['maximum-hold', ...(experiment.rollout.holdReasons ?? [])], due: instantText(due) }),
});

const isPast = (instant: string | null | undefined, now: string): instant is string => typeof instant === 'string' && Date.parse(instant) <= Date.parse(now);
const isRunning = ({ status }: Experiment): boolean => status === 'ACTIVE' || status === 'PAUSED';

/** What the clock asks for at an instant, or null. One thing at a time: the next look decides the next. */
export const decideDue = (experiment: Experiment, world: World): Decided | null => {
  if (!isRunning(experiment)) return null;
  if (isPast(experiment.endDate, world.now)) return decideEnd(experiment, world, experiment.endDate);
  if (experiment.status !== 'ACTIVE') return null;
  const step = isPast(experiment.rollout.nextStepAt, world.now) ? decideStep(experiment, world, experiment.rollout.nextStepAt) : null;
  // What is taken now needs no person any more.
  if (step !== null && step.record.decision !== 'hold') return step;
  const escalation = escalationDue(experiment);
  return escalation !== null && escalation <= Date.parse(world.now) ? escalate(experiment, world, escalation) : step;
};

/** What new evidence asks for: the way back for everyone, where a guard fails or a failure threshold is broken beyond doubt. */
export const decideOnEvidence = (experiment: Experiment, world: World): Decided | null => {
  if (!isRunning(experiment) || experiment.startedAt === undefined) return null;
  const judged = judgeAll(experiment, world, 'evidence');
  return judged.failures.length === 0 ? null : rollBack(experiment, world, judged);
};

const LOOK_AGAIN_MS = 10 * 60_000;
const SOON_MS = 1_000;

/** When to look again at what is due and may not be done yet: once it may, or soon, since windows and calendars change; never at once, again and again. */
export const lookAgainAt = (experiment: Experiment, world: World): string => {
  const now = Date.parse(world.now);
  return instantText(Math.max(now + SOON_MS, Math.min(now + LOOK_AGAIN_MS, openingOf(experiment, now, world)?.at ?? Infinity)));
};
