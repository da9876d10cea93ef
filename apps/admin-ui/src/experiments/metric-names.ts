import type { Experiment, MetricDefinition } from '@pataka/contracts';
import { useQuery } from '@tanstack/react-query';
import { metricsQuery } from '../api/catalogue';
import { type Formats, useFormats } from '../i18n/format';
import { useT } from '../i18n/intl';

type Defined = Pick<MetricDefinition, 'key' | 'name' | 'type' | 'direction' | 'unit'>;
/** Units that say no more than the metric's name does. */
const wordy = new Set(['', 'share', 'points', 'stars', 'events']);

export interface Metrics {
  /** What people call it; its key where nobody has named it. */
  name(key: string): string;
  decreases(key: string): boolean;
  /** A share of subjects, not a mean of values. */
  isRate(key: string): boolean;
  /** A level as it is read: 80%, ₹1,20,000, 4.6 km/L. */
  level(key: string, value: number | null | undefined): string;
}

const levelText = (formats: Formats, metric: Defined | undefined, value: number): string => {
  if (metric === undefined || metric.type === undefined || metric.type === 'conversion') return formats.percent(value, 1);
  if (metric.unit === 'INR' || metric.unit === '₹') return formats.rupees(value, { maximumSignificantDigits: 4 });
  const number = formats.number(value, { maximumSignificantDigits: 4 });
  return wordy.has(metric.unit ?? '') ? number : metric.unit === '%' ? `${number}%` : `${number} ${metric.unit}`;
};

/** How metrics are called and read: as an experiment defines them itself, else as the catalogue does. */
export const useMetrics = (defined: readonly (string | Defined)[] = []): Metrics => {
  const t = useT();
  const formats = useFormats();
  const known = useQuery(metricsQuery).data ?? [];
  const find = (key: string): Defined | undefined => defined.find((one): one is Defined => typeof one !== 'string' && one.key === key) ?? known.find((one) => one.key === key);
  return {
    name: (key) => find(key)?.name ?? (key === 'error' ? t('experiments.errors') : key),
    decreases: (key) => key === 'error' || find(key)?.direction === 'decrease',
    isRate: (key) => (find(key)?.type ?? 'conversion') === 'conversion',
    level: (key, value) => (value === null || value === undefined ? '–' : levelText(formats, find(key), value)),
  };
};

export const metricsOf = ({ successMetrics, guardrailMetrics, safetyMetrics }: Experiment): Experiment['successMetrics'] => [...successMetrics, ...guardrailMetrics, ...safetyMetrics];
