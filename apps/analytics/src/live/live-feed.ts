import { DomainError } from '@pataka/contracts';
import { decodeBatch, type Consumption, type EventLog, type RecordBatch } from '@pataka/event-sourcing';
import { hotRoute, type AccessDirectory, type HotRequest, type HotRoute } from '@pataka/platform';
import type { ServerResponse } from 'node:http';
import { LiveClient } from './live-client';
import { filterOf, liveEventOf, liveTopics, typeOfTopic } from './live-event';

interface Parts { log: EventLog; access: AccessDirectory; now: () => number; onError: (error: Error) => void }

const HEADERS = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', 'x-accel-buffering': 'no' };
const MAX_CLIENTS = 200;
const TICK_MS = 1_000;
const BEAT_TICKS = 15;
// Then the browser comes again, with whatever session it has by then.
const LONGEST_MS = 30 * 60 * 1000;
const LINGER_MS = 30_000;
// Frequent topics are read by the sample: so many records of each a second are looked into, whatever there is.
const RECORDS_A_SECOND = 100;

/** How many records of one second were looked into, and how many not. */
class Looked {
  private read = 0;
  private unread = 0;

  /** The newest records that may still be looked into; those stand for all. */
  sample(records: RecordBatch['records']): RecordBatch['records'] {
    const most = RECORDS_A_SECOND - this.read;
    const sample = most <= 0 ? [] : records.slice(-most);
    this.read += sample.length;
    this.unread += records.length - sample.length;
    return sample;
  }

  /** A second is over. */
  standFor(): number {
    const each = this.read === 0 ? 1 : (this.read + this.unread) / this.read;
    this.read = this.unread = 0;
    return each;
  }
}

/**
 * What happens, as it happens. The log is read for it from its end on, once for all listeners, and only while there are any: with nobody
 * listening it costs nothing.
 */
export class LiveFeed {
  private readonly clients = new Set<LiveClient>();
  private consumption: Promise<Consumption> | null = null;
  private lingering: NodeJS.Timeout | undefined;
  private readonly ticking: NodeJS.Timeout;
  private readonly looked = { exposure: new Looked(), conversion: new Looked() };
  private ticks = 0;
  private closed = false;

  constructor(private readonly parts: Parts) {
    this.ticking = setInterval(() => this.tick(), TICK_MS);
    this.ticking.unref();
    parts.access.onChange(() => this.dropRevoked());
  }

  get size(): number {
    return this.clients.size;
  }

  /** Whether the log is being read. */
  get reading(): boolean {
    return this.consumption !== null;
  }

  routes(): HotRoute[] {
    return [hotRoute('GET', '/api/live', (request, response) => this.open(request, response), { streams: true })];
  }

  /** Ends every stream, and opens none any more. */
  async close(): Promise<void> {
    this.closed = true;
    clearInterval(this.ticking);
    clearTimeout(this.lingering);
    for (const { response } of this.clients) response.end();
    await this.stopReading();
  }

  private async open({ query, principal }: HotRequest, response: ServerResponse): Promise<void> {
    const filter = filterOf(query);
    if ('pointer' in filter) throw new DomainError('validation', '1 fault in the request', [filter]);
    if (principal === null) throw new DomainError('unauthenticated');
    if (this.closed || this.clients.size >= MAX_CLIENTS) throw new DomainError('unavailable', 'Too many live streams here', [], { retryAfterSeconds: 5 });
    const client = new LiveClient(response, principal, this.parts.now(), filter);
    this.clients.add(client);
    response.on('close', () => this.left(client));
    await this.startReading();
    if (response.destroyed) return;
    // Such an answer ends with its connection anyway: without chunks an event is one write.
    response.useChunkedEncodingByDefault = false;
    response.writeHead(200, HEADERS);
    client.send('retry: 3000\n\nevent: open\ndata: {}\n\n');
  }

  private left(client: LiveClient): void {
    if (!this.clients.delete(client) || this.clients.size > 0) return;
    clearTimeout(this.lingering);
    // Who changes a filter comes back at once.
    this.lingering = setTimeout(() => { if (this.clients.size === 0) void this.stopReading(); }, LINGER_MS);
    this.lingering.unref();
  }

  private async startReading(): Promise<void> {
    clearTimeout(this.lingering);
    this.consumption ??= this.read();
    const reading = this.consumption;
    try {
      await reading;
    } catch (error) {
      if (this.consumption === reading) this.consumption = null;
      throw error;
    }
  }

  private async stopReading(): Promise<void> {
    const reading = this.consumption;
    this.consumption = null;
    await reading?.then((consumption) => consumption.stop()).catch(this.parts.onError);
  }

  private async read(): Promise<Consumption> {
    const { log, onError } = this.parts;
    const ends = new Map<string, string>();
    for (const topic of liveTopics) for (const { partition, high } of await log.offsets(topic)) ends.set(`${topic}/${partition}`, high);
    return log.subscribe({
      group: 'analytics-live', broadcast: true, topics: liveTopics, position: async (topic, partition) => ends.get(`${topic}/${partition}`) ?? '0',
      onBatch: async (batch) => {
        try {
          this.take(batch);
        } catch (error) {
          // Nobody waits for this again: what cannot be shown is passed over.
          onError(error as Error);
        }
      },
    });
  }

  private take(batch: RecordBatch): void {
    const type = typeOfTopic(batch.topic);
    const clients = [...this.clients].filter((client) => client.wants(type));
    if (clients.length === 0) return;
    const records = type === 'exposure' || type === 'conversion' ? this.looked[type].sample(batch.records) : batch.records;
    for (const event of decodeBatch({ ...batch, records }).events) {
      const told = liveEventOf(event);
      if (told !== null) for (const client of clients) client.take(told);
    }
  }

  private tick(): void {
    const standFor = { exposure: this.looked.exposure.standFor(), conversion: this.looked.conversion.standFor() };
    this.ticks += 1;
    const now = this.parts.now();
    const at = new Date(now).toISOString();
    for (const client of this.clients) {
      if (!client.response.headersSent) continue;
      client.tick(at, standFor);
      if (this.ticks % BEAT_TICKS === 0) client.send(':\n\n');
      if (now - client.openedAt > LONGEST_MS) client.response.end();
    }
  }

  private dropRevoked(): void {
    for (const { response, principal } of this.clients) if (!this.parts.access.stillHolds(principal)) response.end();
  }
}
