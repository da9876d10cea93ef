import { collectDefaultMetrics, Gauge, Registry, type Histogram } from 'prom-client';

export { Counter, Gauge, Histogram, Registry } from 'prom-client';

const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** A registry of one service's metrics, with those of the process in it. */
export const createMetrics = (service: string): Registry => {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  new Gauge({ name: 'pataka_build_info', help: 'What is running', labelNames: ['node'], registers: [registry] }).set({ node: process.version }, 1);
  return registry;
};

/** A gauge that is read when it is scraped. Where reading fails it has no value then: a scrape does not fail with the database. */
export const readGauge = (registry: Registry, options: { name: string; help: string }, read: () => Promise<number>): Gauge =>
  new Gauge({
    ...options, registers: [registry],
    async collect() {
      const value = await read().catch(() => null);
      if (value === null) this.remove();
      else this.set(value);
    },
  });

/** What one route and method have answered: plain numbers, since prom-client's own counting costs more than many an answer. */
export class RouteFigures {
  /** Answers by the first digit of their status. */
  readonly answered = new Float64Array(10);
  /** Durations up to each limit of the buckets and beyond the one before; the last are beyond all. */
  readonly timed = new Float64Array(SECONDS.length + 1);
  seconds = 0;

  constructor(readonly method: string, readonly route: string) {}

  /** @param seconds null for a stream, whose length says nothing. */
  observe(status: number, seconds: number | null): void {
    this.answered[Math.trunc(status / 100)]! += 1;
    if (seconds === null) return;
    let bucket = 0;
    while (bucket < SECONDS.length && seconds > SECONDS[bucket]!) bucket += 1;
    this.timed[bucket]! += 1;
    this.seconds += seconds;
  }
}

interface Sample { metricName?: string; labels: Record<string, string | number>; value: number }

const counted = ({ answered, method, route }: RouteFigures): Sample[] =>
  [...answered].flatMap((value, digit) => (value === 0 ? [] : [{ labels: { route, method, status_class: `${digit}xx` }, value }]));

const histogramOf = (name: string, { timed, seconds, method, route }: RouteFigures): Sample[] => {
  const labels = { route, method };
  let count = 0;
  const buckets = [...timed].map((within, index): Sample => ({ metricName: `${name}_bucket`, labels: { le: SECONDS[index] ?? '+Inf', ...labels }, value: (count += within) }));
  return count === 0 ? [] : [...buckets, { metricName: `${name}_sum`, labels, value: seconds }, { metricName: `${name}_count`, labels, value: count }];
};

/** Counts and times requests by route template, never by path, so that the number of series stays bounded. */
export class HttpMetrics {
  private readonly figures = new Map<string, RouteFigures>();

  constructor(registry: Registry) {
    const duration = 'pataka_http_request_duration_seconds';
    this.register(registry, { name: 'pataka_http_requests_total', help: 'HTTP requests answered', type: 'counter' }, counted);
    this.register(registry, { name: duration, help: 'From arrival to the end of the answer', type: 'histogram' }, (figures) => histogramOf(duration, figures));
  }

  /** The figures of a method and a route's template, the same ones each time: who answers often keeps them. */
  of(method: string, route: string): RouteFigures {
    const known = METHODS.has(method) ? method : 'other';
    const name = `${known} ${route}`;
    let figures = this.figures.get(name);
    if (figures === undefined) this.figures.set(name, (figures = new RouteFigures(known, route)));
    return figures;
  }

  private register(registry: Registry, metric: { name: string; help: string; type: string }, samples: (figures: RouteFigures) => Sample[]): void {
    const get = (): Promise<object> => Promise.resolve({ ...metric, aggregator: 'sum', values: [...this.figures.values()].flatMap(samples) });
    // A metric is whatever answers `get` when it is scraped; its types know prom-client's own classes alone.
    registry.registerMetric({ ...metric, get } as unknown as Histogram);
  }
}
