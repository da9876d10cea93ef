import type { Host } from './host';
import type { BulkAnswer, EvaluationContext } from './snapshot';

/** How to make a client. Only `url` and `clientKey` are needed. */
export interface PatakaOptions {
  /** The origin that serves Pataka, `https://flags.example.in`. */
  url: string;
  /** A client key: it belongs to one environment, sees `clientVisible` flags, and may be published. */
  clientKey: string;
  /** Who is asked about. Without a targeting key (or `user_id`) one is made and kept, unless `anonymous` is false. */
  context?: EvaluationContext;
  anonymous?: boolean;
  /** Answers that a server fetched for the first page; see `fetchBootstrap`. */
  bootstrap?: BulkAnswer;
  /** What the place it runs in offers beyond, or instead of, what a browser has. */
  host?: Host;
  /** No network at all: serves the bootstrap or the cache, keeps events for the next start. */
  offline?: boolean;
  /** Whether use of an experiment's flag is recorded; default true. */
  exposures?: boolean;
  /** How often to ask where changes cannot be streamed, default a minute; 0 never. */
  pollMs?: number;
  /** How often to ask beside a stream, for what changes with time alone (schedules, calendars); default ten minutes, 0 never. */
  refreshMs?: number;
  /** How long an event may wait for others, default 5 seconds. */
  flushMs?: number;
  /** How many unsent events are kept, default 1000; beyond, the oldest are dropped. */
  maxEvents?: number;
  /** How long an answer may take, default 10 seconds. */
  timeoutMs?: number;
}

/** Options with every number filled in. */
export const completeOptions = (options: PatakaOptions) =>
  ({ anonymous: true, offline: false, exposures: true, pollMs: 60_000, refreshMs: 600_000, flushMs: 5_000, maxEvents: 1_000, timeoutMs: 10_000, ...options, url: options.url.replace(/\/+$/, '') });

/** A context as it goes over the wire: a copy, so that nobody changes it behind a client's back. What is no JSON counts as empty. */
export const contextOf = (raw: EvaluationContext | undefined): EvaluationContext => {
  try {
    const context: unknown = JSON.parse(JSON.stringify(raw ?? {}));
    return typeof context === 'object' && context !== null && !Array.isArray(context) ? (context as EvaluationContext) : {};
  } catch {
    return {};
  }
};

/** Whether a context names nobody. A key of a wrong type is left for the server to refuse. */
export const isAnonymous = ({ targetingKey, user_id: userId }: EvaluationContext): boolean =>
  [targetingKey, userId].every((key) => key === undefined || key === null || key === '');
