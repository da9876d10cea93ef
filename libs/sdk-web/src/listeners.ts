import type { Rejection } from './event-queue';

/**
 * `starting`: nothing is known yet. `cached`: served from storage, not confirmed yet. `ready`: as the server answered. `stale`: the last known,
 * as the server cannot be reached or says no. Where nothing is known, `failed`: it cannot be reached or refuses the context; `denied`: it refuses
 * the key. It is asked again and again.
 */
export type Status = 'starting' | 'cached' | 'ready' | 'stale' | 'failed' | 'denied';

/** What a client tells of. */
export interface PatakaEvents {
  /** The keys whose answers are others than before. */
  change: (keys: readonly string[]) => void;
  status: (status: Status) => void;
  /** Events that the server refused, and why. */
  rejected: (rejections: readonly Rejection[]) => void;
}

/** Those who want to be told. What one of them throws is reported and stops nobody else. */
export class Listeners {
  readonly #sets: { [Event in keyof PatakaEvents]: Set<PatakaEvents[Event]> } = { change: new Set(), status: new Set(), rejected: new Set() };

  on<Event extends keyof PatakaEvents>(event: Event, listener: PatakaEvents[Event]): () => void {
    this.#sets[event].add(listener);
    return () => void this.#sets[event].delete(listener);
  }

  tell<Event extends keyof PatakaEvents>(event: Event, ...told: Parameters<PatakaEvents[Event]>): void {
    for (const listener of [...this.#sets[event]]) {
      try {
        (listener as (...args: Parameters<PatakaEvents[Event]>) => void)(...told);
      } catch (error) {
        console.error(error);
      }
    }
  }
}
