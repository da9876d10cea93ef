import { topics } from '@pataka/contracts';
import { partitionFor } from '@pataka/event-sourcing';
import type { CompiledPlan } from './evidence-plan';
import { feedsOf, tallyEvent, tallyMetric, tallySubject, type ConversionFact, type Subject } from './evidence.fold';
import type { Tally } from './tally';

export const SHARDS = topics.exposures.partitions;
/** The shard of a unit or key is the partition it has on the topics, so that consumers of different partitions rarely meet. */
export const shardOf = (unit: string): number => partitionFor(unit, SHARDS);

/** Conversions by the key they are attributed by. */
export const byKey = (facts: readonly ConversionFact[]): Map<string, ConversionFact[]> => {
  const groups = new Map<string, ConversionFact[]>();
  for (const fact of facts) {
    const group = groups.get(fact.key);
    if (group === undefined) groups.set(fact.key, [fact]);
    else group.push(fact);
  }
  return groups;
};

export const factsOf = (subject: Subject, groups: ReadonlyMap<string, ConversionFact[]>): ConversionFact[] =>
  subject.keys.length === 0 ? (groups.get(subject.unit) ?? []) : [subject.unit, ...subject.keys].flatMap((key) => groups.get(key) ?? []);

/** Every key whose conversions count for one of the subjects. */
export const keysOf = (subjects: readonly Subject[]): string[] => [...new Set(subjects.flatMap((subject) => [subject.unit, ...subject.keys]))];

/** Adds or takes back a subject with all its events. */
export const weigh = (tally: Tally, subject: Subject, facts: readonly ConversionFact[], plan: CompiledPlan, sign: 1 | -1): void => {
  tallySubject(tally, subject, plan, sign);
  for (const fact of facts) tallyEvent(tally, subject, fact, feedsOf(subject, fact, plan), sign);
};

/** Adds what the metrics of a subject weigh more after than before. */
export const weighDifference = (tally: Tally, before: Subject, after: Subject, { plan }: CompiledPlan): void => {
  for (const metric of plan.metrics) {
    if (before.metrics[metric.key] === after.metrics[metric.key]) continue;
    tallyMetric(tally, before, metric, plan, -1);
    tallyMetric(tally, after, metric, plan, 1);
  }
};
