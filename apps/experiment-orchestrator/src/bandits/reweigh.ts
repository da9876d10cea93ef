import type { DecisionRecord, Experiment, Sentence } from '@pataka/contracts';
import { allocate } from '@pataka/statistics';
import type { ExperimentCommand } from '../experiments/experiment.decider';
import type { World } from '../rollouts/decision';
import { definitionOf } from '../rollouts/evidence';
import { type Duration, instantText, later, parseDuration } from '../rollouts/local-time';
import { type Posteriors, posteriorsOf, primaryOf } from './posteriors';

/** What a bandit's weights are decided on. */
interface BanditLook extends Pick<World, 'results' | 'definitions' | 'now'> { experiment: Experiment; due?: string }

const BUCKETS = 100_000;
const DEFAULTS = { floor: 0.05, burnInSubjects: 100, burnInDuration: 'P1D', interval: 'P1D' };
/** Smaller moves are not worth a phase: each costs the report a stratum. */
const LEAST_MOVE = 0.001;

const percent = (share: number): string => `${(share * 100).toFixed(1)}%`;

/** Weights as whole buckets that fill all of them: what rounding leaves over goes to those who lost most by it. */
export const wholeBuckets = (weights: readonly number[]): number[] => {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const exact = weights.map((weight) => (weight / total) * BUCKETS);
  const whole = exact.map(Math.floor);
  const left = BUCKETS - whole.reduce((sum, buckets) => sum + buckets, 0);
  const order = exact.map((value, index) => ({ index, rest: value - whole[index]! })).sort((one, other) => other.rest - one.rest || one.index - other.index);
  for (const { index } of order.slice(0, left)) whole[index]! += 1;
  return whole.map((buckets) => buckets / BUCKETS);
};

type Base = Pick<DecisionRecord, 'step' | 'percentage' | 'at' | 'due' | 'thresholds' | 'guards' | 'evidence'>;

const baseOf = ({ experiment: { rollout }, results, now, due }: BanditLook): Base => ({
  step: rollout.step, percentage: rollout.percentage, at: now, ...(due === undefined ? {} : { due }), thresholds: [], guards: [],
  evidence: results === null ? null : { name: results.coverage.name, until: results.generatedAt },
});

const keptSentences: Record<string, Sentence> = {
  'burn-in': { en: 'The weights stay as they are: every variant first gets its share of subjects.', hi: 'भार वैसे ही रहेंगे: पहले हर विकल्प को पर्याप्त लोग मिलने चाहिए।' },
  'evidence-missing': { en: 'The weights stay as they are: there is no evidence on every variant yet.', hi: 'भार वैसे ही रहेंगे: हर विकल्प के बारे में अभी प्रमाण नहीं है।' },
  'no-success-metric': { en: 'The weights stay as they are: there is no success metric to go by.', hi: 'भार वैसे ही रहेंगे: सफलता का कोई मापदंड नहीं है।' },
  'no-variance-yet': { en: 'The weights stay as they are: the subjects do not differ yet, so nothing tells how sure the means are.', hi: 'भार वैसे ही रहेंगे: औसत कितने पक्के हैं, यह अभी नहीं कहा जा सकता।' },
  'sample-ratio-mismatch': { en: 'The weights stay as they are: subjects arrive in other numbers than the weights say, so the evidence cannot be trusted.', hi: 'भार वैसे ही रहेंगे: लोगों की संख्या भार से मेल नहीं खाती, इसलिए प्रमाण पर भरोसा नहीं किया जा सकता।' },
  unchanged: { en: 'The weights stay as they are: the evidence asks for almost the same.', hi: 'भार वैसे ही रहेंगे: प्रमाण लगभग यही भार सुझाता है।' },
};

const kept = (look: BanditLook, reason: keyof typeof keptSentences, probabilities?: Record<string, number>): DecisionRecord => ({
  ...baseOf(look), decision: 'reweigh', reasons: [reason], sentence: keptSentences[reason]!, weights: Object.fromEntries(look.experiment.variants.map(({ id, weight }) => [id, weight])),
  ...(probabilities === undefined ? {} : { probabilities }),
});

const burningIn = ({ experiment: { bandit = {}, startedAt, strategy }, now }: BanditLook, subjects: Record<string, number>): boolean => {
  const least = bandit.burnInSubjects ?? DEFAULTS.burnInSubjects;
  const lasts = parseDuration(bandit.burnInDuration ?? DEFAULTS.burnInDuration);
  const over = startedAt !== undefined && lasts !== null && later(Date.parse(startedAt), lasts, strategy.timezone) <= Date.parse(now);
  return !over || Object.values(subjects).some((n) => n < least);
};

