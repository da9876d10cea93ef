import { Client } from 'pg';
import { quoted } from './database-rows';

type OnNotify = (payload: string) => void;

const HEARTBEAT_MS = 15_000;
const RETRY_MS = { first: 100, most: 5_000 };

/**
 * One connection of its own that listens on any number of channels, for as long as anyone does. When it breaks it comes back by itself and
 * then calls every listener with '', since notifications in between are lost.
 */
export class DatabaseListener {
  private readonly channels = new Map<string, Set<OnNotify>>();
  private client: Client | null = null;
  private connecting: Promise<void> | null = null;
  private timer: NodeJS.Timeout | undefined;
  private failures = 0;
  private closed = false;

  constructor(private readonly url: string, private readonly name: string) {}

  /** Resolves once it listens, or has found that the database is away (then it keeps trying). */
  async listen(channel: string, onNotify: OnNotify): Promise<() => Promise<void>> {
    const listeners = this.channels.get(channel) ?? new Set();
    this.channels.set(channel, listeners.add(onNotify));
    if (this.client === null) await this.connect();
    else if (listeners.size === 1) await this.client.query(`LISTEN ${quoted(channel)}`).catch(() => this.lose());
    return async () => {
      listeners.delete(onNotify);
      if (listeners.size > 0 || this.channels.get(channel) !== listeners) return;
      this.channels.delete(channel);
      await this.client?.query(`UNLISTEN ${quoted(channel)}`).catch(() => this.lose());
    };
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    this.channels.clear();
    await this.connecting;
    const client = this.client;
    this.client = null;
    await client?.end().catch(() => undefined);
  }

  private connect(): Promise<void> {
    clearTimeout(this.timer);
    this.connecting ??= this.open().finally(() => (this.connecting = null));
    return this.connecting;
  }

  private async open(): Promise<void> {
    const client = new Client({ connectionString: this.url, application_name: `${this.name} listener`, connectionTimeoutMillis: 5_000, query_timeout: 5_000, keepAlive: true });
    const again = this.failures > 0;
    const heard = new Set<string>();
    client.on('error', () => this.lose(client));
    client.on('end', () => this.lose(client));
    client.on('notification', ({ channel, payload }) => this.tell(channel, payload ?? ''));
    try {
      await client.connect();
      // Channels may be added while this goes on.
      for (const channel of this.channels.keys()) {
        if (!heard.has(channel)) await client.query(`LISTEN ${quoted(channel)}`);
        heard.add(channel);
      }
    } catch {
      client.end().catch(() => undefined);
      this.retryLater();
      return;
    }
    this.client = client;
    this.failures = 0;
    this.beat();
    if (again) for (const channel of this.channels.keys()) this.tell(channel, '');
  }

  /** A half-open connection is silent; only a question shows that nobody is there. */
  private beat(): void {
    if (this.closed) return;
    this.timer = setTimeout(() => {
      const client = this.client;
      client?.query('SELECT 1').then(() => this.beat(), () => this.lose(client));
    }, HEARTBEAT_MS).unref();
  }

  private lose(client = this.client): void {
    if (client === null || client !== this.client) return;
    this.client = null;
    client.end().catch(() => undefined);
    this.retryLater();
  }

  private retryLater(): void {
    if (this.closed) return;
    const limit = Math.min(RETRY_MS.most, RETRY_MS.first * 2 ** this.failures);
    this.failures += 1;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.connect(), limit * (0.5 + Math.random() / 2)).unref();
  }

  private tell(channel: string, payload: string): void {
    for (const onNotify of this.channels.get(channel) ?? []) onNotify(payload);
  }
}
