import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import type { HostPort } from './config';
import type { Logger } from './logging';
import { SnapshotCache, type Snapshot } from './snapshot-cache';

/** Where Redis is; with `clusterNodes` it is a cluster, and `url` lends its user, password and TLS. */
export interface RedisSnapshotCacheOptions {
  url?: string;
  clusterNodes?: readonly HostPort[];
  /** Longest a look-up takes, connecting included. */
  timeoutMs?: number;
  logger?: Logger;
}

const TIMEOUT_MS = 1_000;
const MAX_RECONNECT_MS = 5_000;

/**
 * Keeps a snapshot unless one of the same or a higher position is there and whole. One that is damaged (its sum does not fit, it is no hash, its
 * position is no number) never stands in the way of a good one.
 */
const PUT = `
local key, position, body, sum = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
local kind = redis.call('TYPE', key).ok
if kind == 'hash' then
  local old = redis.call('HMGET', key, 'position', 'body', 'sum')
  local whole = old[1] and old[2] and old[3] and redis.sha1hex(old[1] .. ':' .. old[2]) == old[3]
  if whole and tonumber(old[1]) and tonumber(old[1]) >= tonumber(position) then return 0 end
elseif kind ~= 'none' then
  redis.call('DEL', key)
end
redis.call('HSET', key, 'position', position, 'body', body, 'sum', sum)
return 1`;

// Integrity, not secrecy: Redis computes no other sum in a script.
const sumOf = (position: string, body: string): string => createHash('sha1').update(`${position}:${body}`).digest('hex');

// The tag keeps whatever belongs to one name in one slot of a cluster.
const keyOf = (name: string): string => `{pataka:${encodeURIComponent(name)}}:snapshot`;

const reconnectAfter = (times: number): number => Math.random() * Math.min(MAX_RECONNECT_MS, 100 * 2 ** Math.min(times, 10));

const connectionOptions = (timeoutMs: number): RedisOptions => ({
  lazyConnect: true, connectTimeout: timeoutMs, commandTimeout: timeoutMs, keepAlive: 10_000, retryStrategy: reconnectAfter,
  // Whatever waits for a Redis that does not answer holds a whole snapshot: nothing is queued, and a mute connection is cut.
  enableOfflineQueue: false, autoResendUnfulfilledCommands: false, maxRetriesPerRequest: 0, socketTimeout: 2 * timeoutMs,
});

const credentialsOf = (url: string | undefined): RedisOptions => {
  if (url === undefined) return {};
  const { protocol, username, password } = new URL(url);
  return {
    ...(username === '' ? {} : { username: decodeURIComponent(username) }), ...(password === '' ? {} : { password: decodeURIComponent(password) }),
    ...(protocol === 'rediss:' ? { tls: {} } : {}),
  };
};

const connect = (options: RedisSnapshotCacheOptions, timeoutMs: number): Redis | Cluster => {
  const common = connectionOptions(timeoutMs);
  if (options.clusterNodes === undefined) return new Redis(options.url ?? '', common);
  return new Cluster([...options.clusterNodes], {
    lazyConnect: true, enableOfflineQueue: false, clusterRetryStrategy: reconnectAfter, slotsRefreshTimeout: timeoutMs,
    redisOptions: { ...common, ...credentialsOf(options.url) },
  });
};

/** Snapshots in Redis, one server or a cluster: one hash a name, compared and set by a script. */
export class RedisSnapshotCache extends SnapshotCache {
  private readonly client: Redis | Cluster;
  private readonly timeoutMs: number;
  /** Settles within the limit, when the first attempt to connect has come to anything; from then on a Redis that is away is told at once. */
  private readonly tried: Promise<void>;
  private lastAnswered = true;

  constructor(private readonly options: RedisSnapshotCacheOptions) {
    super();
    this.timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    this.client = connect(options, this.timeoutMs);
    this.client.on('error', (error: Error) => this.note(false, error));
    this.client.on('ready', () => this.note(true));
    const connected = this.client.connect().catch((error: unknown) => this.note(false, error));
    this.tried = Promise.race([connected, sleep(this.timeoutMs, undefined, { ref: false })]);
  }

  async get(name: string): Promise<Snapshot | null> {
    const answer = await this.attempt(() => this.client.hmget(keyOf(name), 'position', 'body', 'sum'));
    const [position, body, sum] = answer ?? [];
    if (typeof position !== 'string' || typeof body !== 'string' || sumOf(position, body) !== sum) return null;
    const place = Number(position);
    return Number.isSafeInteger(place) && place >= 0 ? { position: place, body } : null;
  }

  async put(name: string, { position, body }: Snapshot): Promise<boolean> {
    const place = String(position);
    return (await this.attempt(() => this.client.eval(PUT, 1, keyOf(name), place, body, sumOf(place, body)))) === 1;
  }

  healthy(): boolean {
    return this.client.status === 'ready' && this.lastAnswered;
  }

  close(): Promise<void> {
    this.client.disconnect();
    return Promise.resolve();
  }

  /** What Redis answers, or null, always within the limit. */
  private async attempt<Answer>(ask: () => Promise<Answer>): Promise<Answer | null> {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`Redis did not answer within ${this.timeoutMs} ms`)), this.timeoutMs);
    });
    try {
      const answer = await Promise.race([this.tried.then(ask), limit]);
      this.note(true);
      return answer;
    } catch (error) {
      this.note(false, error);
      return null;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Says once that Redis is away, and once that it is back. */
  private note(answered: boolean, error?: unknown): void {
    if (answered !== this.lastAnswered) {
      if (answered) this.options.logger?.info('Redis answers again');
      else this.options.logger?.warn({ err: error }, 'Redis does not answer: going on without it');
    }
    this.lastAnswered = answered;
  }
}
