/**
 * The highest position with everything up to it applied. flag-admin numbers its events over three topics, so they arrive out of
 * order between topics; `ahead` holds what came before its predecessors.
 */
export class PositionTracker {
  #settled: number;
  readonly #ahead: Set<number>;

  constructor(settled = 0, ahead: readonly number[] = []) {
    this.#settled = settled;
    this.#ahead = new Set(ahead);
  }

  get position(): number {
    return this.#settled;
  }

  get ahead(): number[] {
    return [...this.#ahead].sort((a, b) => a - b);
  }

  /** true once a position was applied, whether or not all before it were. */
  has(position: number): boolean {
    return position <= this.#settled || this.#ahead.has(position);
  }

  applied(position: number): void {
    if (position <= this.#settled) return;
    this.#ahead.add(position);
    while (this.#ahead.delete(this.#settled + 1)) this.#settled += 1;
  }
}
