import type { WebhookAttempt, WebhookDelivery } from '@pataka/contracts';
import type { Claimed, DeliveryStore } from './delivery-store';
import type { WebhookSender } from './webhook-sender';
import { signedHeaders } from './webhook-signature';
import type { WebhookTargets } from './webhook-targets';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** Between eight tries: all of them within 24 hours. */
const WAITS_MS = [5 * SECOND, 30 * SECOND, 3 * MINUTE, 20 * MINUTE, 90 * MINUTE, 6 * HOUR, 16 * HOUR] as const;
export const MOST_TRIES = WAITS_MS.length + 1;

export const OUTCOMES = ['delivered', 'retried', 'failed'] as const;
export type Outcome = (typeof OUTCOMES)[number];
export interface DeliveryWorkerParts {
  store: DeliveryStore; targets: WebhookTargets; sender: WebhookSender;
  now: () => string;
  onOutcome?: (outcome: Outcome) => void;
  onError: (error: Error) => void;
}

const LOOK_MS = 1_000;
const LEASE_MS = MINUTE;
const MOST_AT_ONCE = 16;
const EACH_AT_ONCE = 2;
const PRUNE_MS = HOUR;

const later = (now: string, ms: number): string => new Date(Date.parse(now) + ms).toISOString();
export const isDelivered = ({ status }: WebhookAttempt): boolean => status !== null && status >= 200 && status < 300;

/** What becomes of a message after a try, and when the next one is due. */
export const outcomeOf = (attempt: WebhookAttempt, tries: number, now: string): { outcome: Outcome; status: WebhookDelivery['status']; nextAt: string | null } => {
  if (isDelivered(attempt)) return { outcome: 'delivered', status: 'delivered', nextAt: null };
  const wait = WAITS_MS[tries - 1];
  return wait === undefined ? { outcome: 'failed', status: 'failed', nextAt: null } : { outcome: 'retried', status: 'waiting', nextAt: later(now, wait) };
};

/**
 * Delivers what is due, at least once: a message is taken by a lease, sent outside of any transaction, and then noted. Any number of processes
 * may do it side by side. A message has one id over all its tries, by which receivers know what they have had.
 */
export class DeliveryWorker {
  private readonly underWay = new Map<string, number>();
  private readonly sending = new Set<Promise<void>>();
  private timer: NodeJS.Timeout | null = null;
  private looking: Promise<void> = Promise.resolve();
  private stopped = true;
  private prunedAt = 0;

  constructor(private readonly parts: DeliveryWorkerParts) {}

  start(): void {
    this.stopped = false;
    this.schedule(LOOK_MS);
  }

  /** Waits for what is being sent. */
  async stop(): Promise<void> {
    this.stopped = true;
    if (this.timer !== null) clearTimeout(this.timer);
    await this.looking;
    await Promise.all(this.sending);
  }

  /** There may be something due. */
  wake(): void {
    if (!this.stopped) this.schedule(0);
  }

  /** Takes what is due and sends it; resolves with how many once all of that is noted. */
  async drain(): Promise<number> {
    const taken = await this.take();
    await Promise.all(this.sending);
    return taken;
  }

  private schedule(ms: number): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.looking = this.looking.then(() => this.look()).finally(() => {
        if (!this.stopped) this.schedule(LOOK_MS);
      });
    }, ms);
    this.timer.unref();
  }

  private async look(): Promise<void> {
    try {
      while (!this.stopped && (await this.take()) > 0);
      if (performance.now() - this.prunedAt < PRUNE_MS && this.prunedAt > 0) return;
      this.prunedAt = performance.now();
      await this.parts.store.prune(this.parts.now());
    } catch (error) {
      this.parts.onError(error as Error);
    }
  }

  private async take(): Promise<number> {
    const most = MOST_AT_ONCE - this.sending.size;
    if (most <= 0) return 0;
    const now = this.parts.now();
    const busy = [...this.underWay].filter(([, count]) => count >= EACH_AT_ONCE).map(([webhook]) => webhook);
    const claimed = await this.parts.store.claim(now, later(now, LEASE_MS), { most, each: EACH_AT_ONCE, busy });
    for (const one of claimed) this.begin(one);
    return claimed.length;
  }

  private begin(claimed: Claimed): void {
    const { webhookId } = claimed;
    this.underWay.set(webhookId, (this.underWay.get(webhookId) ?? 0) + 1);
    const sent = this.deliver(claimed).catch((error: Error) => this.parts.onError(error)).finally(() => {
      this.sending.delete(sent);
      const left = (this.underWay.get(webhookId) ?? 1) - 1;
      if (left === 0) this.underWay.delete(webhookId);
      else this.underWay.set(webhookId, left);
      // More of the same receiver may have waited for this.
      this.wake();
    });
    this.sending.add(sent);
  }

  private async deliver({ id, webhookId, tries, body }: Claimed): Promise<void> {
    const { store, targets, sender, now, onOutcome } = this.parts;
    const at = now();
    const target = await targets.of(webhookId, at);
    // Removed between taking and sending: what is left of it is pruned.
    if (target === null) return;
    const attempt = await sender.send({ url: target.url, body, headers: signedHeaders(id, Math.floor(Date.parse(at) / SECOND), body, target.secrets) }, at);
    const { outcome, status, nextAt } = outcomeOf(attempt, tries, now());
    await store.note(id, attempt, { status, nextAt });
    onOutcome?.(outcome);
  }
}
