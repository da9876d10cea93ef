import { readCounter, type Registry } from '@pataka/platform';

/**
 * What became of exposures and conversions. A conversion is `accepted` or `late` in every experiment that its subject had been exposed to (late: the
 * metric's window was over), `unmatched` where there was none: it is kept, and counts should an earlier exposure still come.
 */
export interface Taken {
  exposures: { accepted: number; duplicate: number };
  conversions: { accepted: number; late: number; unmatched: number; duplicate: number };
}

export const nothingTaken = (): Taken => ({ exposures: { accepted: 0, duplicate: 0 }, conversions: { accepted: 0, late: 0, unmatched: 0, duplicate: 0 } });

/** Counts, for as long as the process runs, what has been committed. */
export class EventOutcomes {
  private readonly sum = nothingTaken();

  constructor(registry: Registry) {
    const counter = (name: string, help: string, kind: keyof Taken): void => void readCounter(registry, {
      name, help, labelNames: ['outcome'], read: () => Object.entries(this.sum[kind]).map(([outcome, events]) => [{ outcome }, events]),
    });
    counter('pataka_exposures_total', 'Exposures that the evidence has taken, by what became of them', 'exposures');
    counter('pataka_conversions_total', 'Conversions that the evidence has taken, by what became of them', 'conversions');
  }

  /** Counts what is committed, and hands the experiments on. */
  andThen(changed: (experiments: string[]) => void): (experiments: string[], taken: Taken) => void {
    return (experiments, taken) => {
      this.add(taken);
      changed(experiments);
    };
  }

  private add({ exposures, conversions }: Taken): void {
    this.sum.exposures.accepted += exposures.accepted;
    this.sum.exposures.duplicate += exposures.duplicate;
    this.sum.conversions.accepted += conversions.accepted;
    this.sum.conversions.late += conversions.late;
    this.sum.conversions.unmatched += conversions.unmatched;
    this.sum.conversions.duplicate += conversions.duplicate;
  }
}
