import { hash } from 'node:crypto';
import { type CountsReport, CountsReportEvent, type EvaluationCount, type Fault, faultsOf, type OutcomeCount, topics } from '@pataka/contracts';
import { cloudEventJson, partitionFor } from '@pataka/event-sourcing';
import { parseInstant } from '@pataka/evaluation';
import type { BufferedEvent } from './event-buffer';
import type { IntakeContext, Taken } from './event-intake';

const MINUTE_MS = 60_000;
// Repeats are told by their ids for three days; what is older could be counted twice.
const LATEST_MS = 2 * 24 * 60 * MINUTE_MS;

/** The same id for the same count of a report, however often it is sent: a UUID of version 8 (RFC 9562), made of both. */
const countId = (reportId: string, index: number): string => {
  const hex = hash('sha256', `${reportId}/${index}`, 'hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
};

const minuteOf = (instant: string): string => new Date(Math.floor((parseInstant(instant) ?? 0) / MINUTE_MS) * MINUTE_MS).toISOString();

const tooOld = ({ minute }: CountsReport, nowMs: number): Fault[] =>
  (parseInstant(minute) ?? nowMs) < nowMs - LATEST_MS ? [{ pointer: '/minute', detail: 'is more than two days ago: a repeat could not be told any more' }] : [];

const eventOf = (id: string, { flagKey, variant, errorCode, count }: OutcomeCount, minute: string, environment: string): BufferedEvent => {
  const topic = topics.evaluationCounts;
  const data: EvaluationCount = { flagKey, environment, ...(variant === undefined ? {} : { variant }), ...(errorCode === undefined ? {} : { errorCode }), minute, count };
  const json = cloudEventJson({ id, type: 'pataka.evaluation-count.v1', source: '/pataka/evaluator', subject: flagKey, time: minute, data });
  return { topic: topic.name, partition: partitionFor(flagKey, topic.partitions), json };
};

/** An SDK's report of its own evaluations, as counts like the evaluator's own. Flags that its key cannot see, or that there are none of, are left out. */
export const takeCounts = (report: CountsReportEvent, context: IntakeContext, common: readonly Fault[]): Taken => {
  const faults = [...faultsOf(CountsReportEvent, report), ...common];
  if (faults.length === 0) faults.push(...tooOld(report, context.nowMs));
  if (faults.length > 0) return { faults };
  const [id, minute] = [report.id.toLowerCase(), minuteOf(report.minute)];
  // The index in the report, whatever is left out: what a key sees may change between two tries.
  const events = report.counts.flatMap((count, index) => (context.sees(count.flagKey) ? [eventOf(countId(id, index), count, minute, context.environment)] : []));
  return { events };
};
