import { randomUUID } from 'node:crypto';
import type { Api, Reply, Sent } from './api';
import { Unexpected } from './api';
import { until } from './waiting';

/** A flag change that was acknowledged: told apart by its reason. */
export interface AcknowledgedChange { flag: string; reason: string; version: number }
/** What was acknowledged of one subject. */
export interface AcknowledgedSubject { variant: string; exposed: boolean; done: boolean; km: number[] }

const RETRY_LIMIT_MS = 120_000;
const transient = new Set([429, 502, 503, 504]);
const nobodyListened = (error: Error): boolean => (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ECONNREFUSED';

/**
 * What outsiders were told is safe. A request whose connection broke has an unknown outcome: it is sent again, the same to the byte and under
 * the same key, until somebody answers. So in the end everything here is acknowledged, and must be found exactly once.
 */
export class Ledger {
  readonly changes: AcknowledgedChange[] = [];
  readonly experiments: { id: string; key: string }[] = [];
  readonly subjects = new Map<string, AcknowledgedSubject>();
  /** How many requests; how often nobody listened, the connection broke with the outcome unknown, or a 503 said to come again; events and repeats. */
  readonly counts = { requests: 0, away: 0, unknown: 0, refused: 0, events: 0, repeats: 0 };

  /** Sends until there is an answer that is final. */
  async acknowledged<T>(api: Api, method: string, path: string, sent: Sent): Promise<Reply<T>> {
    this.counts.requests += 1;
    return until(`${method} ${path} is answered`, async () => {
      const { reply, error } = await api.send<T>(method, path, { timeoutMs: 10_000, ...sent }).then((answer) => ({ reply: answer, error: null }), (thrown: Error) => ({ reply: null, error: thrown }));
      if (error !== null) this.counts[nobodyListened(error) ? 'away' : 'unknown'] += 1;
      else if (transient.has(reply.status)) this.counts.refused += 1;
      else return reply;
      return null;
    }, RETRY_LIMIT_MS);
  }

  /** Makes a flag, and notes its first version. */
  async createFlag(api: Api, flag: string): Promise<void> {
    const reason = randomUUID();
    const body = { key: flag, type: 'STRING', defaultValue: 'v1', status: 'ACTIVE', environments: { production: { enabled: true, rules: [] } } };
    await this.#command(api, 'POST', '/api/flags', { body, headers: { 'x-reason': reason } }, 201);
    this.changes.push({ flag, reason, version: 1 });
  }

  /** Changes a flag on top of the last acknowledged version, which nobody else writes. */
  async changeFlag(api: Api, flag: string): Promise<void> {
    const version = this.versionOf(flag);
    const reason = randomUUID();
    const reply = await this.#command(api, 'PATCH', `/api/flags/${flag}`, { body: { defaultValue: `v${version + 1}` }, headers: { 'x-reason': reason, 'if-match': `"${version}"` } }, 200);
    const etag = reply.headers.get('etag');
    if (etag !== `"${version + 1}"`) throw new Error(`${flag}: acknowledged as ${etag} on top of version ${version}`);
    this.changes.push({ flag, reason, version: version + 1 });
  }

  /** The last acknowledged version; 0 for a flag that is not there. */
  versionOf(flag: string): number {
    return this.changes.filter((change) => change.flag === flag).length;
  }

  /** Makes an experiment. */
  async createExperiment(api: Api, body: Record<string, unknown> & { key: string }): Promise<string> {
    const reply = await this.#command<{ id: string }>(api, 'POST', '/api/experiments', { body }, 201);
    this.experiments.push({ id: reply.body.id, key: body.key });
    return reply.body.id;
  }

  async #command<T>(api: Api, method: string, path: string, sent: Sent, status: number): Promise<Reply<T>> {
    const reply = await this.acknowledged<T>(api, method, path, { ...sent, headers: { ...sent.headers, 'idempotency-key': randomUUID() } });
    if (reply.status !== status) throw new Unexpected(reply, `${method} ${path}`);
    return reply;
  }

  /** Sends events until they are accepted, all of them, and notes what they say of their subjects. */
  async sendEvents(api: Api, events: readonly OutgoingEvent[]): Promise<void> {
    const reply = await this.acknowledged<{ accepted: number; rejected: object[] }>(api, 'POST', '/v1/events', { body: { events } });
    if (reply.status !== 202 || reply.body.accepted !== events.length) throw new Unexpected(reply, 'POST /v1/events');
    for (const event of events) this.#note(event);
    this.counts.events += events.length;
  }

  /** Sends again what was accepted before: it must not count again. */
  async repeatEvents(api: Api, events: readonly OutgoingEvent[]): Promise<void> {
    await this.acknowledged(api, 'POST', '/v1/events', { body: { events } });
    this.counts.repeats += events.length;
  }

  #note(event: OutgoingEvent): void {
    const known = this.subjects.get(event.targetingKey) ?? { variant: '', exposed: false, done: false, km: [] };
    this.subjects.set(event.targetingKey, known);
    if (event.type === 'exposure') Object.assign(known, { exposed: true, variant: event.variant });
    else if (event.metric === KM) known.km.push(event.value ?? 0);
    else known.done = true;
  }
}

/** The mean metric of the experiments under load, and their conversion metric. */
export const KM = 'trip_km';
export const DONE = 'trip_done';

/** An event as `/v1/events` takes it. */
export type OutgoingEvent = { id: string; targetingKey: string; occurredAt: string } & (
  | { type: 'exposure'; experimentId: string; variant: string }
  | { type: 'conversion'; metric: string; value?: number });
