/** What a client tells its owner. */
export type Notices = {
  /** Flags may evaluate differently from now on. */
  change: (keys: readonly string[]) => void;
  /** The rules are those of the server. */
  ready: () => void;
  /** The server is out of reach; the last known rules are served. */
  stale: () => void;
  /** Something went wrong that does not stop evaluation: the server stays away, the key is refused, events were lost. */
  error: (error: Error) => void;
};

/** Listeners by what they wait for. A listener that throws harms nobody else. */
export class Notifications {
  /** For those who start to listen after something has gone wrong. */
  lastError: Error | undefined = undefined;
  private readonly listeners: { readonly [Name in keyof Notices]: Set<Notices[Name]> } = { change: new Set(), ready: new Set(), stale: new Set(), error: new Set() };

  /** @returns how to stop listening */
  on<Name extends keyof Notices>(name: Name, listener: Notices[Name]): () => void {
    this.listeners[name]?.add(listener);
    return () => void this.listeners[name]?.delete(listener);
  }

  tell<Name extends keyof Notices>(name: Name, ...values: Parameters<Notices[Name]>): void {
    if (name === 'error') this.lastError = values[0] as Error;
    for (const listener of [...this.listeners[name]]) {
      try {
        (listener as (...given: Parameters<Notices[Name]>) => void)(...values);
      } catch (error) {
        if (name !== 'error') this.tell('error', error instanceof Error ? error : new Error(String(error)));
      }
    }
  }

  clear(): void {
    for (const listeners of Object.values(this.listeners)) listeners.clear();
  }
}
