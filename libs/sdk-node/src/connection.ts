import type { Ruleset } from '@pataka/evaluation';
import { join } from 'node:path';
import { atExit } from './at-exit';
import { Contact, type ContactStatus } from './contact';
import { Delivery, type DeliveryStats } from './delivery';
import { EventSpool } from './event-spool';
import { Follower } from './follower';
import type { Notifications } from './notifications';
import { Outbox } from './outbox';
import { readBootstrap, RulesetFiles, type KnownRuleset } from './ruleset-files';
import { Rules } from './rules';
import { Server } from './server';

/** How a client connects. Only `url` and `key` are needed. */
export type ConnectionOptions = {
  /** Where Pataka is, `https://flags.example.com`. */
  readonly url: string;
  /** A server key; it decides the environment. */
  readonly key: string;
  /** Where the last known rules and events not yet delivered are kept over restarts. Absent: in memory alone. One directory per host or container. */
  readonly directory?: string | undefined;
  /** Rules to begin with where no newer ones are known: a ruleset, or a file with what `GET /v1/ruleset` answered. */
  readonly bootstrap?: string | Ruleset | undefined;
  /** Never touch the network: serve what `directory` and `bootstrap` have, and keep events for later. Default false. */
  readonly offline?: boolean | undefined;
  /** Follow changes as they are made; else by polling alone. Default true. */
  readonly streaming?: boolean | undefined;
  /** Between polls, where there is no stream. Default 30 s. */
  readonly pollIntervalMs?: number | undefined;
  /** For each request, and for the first rules. Default 5 s. */
  readonly timeoutMs?: number | undefined;
  /** How long the server may be away before that is an `error`. Default 5 s. */
  readonly graceMs?: number | undefined;
  /** Between batches of events. Default 1 s. */
  readonly flushIntervalMs?: number | undefined;
  /** Events that wait at most; beyond, the oldest is dropped. Default 10,000. */
  readonly maxQueuedEvents?: number | undefined;
};

const DEFAULTS = { pollIntervalMs: 30_000, timeoutMs: 5_000, graceMs: 5_000, flushIntervalMs: 1_000, maxQueuedEvents: 10_000 };

type Settings = ConnectionOptions & typeof DEFAULTS;

const settingsOf = (options: ConnectionOptions): Settings => {
  const settings: Settings = { ...options, ...DEFAULTS };
  for (const name of Object.keys(DEFAULTS) as (keyof typeof DEFAULTS)[]) {
    const given = options[name];
    if (given === undefined) continue;
    if (!Number.isFinite(given) || given <= 0) throw new TypeError(`${name} is no positive number`);
    settings[name] = given;
  }
  if (options.offline === true) return settings;
  if (!/^https?:\/\//.test(options.url)) throw new TypeError('url does not begin with http:// or https://');
  if (typeof options.key !== 'string' || options.key === '') throw new TypeError('key is missing');
  return settings;
};

/** What a connected client has beside its evaluations: the rules kept current, and events on their way. */
export class Connection {
  readonly outbox: Outbox;
  readonly rules: Rules;
  /** Called before what is queued is sent on demand, or left behind: what else there is to tell is queued now. */
  beforeFlush: () => void = () => undefined;
  private readonly contact: Contact;
  private readonly server: Server | undefined;
  private readonly settings: Settings;
  private readonly ended = new AbortController();
  private follower: Follower | undefined;
  private delivery: Delivery | undefined;
  private hasSaidFarewell = false;
  private forget: () => void = () => undefined;

  /** @throws TypeError for options that can't be meant */
  constructor(options: ConnectionOptions, private readonly notifications: Notifications) {
    const settings = settingsOf(options);
    this.settings = settings;
    this.server = settings.offline === true ? undefined : new Server(settings.url, settings.key, settings.timeoutMs);
    const files = settings.directory === undefined ? undefined : new RulesetFiles(settings.directory, settings.url ?? '', settings.key ?? '');
    this.outbox = new Outbox(settings.maxQueuedEvents);
    this.rules = new Rules(files, this.server, notifications);
    this.contact = new Contact(notifications, settings.graceMs);
  }

  get status(): ContactStatus {
    return this.contact.status;
  }

  get stats(): DeliveryStats {
    return this.delivery?.stats ?? { queued: this.outbox.queue.size, accepted: 0, rejected: 0, dropped: this.outbox.queue.dropped };
  }

  /** Resolves with rules, or once waiting longer makes no sense. Never rejects. */
  async open(): Promise<void> {
    const { settings, server, notifications } = this;
    const [spool] = await Promise.all([this.openSpool(), this.rules.restore(() => this.bootstrap(), this.ended.signal)]);
    this.delivery = new Delivery(server, this.outbox, spool, notifications, settings.flushIntervalMs);
    this.forget = atExit({ beforeExit: () => this.flushBeforeExit(), exit: () => this.writeNow() });
    if (server === undefined) return this.contact.made();
    notifications.on('ready', () => this.delivery?.hurry());
    const { streaming = true, pollIntervalMs } = settings;
    this.follower = new Follower(server, this.rules, this.contact, { streaming, pollIntervalMs });
    await this.firstRules(this.follower.start());
  }

  /** Sends what is queued; resolves when it is delivered or the timeout is over, with whether it is. */
  async flush(): Promise<boolean> {
    this.beforeFlush();
    return this.delivery === undefined || this.stats.queued === 0 ? true : this.delivery.flush(this.settings.timeoutMs);
  }

  async close(): Promise<void> {
    this.forget();
    await this.flush();
    this.ended.abort();
    await Promise.all([this.follower?.close(), this.delivery?.close()]);
    await this.rules.close();
  }

  /** This timer holds the process: who waits for a client wants it. */
  private async firstRules(started: Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([started, new Promise<void>((over) => { timer = setTimeout(over, this.settings.timeoutMs); })]);
    clearTimeout(timer);
  }

  /** Once: a server that stays away must not keep the process from ending. */
  private flushBeforeExit(): void {
    if (this.hasSaidFarewell) return;
    this.hasSaidFarewell = true;
    void this.flush();
  }

  private writeNow(): void {
    this.beforeFlush();
    this.delivery?.writeNow();
  }

  private async bootstrap(): Promise<KnownRuleset | undefined> {
    const { bootstrap } = this.settings;
    return typeof bootstrap === 'string' ? readBootstrap(bootstrap) : bootstrap === undefined ? undefined : { ruleset: bootstrap };
  }

  /** A directory that can't be used costs the events' survival, not the events. */
  private async openSpool(): Promise<EventSpool | undefined> {
    if (this.settings.directory === undefined) return undefined;
    const { queue, sessionId } = this.outbox;
    const tell = (error: Error): void => this.notifications.tell('error', error);
    const spool = new EventSpool(join(this.settings.directory, 'events'), sessionId, () => ({ events: queue.peek(queue.size), first: queue.first }), tell);
    try {
      await spool.open((event) => this.outbox.adopt(event));
      return spool;
    } catch (error) {
      tell(error as Error);
      return undefined;
    }
  }
}
