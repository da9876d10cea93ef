import { setTimeout as sleep } from 'node:timers/promises';

interface Persistence { signal: AbortSignal; onError: (error: Error) => void; waitFirstMs?: number }

const RETRY_MS = 2_000;

const persist = async (work: () => Promise<void>, { signal, onError }: Persistence): Promise<void> => {
  while (!signal.aborted) {
    try {
      await work();
      return;
    } catch (error) {
      if (signal.aborted) return;
      onError(error as Error);
      await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }
};

/** Repeats the work until it is done or called off. Resolves then, or after `waitFirstMs` while it goes on behind. */
export const untilDone = async (work: () => Promise<void>, persistence: Persistence): Promise<void> => {
  const done = persist(work, persistence);
  if (persistence.waitFirstMs === undefined) return done;
  const waited = new AbortController();
  await Promise.race([done, sleep(persistence.waitFirstMs, undefined, { signal: waited.signal }).catch(() => undefined)]);
  waited.abort();
};
