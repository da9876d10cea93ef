/** Does something again and again, each time so long after the last has ended, whether or not it failed. Keeps no process alive. */
export class Repeating {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private ended = false;

  constructor(private readonly work: () => Promise<void>, private readonly pauseMs: number, private readonly onError: (error: Error) => void) {}

  get stopped(): boolean {
    return this.ended;
  }

  start(): void {
    if (this.ended) return;
    this.timer = setTimeout(() => {
      this.running = this.work().catch(this.onError).finally(() => this.start());
    }, this.pauseMs);
    this.timer.unref();
  }

  /** Resolves once what is under way has ended. */
  async stop(): Promise<void> {
    this.ended = true;
    clearTimeout(this.timer);
    await this.running;
  }
}
