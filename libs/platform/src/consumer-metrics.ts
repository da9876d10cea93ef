import type { Applied, EventBatch, EventLogTransportOptions, OutboxRelay, ProjectionRunner } from '@pataka/event-sourcing';
import { Counter, readCounter, readGauge, readSeries, type Readings, type Registry } from './metrics';

type Hooks = Required<Pick<EventLogTransportOptions, 'onBatch' | 'onState'>>;
/** Where a group is in one partition: records behind, and the age of the first of them (null: none waits). */
interface Place { group: string; behind: number; since: number | null }

interface Parts {
  registry: Registry;
  /** Tells what became of the events of its projections; `projections` names these by consumer group. */
  runner?: Pick<ProjectionRunner, 'onApplied'>;
  projections?: Readonly<Record<string, string>>;
  now: () => number;
}

const lagOf = ({ nextOffset, highWatermark }: EventBatch): number => Math.max(0, Number(BigInt(highWatermark) - BigInt(nextOffset)));

/**
 * What a service's consumers do, as its transport tells of it: the events they have dealt with, how far they are behind, and when one last failed.
 * A consumer that cannot take its batch falls behind in seconds, which it is told of at every try.
 */
export class ConsumerMetrics {
  private readonly places = new Map<string, Place>();
  private readonly failedAt = new Map<string, number>();
  private readonly events: Counter;
  private readonly groupOf: ReadonlyMap<string, string>;

  constructor(private readonly parts: Parts) {
    const { registry, runner, projections = {} } = parts;
    this.groupOf = new Map(Object.entries(projections).map(([group, projection]) => [projection, group]));
    this.events = new Counter({ name: 'pataka_events_processed_total', help: 'Events taken off the log by what became of them; of retries, batches', labelNames: ['consumer_group', 'outcome'], registers: [registry] });
    runner?.onApplied((projection, applied) => this.applied(this.groupOf.get(projection) ?? projection, applied));
    const gauge = (name: string, help: string, read: () => Readings): void => void readSeries(registry, { name, help, labelNames: ['consumer_group'], read });
    gauge('pataka_projection_lag_events', 'Records that a consumer has yet to take, as of what it was last brought', () => this.eachGroup(({ behind }) => behind, (sum, value) => sum + value));
    gauge('pataka_projection_lag_seconds', 'Age of the oldest record that a consumer was brought and has not taken; 0 where it has taken all', () =>
      this.eachGroup(({ since }) => (since === null ? 0 : Math.max(0, (parts.now() - since) / 1000)), (most, value) => Math.max(most, value)));
    gauge('pataka_projection_last_error_timestamp_seconds', 'When a consumer last failed to take a batch; 0 where none has', () => [...this.groups()].map((group) => [{ consumer_group: group }, this.failedAt.get(group) ?? 0]));
  }

  /** For the transport's options. */
  readonly hooks: Hooks = {
    onBatch: (group, batch, stage) => (stage === 'begun' ? this.begun(group, batch) : this.taken(group, batch)),
    onState: (group, state) => {
      if (state === 'failing') this.failed(group);
    },
  };

  private begun(group: string, batch: EventBatch): void {
    this.places.set(placeName(group, batch), { group, behind: lagOf(batch) + batch.records.length, since: batch.records[0]?.timestamp ?? null });
  }

  private taken(group: string, batch: EventBatch): void {
    const behind = lagOf(batch);
    this.places.set(placeName(group, batch), { group, behind, since: behind === 0 ? null : (batch.records.at(-1)?.timestamp ?? null) });
    // Of a projection's events its runner tells more.
    if (this.parts.projections?.[group] === undefined) this.applied(group, { ok: batch.events.length, duplicate: 0, deadLetter: batch.refused.length });
  }

  private failed(group: string): void {
    this.failedAt.set(group, this.parts.now() / 1000);
    this.count(group, 'retry', 1);
  }

  private applied(group: string, { ok, duplicate, deadLetter }: Applied): void {
    this.count(group, 'ok', ok);
    this.count(group, 'duplicate', duplicate);
    this.count(group, 'dead_letter', deadLetter);
  }

  private count(group: string, outcome: string, events: number): void {
    this.events.inc({ consumer_group: group, outcome }, events);
  }

  private groups(): Set<string> {
    return new Set([...[...this.places.values()].map(({ group }) => group), ...this.failedAt.keys()]);
  }

  private eachGroup(read: (place: Place) => number, together: (a: number, b: number) => number): Readings {
    return [...this.groups()].map((group) => [{ consumer_group: group }, [...this.places.values()].filter((place) => place.group === group).map(read).reduce((sum, value) => together(sum, value), 0)]);
  }
}

const placeName = (group: string, { topic, partition }: EventBatch): string => `${group} ${topic} ${partition}`;

/** How the outbox of a service stands. */
export const outboxMetrics = (registry: Registry, relay: Pick<OutboxRelay, 'pending' | 'oldest' | 'published'>, now: () => number): void => {
  const age = (time: string | null): number => (time === null ? 0 : Math.max(0, (now() - Date.parse(time)) / 1000));
  readGauge(registry, { name: 'pataka_outbox_pending', help: 'Events that wait for the log' }, () => relay.pending());
  readGauge(registry, { name: 'pataka_outbox_oldest_seconds', help: 'How long the first of them has waited; 0 where none waits' }, async () => age(await relay.oldest()));
  readCounter(registry, { name: 'pataka_outbox_published_total', help: 'Events carried to the log', labelNames: [], read: () => [[{}, relay.published]] });
};
