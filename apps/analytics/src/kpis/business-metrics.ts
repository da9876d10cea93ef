import type { ExperimentOverview, Overview } from '@pataka/contracts';
import { Gauge, type Registry } from '@pataka/platform';
import type { Day } from '../evidence/instant';
import { kpiReport, type KpiDay } from './kpis';

/** What the gauges read. */
export interface BusinessReads {
  today(): Day;
  counts(): Promise<Pick<Overview, 'experiments' | 'alerts'>>;
  running(after: string, limit: number): Promise<ExperimentOverview[]>;
  kpiDays(from: Day, until: Day): Promise<KpiDay[]>;
}

type Seen = Awaited<ReturnType<BusinessMetrics['read']>>;
type Sample = [labels: Record<string, string>, value: number | null];

// A series each: their number has to stay bounded.
const MOST_EXPERIMENTS = 50;
const FRESH_MS = 15_000;

/** What dashboards and alert rules ask of running experiments, worked out when it is scraped and then kept for a moment. */
export class BusinessMetrics {
  private seen: { at: number; promise: Promise<Seen | null> } | null = null;

  constructor(registry: Registry, private readonly reads: BusinessReads) {
    const gauge = (name: string, help: string, labelNames: string[], samples: (seen: Seen) => Sample[]): void => void this.register(registry, { name, help, labelNames }, samples);
    const each = (read: (one: ExperimentOverview) => number | null) => ({ items }: Seen): Sample[] => items.map((one) => [{ experiment: one.key }, read(one)]);
    const eachVariant = (read: (variant: ExperimentOverview['variants'][number]) => number | null) => ({ items }: Seen): Sample[] =>
      items.flatMap((one) => one.variants.map((variant): Sample => [{ experiment: one.key, variant: variant.variantId }, read(variant)]));
    gauge('pataka_experiments', 'Experiments by status', ['status'], ({ counts }) => Object.entries(counts.experiments).map(([status, count]) => [{ status }, count]));
    gauge('pataka_alerts_raised', 'Alerts that are raised and not resolved', ['severity'], ({ counts }) => Object.entries(counts.alerts).map(([severity, count]) => [{ severity }, count]));
    gauge('pataka_experiment_subjects', 'Subjects of a variant', ['experiment', 'variant'], eachVariant(({ subjects }) => subjects));
    gauge('pataka_experiment_conversion_ratio', 'Converted subjects over subjects, of the primary metric', ['experiment', 'variant'], eachVariant(({ conversionRate }) => conversionRate));
    gauge('pataka_experiment_p_value', 'Always-valid p of the primary metric, of the best treatment', ['experiment'], each(({ alwaysValidPValue }) => alwaysValidPValue));
    gauge('pataka_experiment_srm_p_value', 'p of the sample ratio test', ['experiment'], each(({ sampleRatio }) => sampleRatio.pValue));
    gauge('pataka_experiment_revenue_impact_rupees', 'What a treatment has earned so far', ['experiment', 'variant'], ({ items }) =>
      items.flatMap((one) => one.revenue.map(({ variantId, total }): Sample => [{ experiment: one.key, variant: variantId }, total])));
    gauge('pataka_kpi_value', 'A key figure of today', ['kpi'], ({ kpis }) => kpis.map(({ key, value }) => [{ kpi: key }, value]));
  }

  private register(registry: Registry, options: { name: string; help: string; labelNames: string[] }, samples: (seen: Seen) => Sample[]): Gauge {
    const fresh = (): Promise<Seen | null> => this.fresh();
    return new Gauge({
      ...options, registers: [registry],
      async collect() {
        this.reset();
        const seen = await fresh();
        if (seen !== null) for (const [labels, value] of samples(seen)) if (value !== null) this.set(labels, value);
      },
    });
  }

  // A scrape asks for all gauges at once, and must not fail with the database.
  private fresh(): Promise<Seen | null> {
    if (this.seen === null || performance.now() - this.seen.at > FRESH_MS) this.seen = { at: performance.now(), promise: this.read().catch(() => null) };
    return this.seen.promise;
  }

  private async read() {
    const day = this.reads.today();
    const [counts, items] = [await this.reads.counts(), await this.reads.running('', MOST_EXPERIMENTS)];
    return { counts, items, kpis: kpiReport(await this.reads.kpiDays(day, day), { from: day, until: day, by: 'day' }).kpis };
  }
}
