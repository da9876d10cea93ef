import { setTimeout as sleep } from 'node:timers/promises';
import { HttpError, InfluxDB, Point as InfluxPoint, setLogger, type WriteApi } from '@influxdata/influxdb-client';
import type { InfluxConfig } from './config';
import type { Logger } from './logging';
import { Counter, type Registry } from './metrics';
import { TimeSeries, type Point } from './time-series';

/** Where InfluxDB is, and how much may wait for it. */
export interface InfluxTimeSeriesOptions extends InfluxConfig {
  logger?: Logger;
  metrics?: Registry;
  /** Bytes of points that wait at most; beyond, the oldest go. Default 64 MB. */
  maxQueuedBytes?: number;
  /** First pause after a failure; doubles up to 30 s. Default 200 ms. */
  firstPauseMs?: number;
}

const BATCH_LINES = 5_000;
const MAX_QUEUED_BYTES = 64 * 1024 * 1024;
const MAX_PAUSE_MS = 30_000;
const REQUEST_MS = 5_000;
const CLOSE_MS = 5_000;

/** Line protocol escapes with backslashes but cannot escape one in a name or tag: there it would swallow what ends the value. */
// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const plain = (text: string): string => text.replaceAll('\\', '/').replace(/[\u0000-\u001f\u007f]/g, ' ').trim();

/** A point in line protocol (milliseconds); null for one that has nothing to say. Numbers are always floats: a field keeps its first type for ever. */
export const lineOf = (point: Point): string | null => {
  const made = new InfluxPoint(plain(point.measurement)).timestamp(point.at);
  for (const [name, value] of Object.entries(point.tags)) if (plain(name) !== '' && plain(value) !== '') made.tag(plain(name), plain(value));
  for (const [name, value] of Object.entries(point.fields)) {
    if (typeof value === 'string') made.stringField(plain(name), value);
    else if (typeof value === 'boolean') made.booleanField(plain(name), value);
    else if (Number.isFinite(value)) made.floatField(plain(name), value);
  }
  return made.toLineProtocol({ convertTime: (at) => String(Math.floor(Number(at))) }) ?? null;
};

/** The server has understood, and will say the same to the same points again. Wrong credentials or a missing bucket can be mended meanwhile. */
const isFinal = (error: unknown): boolean => error instanceof HttpError && [400, 413, 422].includes(error.statusCode);

/**
 * InfluxDB as a sink for dashboards: points wait in bounded memory and are written batch after batch, in order, each tried until InfluxDB takes
 * it. A batch written twice is stored once. What still waits when the process dies is lost: the truth is in PostgreSQL.
 */
export class InfluxTimeSeries extends TimeSeries {
  private readonly api: WriteApi;
  private readonly closed = new AbortController();
  private readonly points: Counter<'outcome'> | undefined;
  private queue: string[] = [];
  private queuedBytes = 0;
  private running: Promise<void> | undefined;
  private failing = false;

  constructor(private readonly options: InfluxTimeSeriesOptions) {
    super();
    // The client's own log goes to the console and quotes what it could not write; failures are told by us, once.
    setLogger({ error: () => undefined, warn: () => undefined });
    const client = new InfluxDB({ url: options.url, token: options.token, timeout: REQUEST_MS });
    // flush() waits only for what it sends itself: the client must never send by itself, neither by number, size, time nor as a retry.
    this.api = client.getWriteApi(options.org, options.bucket, 'ms', {
      batchSize: BATCH_LINES * 2, maxBatchBytes: Number.MAX_SAFE_INTEGER, flushInterval: 0, maxRetries: 0, maxBufferLines: 0,
    });
    if (options.metrics !== undefined) {
      this.points = new Counter({ name: 'pataka_time_series_points_total', help: 'Points for InfluxDB by what became of them', labelNames: ['outcome'], registers: [options.metrics] });
    }
  }

  write(points: readonly Point[]): Promise<void> {
    if (this.closed.signal.aborted) return Promise.resolve();
    for (const point of points) {
      const line = lineOf(point);
      if (line === null) continue;
      this.queue.push(line);
      this.queuedBytes += line.length;
    }
    this.dropOldest();
    this.run();
    return Promise.resolve();
  }

  async flush(limitMs = CLOSE_MS): Promise<boolean> {
    const limit = new AbortController();
    await Promise.race([this.running, sleep(limitMs, undefined, { signal: limit.signal }).catch(() => undefined)]);
    limit.abort();
    return this.running === undefined;
  }

  healthy(): boolean {
    return !this.failing;
  }

  async close(): Promise<void> {
    if (!(await this.flush(CLOSE_MS))) this.count('dropped', this.queue.length);
    this.closed.abort();
    this.api.dispose();
  }

  private dropOldest(): void {
    const limit = this.options.maxQueuedBytes ?? MAX_QUEUED_BYTES;
    if (this.queuedBytes <= limit) return;
    // A tenth more than needed, so that a full queue is not moved for each point.
    let dropped = 0;
    while (this.queuedBytes > limit * 0.9 && dropped < this.queue.length) this.queuedBytes -= this.queue[dropped++]!.length;
    this.queue = this.queue.slice(dropped);
    this.count('dropped', dropped);
  }

  private run(): void {
    if (this.queue.length === 0) return;
    this.running ??= this.drain().finally(() => {
      this.running = undefined;
      if (!this.closed.signal.aborted) this.run();
    });
  }

  private async drain(): Promise<void> {
    while (this.queue.length > 0 && !this.closed.signal.aborted) {
      const batch = this.queue.slice(0, BATCH_LINES);
      this.queue = this.queue.slice(BATCH_LINES);
      for (const line of batch) this.queuedBytes -= line.length;
      await this.deliver(batch);
    }
  }

  private async deliver(batch: readonly string[]): Promise<void> {
    for (let pauseMs = this.options.firstPauseMs ?? 200; !this.closed.signal.aborted; pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS)) {
      try {
        this.api.writeRecords([...batch]);
        await this.api.flush();
        this.note(false);
        return this.count('written', batch.length);
      } catch (error) {
        if (isFinal(error)) return this.refuse(batch.length, error);
        this.note(true, error);
        await sleep(pauseMs * (0.5 + Math.random() / 2), undefined, { signal: this.closed.signal, ref: false }).catch(() => undefined);
      }
    }
    this.count('dropped', batch.length);
  }

  private refuse(lines: number, error: unknown): void {
    this.note(false);
    this.count('refused', lines);
    this.options.logger?.error({ err: error, lines }, 'InfluxDB refuses points');
  }

  private note(failing: boolean, error?: unknown): void {
    if (failing !== this.failing) {
      if (failing) this.options.logger?.warn({ err: error }, 'InfluxDB does not take points: they wait');
      else this.options.logger?.info('InfluxDB takes points again');
    }
    this.failing = failing;
  }

  private count(outcome: 'written' | 'dropped' | 'refused', lines: number): void {
    this.points?.inc({ outcome }, lines);
  }
}
