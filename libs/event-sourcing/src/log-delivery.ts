import type { RecordBatch, Subscription } from './event-log';
import { asError, Backoff, pause } from './log-backoff';

/** How a batch ended: taken, so go on at `next`; or given up because reading ends. */
export type Delivered = { next: bigint } | 'stopped';

/**
 * Hands a batch to the subscriber until it takes effect: a rejection is retried from the same place, with back-off. A batch under way
 * when `signal` aborts is waited for.
 */
export const deliver = async (subscription: Subscription, batch: RecordBatch, backoff: Backoff, signal: AbortSignal): Promise<Delivered> => {
  for (;;) {
    if (signal.aborted) return 'stopped';
    try {
      const outcome = await subscription.onBatch(batch);
      backoff.reset();
      subscription.onState?.('reading');
      return { next: BigInt(outcome ? outcome.seek : batch.nextOffset) };
    } catch (error) {
      subscription.onState?.('failing', asError(error));
      await pause(backoff.next(), signal);
    }
  }
};

/** Records per batch when a subscription does not say. */
export const DEFAULT_MAX_RECORDS = 5_000;
