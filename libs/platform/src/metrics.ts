import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

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

/** Counts and times requests by route template, never by path, so that the number of series stays bounded. */
export class HttpMetrics {
  private readonly requests: Counter<'route' | 'method' | 'status_class'>;
  private readonly durations: Histogram<'route' | 'method'>;
  // Looking labels up again costs more than counting.
  private readonly known = new Map<string, { count: () => void; time: (seconds: number) => void }>();

  constructor(registry: Registry) {
    this.requests = new Counter({
      name: 'pataka_http_requests_total', help: 'HTTP requests answered', labelNames: ['route', 'method', 'status_class'], registers: [registry],
    });
    this.durations = new Histogram({
      name: 'pataka_http_request_duration_seconds', help: 'From arrival to the end of the answer', labelNames: ['route', 'method'], buckets: SECONDS, registers: [registry],
    });
  }

  /** @param seconds null for a stream, whose length says nothing. */
  observe(method: string, route: string, status: number, seconds: number | null): void {
    const series = this.seriesOf(METHODS.has(method) ? method : 'other', route, `${Math.trunc(status / 100)}xx`);
    series.count();
    if (seconds !== null) series.time(seconds);
  }

  private seriesOf(method: string, route: string, statusClass: string): { count: () => void; time: (seconds: number) => void } {
    const name = `${method} ${route} ${statusClass}`;
    let series = this.known.get(name);
    if (series === undefined) {
      const counter = this.requests.labels(route, method, statusClass);
      const histogram = this.durations.labels(route, method);
      series = { count: () => counter.inc(), time: (seconds) => histogram.observe(seconds) };
      this.known.set(name, series);
    }
    return series;
  }
}
