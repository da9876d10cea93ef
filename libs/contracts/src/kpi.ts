import type { AlertSeverity } from './alert';
import type { ExperimentStatus } from './experiment';
import type { Decision } from './results';

/** `value` is the mean or the sum of the events, as the figure is defined; null where there were none. */
export interface KpiValue { value: number | null; sum: number; events: number }
/** One figure of the business over local days. `periods`: days `YYYY-MM-DD` or months `YYYY-MM`, only those with events. */
export interface KpiSeries extends KpiValue {
  key: string; name: string; metric: string; unit: string; direction: 'increase' | 'decrease'; figure: 'mean' | 'sum';
  periods: (KpiValue & { period: string })[];
}
/** `GET /api/kpis`. */
export interface KpiReport { from: string; until: string; by: 'day' | 'month'; kpis: KpiSeries[] }

/** What a treatment earned or lost so far: the effect on a subject's revenue, times the subjects it was given to. `null` members: `reason` says why. */
export interface RevenueImpact {
  variantId: string; metric: string | null; unit: string | null; subjects: number;
  perSubject: number | null; interval: [number, number] | null; total: number | null; totalInterval: [number, number] | null; reason?: string;
}
/** Subjects that came in, and how many of those have converted since. */
export interface ConversionCount { subjects: number; converted: number; rate: number | null }
/** A running experiment at a glance. `share` is a variant's part of all subjects; `today` speaks of the subjects that came in today. */
export interface ExperimentOverview {
  id: string; key: string; name?: string; status: ExperimentStatus; startedAt?: string; metric: string | null;
  variants: { variantId: string; isControl: boolean; subjects: number; share: number | null; conversionRate: number | null; today: ConversionCount }[];
  pValue: number | null; alwaysValidPValue: number | null; sampleRatio: { pValue: number | null; ok: boolean }; verdict: { decision: Decision; reasons: string[] };
  revenue: RevenueImpact[];
  coverage: string;
}
/** `GET /api/overview`: what runs, page by page, with counts of all there is. */
export interface Overview {
  day: string;
  experiments: Record<ExperimentStatus, number>;
  alerts: Record<AlertSeverity, number>;
  items: ExperimentOverview[];
  nextCursor: string | null;
}
