/** How long evidence has to be quiet before it is judged, and for how long it may keep a judgement waiting. Milliseconds. */
export interface Patience { quietMs: number; mostMs: number }

const USUAL: Patience = { quietMs: 2_000, mostMs: 15_000 };

interface Waiting { first: number; last: number }

/**
 * Which experiments have new evidence that is worth judging. Exposures and conversions come in over different partitions: what was counted
 * in the middle of a burst may show one arm's events and not yet the other's, so a burst is waited for, within limits.
 */
export class EvidenceWatch {
  readonly #waiting = new Map<string, Waiting>();

  constructor(private readonly patience: Patience = USUAL) {}

  changed(experiments: readonly string[], at: number): void {
    for (const experiment of experiments) this.#waiting.set(experiment, { first: this.#waiting.get(experiment)?.first ?? at, last: at });
  }

  /** Those whose evidence has settled, each once. */
  settled(at: number): string[] {
    const { quietMs, mostMs } = this.patience;
    const ready = [...this.#waiting].filter(([, { first, last }]) => at - last >= quietMs || at - first >= mostMs).map(([experiment]) => experiment);
    for (const experiment of ready) this.#waiting.delete(experiment);
    return ready;
  }
}
