import { type AccessDirectory, ConsumerMetrics, Durations, Histogram, readCounter, readGauge, readHistogram, readSeries, type Readings, type Registry } from '@pataka/platform';
import type { EvaluationCounts } from './events/evaluation-counts';
import type { RulesetFollower } from './ruleset/ruleset-follower';
import type { ChangeStreams } from './stream/change-streams';

interface Parts { registry: Registry; counts: EvaluationCounts; follower: RulesetFollower; access: AccessDirectory; streams: ChangeStreams; timed: Durations; now: () => number }
type Hooks = ConsumerMetrics['hooks'];

// A series each: their number has to stay bounded.
const MOST_ENVIRONMENTS = 50;
const PROPAGATION_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Durations of evaluations: most take microseconds. */
export const evaluationDurations = (): Durations => new Durations([0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1]);

/** What an evaluator tells of evaluations, of its rules, and of its streams: counted where it happens, read when it is scraped. Answers what consumers are to be heard by. */
export const evaluatorMetrics = ({ registry, counts, follower, access, streams, timed, now }: Parts): Hooks => {
  readCounter(registry, {
    name: 'pataka_evaluations_total', help: 'Evaluations over HTTP; outcome is success or the error code', labelNames: ['environment', 'reason', 'outcome'],
    read: () => counts.totals().filter(({ count }) => count > 0).map(({ of, count }) => [{ ...of }, count]),
  });
  readHistogram(registry, { name: 'pataka_evaluation_duration_seconds', help: 'From the body read to the answer handed over; a bulk evaluation as a whole' }, () => [[{}, timed]]);
  const environments = (value: () => number | null) => (): Readings => {
    const read = value();
    return read === null ? [] : access.environments().slice(0, MOST_ENVIRONMENTS).map((environment) => [{ environment }, read]);
  };
  const gauge = (name: string, help: string, value: () => number | null): void => void readSeries(registry, { name, help, labelNames: ['environment'], read: environments(value) });
  gauge('pataka_flagset_version', 'Position of the newest change that is served', () => follower.state.position);
  gauge('pataka_flagset_age_seconds', 'Since the rules were last confirmed to be current', () => (follower.confirmedAt === null ? null : Math.max(0, now() - follower.confirmedAt) / 1000));
  gauge('pataka_stale', '1 while nothing can tell whether the rules are current', () => (follower.stale() ? 1 : 0));
  const propagation = new Histogram({ name: 'pataka_propagation_seconds', help: 'From a change to its being served here', buckets: PROPAGATION_SECONDS, registers: [registry] });
  follower.propagated.push((seconds) => propagation.observe(seconds));
  readGauge(registry, { name: 'pataka_sse_connections', help: 'Streams that are open' }, () => streams.size);
  readCounter(registry, { name: 'pataka_sse_events_sent_total', help: 'Events sent on streams, heartbeats aside', labelNames: [], read: () => [[{}, streams.told.sent]] });
  readCounter(registry, {
    name: 'pataka_sse_dropped_total', help: 'Streams cut off or turned away', labelNames: ['reason'],
    read: () => (['slow', 'limit', 'shutdown'] as const).map((reason) => [{ reason }, streams.told[reason]]),
  });
  return new ConsumerMetrics({ registry, now }).hooks;
};
