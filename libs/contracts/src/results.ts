/** A statistic that the data can't support is `null`, and `reasons` says why by field name. */
export interface MetricResult { mean: number | null; standardError: number | null; confidenceInterval: [number, number] | null; sampleSize: number; reason?: string }

/** One arm of a report; `conversionRate` is of the primary metric. */
export interface VariantResults {
  variantId: string; variantName: string; isControl: boolean; sampleSize: number; conversionRate: number | null;
  metrics: Record<string, MetricResult>;
}

/** The specification's fixed-horizon test: primary metric, best treatment. */
export interface StatisticalAnalysis {
  pValue: number | null; statisticalSignificance: boolean; confidenceLevel: number; effectSize: number | null; powerAnalysis: number | null; reason?: string;
}

/** One treatment against control on one metric. */
export interface Comparison {
  metric: string; variantId: string; controlId: string; test: 'two-proportion-z' | 'welch-t' | 'delta' | 'quantile';
  statistic: number | null; pValue: number | null; adjustedPValue: number | null; absoluteEffect: number | null; relativeEffect: number | null;
  confidenceInterval: [number, number] | null; relativeConfidenceInterval: [number, number] | null; power: number | null;
  alwaysValidPValue: number | null; alwaysValidInterval: [number, number] | null; chanceToBeat: number | null; expectedLoss: number | null;
  reason?: string;
}

export type Decision = 'invalid' | 'rollback' | 'continue' | 'inconclusive' | 'hold' | 'ship';

/** `GET /api/experiments/{id}/results`, and the value of pataka.experiment-metrics.v1. */
export interface ExperimentResults {
  experimentId: string; period: string; generatedAt: string | null;
  variants: VariantResults[]; statistical: StatisticalAnalysis; comparisons: Comparison[];
  sampleRatio: { pValue: number | null; ok: boolean; reason?: string };
  excluded: { multipleVariants: number };
  confidence: number; winner?: string;
  verdict: { decision: Decision; reasons: string[] };
  coverage: { name: string; offsets: Record<string, Record<string, string>> };
}