const moveOf = (experiment: Experiment, weights: Record<string, number>): number =>
  experiment.variants.reduce((sum, { id, weight }) => sum + Math.abs(weights[id]! - weight), 0) / 2;

const sentenceOf = (experiment: Experiment, weights: Record<string, number>, probabilities: Record<string, number>): Sentence => {
  const best = [...experiment.variants].sort((one, other) => probabilities[other.id]! - probabilities[one.id]!)[0]!;
  const name = best.name ?? best.id;
  const [chance, share] = [percent(probabilities[best.id]!), percent(weights[best.id]!)];
  return { en: `${name} is the best with a chance of ${chance} and gets ${share} of the subjects from now on.`, hi: `${name} के सबसे अच्छा होने की संभावना ${chance} है; अब से उसे ${share} लोग मिलेंगे।` };
};

const reweighed = (look: BanditLook, posteriors: Posteriors): DecisionRecord => {
  const { experiment } = look;
  const { algorithm = experiment.variants.length > 2 ? 'topTwo' : 'thompson', floor = DEFAULTS.floor } = experiment.bandit ?? {};
  const allocation = allocate({ ...posteriors, algorithm: algorithm === 'topTwo' ? 'ttts' : 'thompson', floor });
  const named = (values: readonly number[]): Record<string, number> => Object.fromEntries(experiment.variants.map(({ id }, index) => [id, values[index]!]));
  const [weights, probabilities] = [named(wholeBuckets(allocation.weights)), named(allocation.probBest)];
  if (moveOf(experiment, weights) < LEAST_MOVE) return kept(look, 'unchanged', probabilities);
  return { ...baseOf(look), decision: 'reweigh', weights, probabilities, reasons: ['evidence'], sentence: sentenceOf(experiment, weights, probabilities) };
};

/**
 * What becomes of a bandit's weights: Thompson sampling by quadrature over the posteriors, so that the same evidence gives the same digits. They
 * stay as they are through the burn-in, without evidence on every arm, and where the subjects' numbers contradict the weights.
 */
export const decideWeights = (look: BanditLook): DecisionRecord => {
  const { experiment, results, definitions } = look;
  const metric = primaryOf(experiment);
  if (results === null || metric === null) return kept(look, metric === null ? 'no-success-metric' : 'evidence-missing');
  const posteriors = posteriorsOf(experiment, results, definitionOf(metric, experiment, definitions));
  if ('missing' in posteriors) return kept(look, posteriors.missing);
  if (!results.sampleRatio.ok) return kept(look, 'sample-ratio-mismatch');
  return burningIn(look, posteriors.subjects) ? kept(look, 'burn-in') : reweighed(look, posteriors);
};

const intervalOf = ({ bandit = {} }: Experiment): Duration => parseDuration(bandit.interval ?? DEFAULTS.interval) ?? parseDuration(DEFAULTS.interval)!;

/** When the weights of an experiment that starts at an instant are first decided anew; nothing for what is no bandit. */
export const firstReweighAt = (experiment: Experiment, from: number): { nextReweighAt?: string } =>
  (experiment.type === 'BANDITS' ? { nextReweighAt: instantText(later(from, intervalOf(experiment), experiment.strategy.timezone)) } : {});

/** The next time after now: those that passed while nobody looked are one decision. */
const nextAfter = (experiment: Experiment, due: string, now: string): string => {
  const interval = intervalOf(experiment);
  let next = later(Date.parse(due), interval, experiment.strategy.timezone);
  while (next <= Date.parse(now)) next = later(next, interval, experiment.strategy.timezone);
  return instantText(next);
};

/** What falls due in a bandit: its weights, decided anew. */
export const reweighDue = (experiment: Experiment, { now, results, definitions }: Pick<World, 'now' | 'results' | 'definitions'>): ExperimentCommand | null => {
  const due = experiment.rollout.nextReweighAt;
  if (experiment.type !== 'BANDITS' || experiment.status !== 'ACTIVE' || due === undefined || Date.parse(due) > Date.parse(now)) return null;
  return { type: 'Decide', decided: { record: decideWeights({ experiment, results, definitions, now, due }) }, nextReweighAt: nextAfter(experiment, due, now) };
};
