import type { Subject } from './evidence.fold';
import type { Micros } from './instant';

/** The newest instant covered, by experiment and shard. */
export interface Covered { experiment: string; shard: number; newest: Micros }

export class CoverageTrack {
  private readonly newest = new Map<string, Covered>();

  note({ experiment, shard }: Pick<Subject, 'experiment' | 'shard'>, at: Micros): void {
    const key = `${shard}\u0001${experiment}`;
    const held = this.newest.get(key);
    if (held === undefined) this.newest.set(key, { experiment, shard, newest: at });
    else if (held.newest < at) held.newest = at;
  }

  of({ experiment, shard }: Pick<Subject, 'experiment' | 'shard'>): Micros | null {
    return this.newest.get(`${shard}\u0001${experiment}`)?.newest ?? null;
  }

  /** In one order for all writers. */
  all(): Covered[] {
    return [...this.newest.values()].sort((a, b) => (a.experiment < b.experiment ? -1 : a.experiment > b.experiment ? 1 : a.shard - b.shard));
  }
}
