import { randomUUID } from 'node:crypto';
import type { ExperimentResults } from '@pataka/contracts';
import type { Api } from './api';

/** What the subjects of a variant do: of a conversion the share that does it, of a mean the value around which they lie. */
export type Behaviour = Record<string, { share: number } | { mean: number }>;
/** So many new subjects of a variant, and what they do. */
export interface Cohort { variant: string; subjects: number; does: Behaviour }

const BATCH = 1_000;
const SPREAD = 0.05;

type Event = Record<string, unknown>;

const valueOf = (how: Behaviour[string], index: number): number | null => {
  // Spread evenly, exactly as many as the share says: chance has no say in what has to come out.
  if ('share' in how) return Math.round(how.share * (index + 1)) > Math.round(how.share * index) ? 1 : null;
  return how.mean * (index % 2 === 0 ? 1 + SPREAD : 1 - SPREAD);
};

/** Traffic of one experiment, told to the evaluator as any client would, and added up here. */
export class FleetTraffic {
  readonly #subjects = new Map<string, number>();
  readonly #sums = new Map<string, number>();

  constructor(private readonly server: Api, private readonly experimentId: string) {}

  /** Exposes new subjects at an instant and lets them do what they do an hour later. */
  async send(cohorts: readonly Cohort[], at: number): Promise<void> {
    const told = cohorts.map((cohort) => this.#subjectsOf(cohort, at));
    // As they come in life, variant beside variant: one after the other would look like a split that is not kept.
    const events = Array.from({ length: Math.max(...told.map(({ length }) => length)) }, (_, index) => told.flatMap((subjects) => subjects[index] ?? [])).flat();
    for (let from = 0; from < events.length; from += BATCH) {
      const batch = events.slice(from, from + BATCH);
      const answer = await this.server.ask<{ accepted: number }>('POST', '/v1/events', { body: { events: batch }, timeoutMs: 60_000 });
      if (answer.accepted !== batch.length) throw new Error(`accepted ${answer.accepted} of ${batch.length} events: ${JSON.stringify(answer).slice(0, 500)}`);
    }
  }

  /** Whether a report has all of it. */
  isIn(results: ExperimentResults | undefined): boolean {
    return results !== undefined && results.variants.every(({ variantId, sampleSize, metrics }) =>
      sampleSize === (this.#subjects.get(variantId) ?? 0) && Object.entries(metrics).every(([metric, { mean, sampleSize: n }]) => {
        const sum = this.#sums.get(`${variantId}/${metric}`) ?? 0;
        return Math.abs((mean ?? 0) * n - sum) < 1e-6 * Math.max(1, sum);
      }));
  }

  #subjectsOf({ variant, subjects, does }: Cohort, at: number): Event[][] {
    const before = this.#subjects.get(variant) ?? 0;
    this.#subjects.set(variant, before + subjects);
    return Array.from({ length: subjects }, (_, index) => {
      const targetingKey = `${this.experimentId}-${variant}-${before + index}`;
      const exposure: Event = { id: randomUUID(), type: 'exposure', targetingKey, experimentId: this.experimentId, variant, environment: 'production', occurredAt: new Date(at + index).toISOString() };
      return [exposure, ...Object.entries(does).flatMap(([metric, how]): Event[] => {
        const value = valueOf(how, index);
        if (value === null) return [];
        this.#sums.set(`${variant}/${metric}`, (this.#sums.get(`${variant}/${metric}`) ?? 0) + value);
        return [{ id: randomUUID(), type: 'conversion', targetingKey, experimentId: this.experimentId, metric, value, environment: 'production', occurredAt: new Date(at + 3_600_000 + index).toISOString() }];
      })];
    });
  }
}
