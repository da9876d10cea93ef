import type { CreateExperiment, JsonObject } from '@pataka/contracts';
import { normal, pick } from './random';

/** A metric with its true value in each variant: a rate for conversions, mean and spread for the rest. */
export interface TrueMetric { key: string; type: 'conversion' | 'mean'; truth: Record<string, number>; sd?: number }

/** An experiment, who takes part in it, and what is true in it. */
export interface Scenario {
  title: string;
  experiment: (key: string) => CreateExperiment;
  metrics: readonly TrueMetric[];
  subject: (index: number, random: () => number) => JsonObject & { targetingKey: string };
}

const cities = ['mumbai', 'delhi', 'bangalore', 'pune', 'chennai', 'hyderabad'];
const elsewhere = ['jaipur', 'kolkata', 'lucknow'];

const hindiMetrics: TrueMetric[] = [
  { key: 'driver_retention', type: 'conversion', truth: { control: 0.8, ml_v2_hindi: 0.9 } },
  { key: 'driver_satisfaction', type: 'mean', truth: { control: 4.1, ml_v2_hindi: 4.5 }, sd: 0.6 },
  { key: 'performance_improvement', type: 'mean', truth: { control: 8, ml_v2_hindi: 15.5 }, sd: 12 },
  { key: 'language_engagement', type: 'conversion', truth: { control: 0.35, ml_v2_hindi: 0.82 } },
];

/** "Hindi Driver Scoring Algorithm V2" */
export const hindiDriverScoring: Scenario = {
  title: 'Hindi Driver Scoring Algorithm V2',
  metrics: hindiMetrics,
  experiment: (key) => ({
    key, name: 'Hindi Driver Scoring Algorithm V2', type: 'AB_TEST',
    hypothesis: 'ML-based scoring with Hindi feedback improves Indian driver retention by 20%',
    variants: [
      { id: 'control', name: 'Rule-based scoring, English only', weight: 0.5, config: { algorithm: 'rule_based', feedbackLanguages: ['en'] }, isControl: true },
      { id: 'ml_v2_hindi', name: 'ML-based scoring with Hindi and regional feedback', weight: 0.5, config: { algorithm: 'ml_v2', feedbackLanguages: ['hi', 'mr', 'ta', 'te'] } },
    ],
    targetAudience: { conditions: [
      { attribute: 'role', operator: 'equals', value: 'driver' }, { attribute: 'fleet_size', operator: 'gte', value: 20 },
      { attribute: 'region', operator: 'within', value: cities }, { attribute: 'language', operator: 'language_matches', value: ['hi', 'mr', 'ta', 'te'] },
    ] },
    successMetrics: ['driver_retention', { key: 'driver_satisfaction', type: 'mean', aggregation: 'mean', unit: 'points of 5' }, { key: 'performance_improvement', type: 'mean', unit: '%' }, 'language_engagement'],
    strategy: { type: 'FIXED', targetPercentage: 100 },
  }),
  subject: (index, random) => ({
    targetingKey: `driver-${index}`, role: 'driver', fleet_size: 5 + Math.floor(random() * 200), region: pick(random, random() < 0.85 ? cities : elsewhere),
    language: pick(random, ['hi-IN', 'mr-IN', 'ta-IN', 'te-IN', 'hi', 'en-IN']), vehicle_type: pick(random, ['truck', 'van', 'auto']),
  }),
};

const routeMetrics: TrueMetric[] = [
  { key: 'fuel_efficiency_improvement', type: 'mean', truth: { control: 2, traffic_aware: 6, ai_advanced: 12, hybrid: 10 }, sd: 9 },
  { key: 'time_savings', type: 'mean', truth: { control: 1, traffic_aware: 7, ai_advanced: 9, hybrid: 8.5 }, sd: 8 },
  { key: 'customer_satisfaction', type: 'mean', truth: { control: 3.9, traffic_aware: 4, ai_advanced: 4.2, hybrid: 4.1 }, sd: 0.7 },
];

/** "AI Route Optimization" */
export const aiRouteOptimization: Scenario = {
  title: 'AI Route Optimization',
  metrics: routeMetrics,
  experiment: (key) => ({
    key, name: 'AI Route Optimization', type: 'MULTIVARIATE', hypothesis: 'AI routing reduces fuel consumption by 12%',
    variants: [
      { id: 'control', name: 'Basic shortest path', weight: 0.25, config: 'basic', isControl: true },
      { id: 'traffic_aware', name: 'Traffic-aware routing', weight: 0.25, config: 'traffic_aware' },
      { id: 'ai_advanced', name: 'AI-powered optimization', weight: 0.25, config: 'ai_advanced' },
      { id: 'hybrid', name: 'Hybrid approach', weight: 0.25, config: 'hybrid' },
    ],
    targetAudience: { conditions: [
      { attribute: 'role', operator: 'equals', value: 'fleet_manager' }, { attribute: 'fleet_size', operator: 'gte', value: 20 },
      { attribute: 'route_type', operator: 'equals', value: 'long_distance' },
    ] },
    successMetrics: [
      { key: 'fuel_efficiency_improvement', type: 'mean', unit: '%' }, { key: 'time_savings', type: 'mean', unit: '%' },
      { key: 'customer_satisfaction', type: 'mean', aggregation: 'mean', unit: 'points of 5' },
    ],
    strategy: { type: 'FIXED', targetPercentage: 75 },
  }),
  subject: (index, random) => ({
    targetingKey: `manager-${index}`, role: 'fleet_manager', fleet_size: 10 + Math.floor(random() * 300), region: pick(random, [...cities, ...elsewhere]),
    route_type: random() < 0.9 ? 'long_distance' : 'city',
  }),
};

/** The measured value of a subject in a variant; null: no event (a conversion that did not happen). */
export const valueOf = (metric: TrueMetric, variant: string, random: () => number): number | null => {
  const truth = metric.truth[variant]!;
  if (metric.type === 'conversion') return random() < truth ? 1 : null;
  return Math.round(normal(random, truth, metric.sd!) * 1000) / 1000;
};
