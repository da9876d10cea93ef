/** A configuration as text, and the position it stands for. */
export interface Snapshot { position: number; body: string }

/**
 * The port to the shared configuration cache. It is only ever a short cut: a cache that is away, slow, empty or corrupted answers null and
 * false, within a second, and never throws.
 */
export abstract class SnapshotCache {
  /** The newest snapshot put under a name; null where there is none that can be trusted. */
  abstract get(name: string): Promise<Snapshot | null>;
  /** Keeps a snapshot if its position is higher than what is there; false when it was not kept. */
  abstract put(name: string, snapshot: Snapshot): Promise<boolean>;
  /** Whether it answered last time. */
  abstract healthy(): boolean;
  abstract close(): Promise<void>;
}

/** No cache: the process is the cache. */
export class NoSnapshotCache extends SnapshotCache {
  get(): Promise<null> {
    return Promise.resolve(null);
  }
  put(): Promise<boolean> {
    return Promise.resolve(false);
  }
  healthy(): boolean {
    return true;
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}
