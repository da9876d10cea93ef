/** Key of a partition in maps. */
export const slotOf = (topicId: number, partition: number): string => `${topicId}:${partition}`;

/** How far each partition has been written, as far as known; readers wait here for more. */
export class PartitionHeads {
  private readonly heads = new Map<string, bigint>();
  private readonly waiting = new Map<string, Set<() => void>>();

  get(slot: string): bigint {
    return this.heads.get(slot) ?? 0n;
  }

  /** News of a partition; older than what is known, it changes nothing. */
  set(slot: string, head: bigint): void {
    if (head <= this.get(slot)) return;
    this.heads.set(slot, head);
    const waiting = this.waiting.get(slot);
    this.waiting.delete(slot);
    for (const wake of waiting ?? []) wake();
  }

  /** Takes the payload of a notification, `topic:partition:head,…`. */
  take(payload: string): void {
    for (const entry of payload.split(',')) {
      const [topicId, partition, head] = entry.split(':');
      if (head !== undefined) this.set(`${topicId}:${partition}`, BigInt(head));
    }
  }

  /** Resolves when the partition has grown beyond `position`, or on abort. */
  async grown(slot: string, position: bigint, signal: AbortSignal): Promise<void> {
    if (this.get(slot) > position || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const waiting = this.waiting.get(slot) ?? new Set();
      this.waiting.set(slot, waiting);
      const done = (): void => {
        signal.removeEventListener('abort', done);
        waiting.delete(done);
        resolve();
      };
      waiting.add(done);
      signal.addEventListener('abort', done);
    });
  }
}
