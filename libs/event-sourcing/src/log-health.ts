/** What was last heard from a log. */
export class LogHealth {
  private answeredAt = -Infinity;
  private failedAt = -Infinity;

  answered(): void {
    this.answeredAt = performance.now();
  }

  failed(): void {
    this.failedAt = performance.now();
  }

  /** true when the newest news is an answer. */
  get healthy(): boolean {
    return this.answeredAt > this.failedAt;
  }

  /** Milliseconds since anything was heard. */
  get silentMs(): number {
    return performance.now() - Math.max(this.answeredAt, this.failedAt);
  }
}
