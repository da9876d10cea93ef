import { setTimeout as sleep } from 'node:timers/promises';

interface Persistence { signal: AbortSignal; onError: (error: Error) => void }

const RETRY_MS = 2_000;

const attempt = async (work: () => Promise<void>, { signal, onError }: Persistence): Promise<boolean> => {
  try {
    await work();
    return true;
  } catch (error) {
    if (!signal.aborted) onError(error as Error);
    return false;
  }
};

const goOn = async (work: () => Promise<void>, persistence: Persistence): Promise<void> => {
  do await sleep(RETRY_MS, undefined, { signal: persistence.signal }).catch(() => undefined);
  while (!persistence.signal.aborted && !(await attempt(work, persistence)));
};

/** Tries once and resolves; where that has failed it goes on behind, until the work is done or called off. */
export const keepTrying = async (work: () => Promise<void>, persistence: Persistence): Promise<void> => {
  if (!(await attempt(work, persistence))) void goOn(work, persistence);
};
