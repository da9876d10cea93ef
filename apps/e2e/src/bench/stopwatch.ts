/** What some work cost: events, and seconds by the wall and by the processor of this process. */
export interface Cost { events: number; seconds: number; cpuSeconds: number }

const LIMIT_MS = 150_000;

/** Runs from the first event until so many have been counted; what comes before (connecting, joining a group) is not measured. */
export class Stopwatch {
  readonly ended: Promise<Cost>;
  #start: { at: number; usage: NodeJS.CpuUsage } | undefined;
  #counted = 0;
  #resolve: (cost: Cost) => void = () => undefined;

  constructor(private readonly expected: number) {
    this.ended = new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${this.#counted} of ${expected} events after ${LIMIT_MS / 1000} s`)), LIMIT_MS);
      this.#resolve = (cost) => {
        clearTimeout(timer);
        resolve(cost);
      };
    });
    // Awaited at the end of the work; until then a failure must not end the process.
    this.ended.catch(() => undefined);
  }

  begin(): void {
    this.#start ??= { at: performance.now(), usage: process.cpuUsage() };
  }

  count(events: number): void {
    this.#counted += events;
    if (this.#counted < this.expected || this.#start === undefined) return;
    const { user, system } = process.cpuUsage(this.#start.usage);
    this.#resolve({ events: this.#counted, seconds: (performance.now() - this.#start.at) / 1000, cpuSeconds: (user + system) / 1e6 });
  }
}
