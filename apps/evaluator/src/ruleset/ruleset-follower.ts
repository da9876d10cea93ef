import { DomainError, topics } from '@pataka/contracts';
import type { EventBatch, EventLog, ReceivedEvent } from '@pataka/event-sourcing';
import type { AccessDirectory, HealthCheck, Logger } from '@pataka/platform';
import type { ClientRules } from '../events/client-rules';
import type { RulesetState } from './ruleset-state';
import type { Snapshots } from './snapshots';

const CHECK_MS = 30_000;
const WRITE_DELAY_MS = 1_000;
const followed = [topics.flagChanges.name, topics.segmentChanges.name, topics.accessChanges.name];

interface Parts {
  log: EventLog; state: RulesetState; access: AccessDirectory; clientRules: ClientRules; snapshots: Snapshots; logger: Logger;
  /** true when one of the other sources of rules answers. */
  otherSources: () => boolean;
}

/**
 * Keeps the rules current: starts from a snapshot, follows the topics, writes snapshots behind, and every 30 seconds checks that nothing
 * was missed. Once it has rules it keeps serving them, whatever goes away.
 */
export class RulesetFollower {
  /** Where to go on in each followed topic; they have one partition each. */
  readonly #offsets = new Map<string, string>();
  readonly #caughtUp = new Set<string>();
  readonly #startedAt = Date.now();
  /** Hear how long changes took to get here, in seconds. */
  readonly propagated: ((seconds: number) => void)[] = [];
  /** When the rules were last known to be current. */
  confirmedAt: number | null = null;
  #restored = false;
  #checkTimer: NodeJS.Timeout | undefined;
  #writeTimer: NodeJS.Timeout | null = null;

  constructor(private readonly parts: Parts) {}

  get state(): RulesetState { return this.parts.state; }
  get access(): AccessDirectory { return this.parts.access; }
  get clientRules(): ClientRules { return this.parts.clientRules; }

  /** Looks up a snapshot (Redis, then the database) before the topics are followed from where it stands. */
  async restore(): Promise<void> {
    this.#restored = await this.parts.snapshots.restore(this.#offsets);
    this.#checkTimer = setInterval(() => void this.#check(), CHECK_MS);
    this.#checkTimer.unref();
  }

  position(topic: string): string {
    return this.#offsets.get(topic) ?? '0';
  }

  /** true once a snapshot was found or every topic was read to its end: from then on rules are served. */
  ready(): boolean {
    return this.#restored || followed.every((topic) => this.#caughtUp.has(topic));
  }

  /** @throws DomainError `unavailable` while there are no rules */
  needRules(): void {
    if (!this.ready()) throw new DomainError('unavailable', 'The rules have not arrived yet', [], { retryAfterSeconds: 1 });
  }

  /** true while nothing can tell whether the rules are still current. */
  stale(): boolean {
    return !this.parts.log.healthy() && !this.parts.otherSources();
  }

  health(): HealthCheck {
    if (!this.ready()) return { status: 'fail', detail: 'no rules yet: neither snapshot nor topic could be read' };
    return this.stale() ? { status: 'warn', detail: 'serving the last known rules: log, cache and database are away', position: this.state.position } : { status: 'pass', position: this.state.position };
  }

  reached(batch: EventBatch): void {
    this.#offsets.set(batch.topic, batch.nextOffset);
    if (BigInt(batch.nextOffset) >= BigInt(batch.highWatermark)) this.#caughtUp.add(batch.topic);
    if (this.ready()) this.confirmedAt = Date.now();
    this.#timePropagation(batch);
    this.#writeTimer ??= setTimeout(() => void this.#write(), WRITE_DELAY_MS);
  }

  /** Of changes that were made while this process followed them: at its start it reads old ones. */
  #timePropagation({ events }: EventBatch): void {
    const now = Date.now();
    for (const { time } of events) {
      const at = time === null ? NaN : Date.parse(time);
      if (at >= this.#startedAt) for (const hear of this.propagated) hear(Math.max(0, now - at) / 1000);
    }
  }

  onUnreadable(event: ReceivedEvent, error: Error): void {
    this.parts.logger.error({ id: event.id, type: event.type, error: error.message }, 'a change could not be understood and was passed over');
  }

  /** An empty topic never brings a batch: its end is looked up instead. */
  async noteEmptyTopics(): Promise<void> {
    for (const topic of followed) {
      const [partition] = await this.parts.log.offsets(topic);
      if (partition !== undefined && BigInt(partition.high) <= BigInt(this.position(topic))) this.#caughtUp.add(topic);
    }
    const metrics = await this.parts.log.offsets(topics.metricChanges.name);
    if (metrics.length > 0 && metrics.every(({ low, high }) => BigInt(high) <= BigInt(low))) this.parts.clientRules.metricsRead();
  }

  async close(): Promise<void> {
    clearInterval(this.#checkTimer);
    if (this.#writeTimer !== null) clearTimeout(this.#writeTimer);
    await this.#write();
  }

  async #write(): Promise<void> {
    this.#writeTimer = null;
    if (this.ready()) await this.parts.snapshots.write(this.#offsets).catch((error: Error) => this.parts.logger.warn({ error: error.message }, 'the snapshot was not written; the log has everything'));
  }

  /** The log may be silent because nothing happens, or because it is broken here: a snapshot that others wrote tells which. */
  async #check(): Promise<void> {
    try {
      await this.parts.snapshots.restore(new Map());
      await this.noteEmptyTopics();
      if (this.ready()) this.confirmedAt = Date.now();
    } catch (error) {
      this.parts.logger.warn({ error: (error as Error).message }, 'the rules could not be checked; serving what is known');
    }
    await this.#write();
  }
}
