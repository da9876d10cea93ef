import { DomainError, topics } from '@pataka/contracts';
import { encodeEvent, uuidv7, type EventLog } from '@pataka/event-sourcing';
import type { EvidenceReader } from './evidence-reader';
import { wholePeriod } from './period';
import { reportOf } from './report';
import type { ReportStore } from './report-store';

export interface ResultsPublisherParts { evidence: EvidenceReader; reports: ReportStore; log: EventLog; now: () => string; onError: (error: Error) => void }

const DEBOUNCE_MS = 1_000;

/** Tells the world the latest results of every experiment whose evidence changed, at most once a second each. */
export class ResultsPublisher {
  private readonly waiting = new Set<string>();
  private readonly published = new Map<string, string>();
  private timer: NodeJS.Timeout | null = null;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(private readonly parts: ResultsPublisherParts) {}

  readonly changed = (experiments: readonly string[]): void => {
    for (const experiment of experiments) this.waiting.add(experiment);
    this.schedule();
  };

  /** What changed while nobody listened is told now. */
  async begin(): Promise<void> {
    this.changed(await this.parts.evidence.active());
  }

  async stop(): Promise<void> {
    this.stopped = true;
    if (this.timer !== null) clearTimeout(this.timer);
    await this.running;
  }

  private schedule(): void {
    if (this.stopped || this.timer !== null || this.waiting.size === 0) return;
    this.timer = setTimeout(() => {
      this.running = this.publishAll().finally(() => {
        this.timer = null;
        this.schedule();
      });
    }, DEBOUNCE_MS);
    this.timer.unref();
  }

  private async publishAll(): Promise<void> {
    const experiments = [...this.waiting];
    this.waiting.clear();
    for (const experiment of experiments) {
      try {
        await this.publish(experiment);
      } catch (error) {
        if (error instanceof DomainError) continue;
        this.waiting.add(experiment);
        this.parts.onError(error as Error);
      }
    }
  }

  private async publish(experiment: string): Promise<void> {
    const input = await this.parts.evidence.input(experiment);
    const results = reportOf(input, wholePeriod(input));
    if (this.published.get(experiment) === results.coverage.name) return;
    // Kept before it is told of: whoever hears its name can ask for it.
    await this.parts.reports.keep(results, true);
    await this.parts.log.publish([encodeEvent({
      id: uuidv7(), type: 'pataka.experiment-results.v1', source: '/pataka/analytics', subject: experiment, time: this.parts.now(), data: results,
      topic: topics.experimentMetrics.name, key: experiment,
    })]);
    this.published.set(experiment, results.coverage.name);
  }
}
