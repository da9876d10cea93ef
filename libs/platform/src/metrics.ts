import { VERSION } from '@pataka/contracts';
import { collectDefaultMetrics, Counter, Gauge, Registry, type Histogram } from 'prom-client';

export { Counter, Gauge, Histogram, Registry } from 'prom-client';

const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** A registry of one service's metrics, with those of the process in it. */
export const createMetrics = (service: string, commit = 'unknown'): Registry => {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  new Gauge({ name: 'pataka_build_info', help: 'What is running', labelNames: ['version', 'commit', 'node'], registers: [registry] }).set({ version: VERSION, commit, node: process.version }, 1);
  return registry;
};

/** A gauge that is read when it is scraped. Where reading fails it has no value then: a scrape does not fail with the database. */
export const readGauge = (registry: Registry, options: { name: string; help: string }, read: () => Promise<number> | number): Gauge =>
  new Gauge({
    ...options, registers: [registry],
    async collect() {
      const value = await Promise.resolve().then(read).catch(() => null);
      if (value === null) this.remove();
      else this.set(value);
    },
  });

type Labels = Record<string, string>;
/** Where it is worked out when it is scraped: each series with its value. */
export type Readings = readonly (readonly [labels: Labels, value: number])[];

interface Read { name: string; help: string; labelNames: readonly string[]; read: () => Promise<Readings> | Readings }

/** Puts what is read now in the place of all series; none where reading fails. */
const refill = async (metric: Pick<Gauge, 'reset'>, read: Read['read'], add: (labels: Labels, value: number) => void): Promise<void> => {
  const series = await Promise.resolve().then(read).catch((): Readings => []);
  metric.reset();
  for (const [labels, value] of series) add(labels, value);
};

/** A gauge of several series that are read when it is scraped, none where reading fails. Who reads keeps their number bounded. */
export const readSeries = (registry: Registry, { read, name, help, labelNames }: Read): Gauge =>
  new Gauge({
    name, help, labelNames: [...labelNames], registers: [registry],
    collect() {
      return refill(this, read, (labels, value) => this.set(labels, value));
    },
  });

/** A counter whose series are counted elsewhere, in plain numbers that only grow, and read when it is scraped. */
export const readCounter = (registry: Registry, { read, name, help, labelNames }: Read): Counter =>
  new Counter({
    name, help, labelNames: [...labelNames], registers: [registry],
    collect() {
      return refill(this, read, (labels, value) => this.inc(labels, value));
    },
  });

/** Durations up to each limit and beyond the one before, in seconds; the last are beyond all. Plain numbers: prom-client's own counting costs more than many an answer. */
export class Durations {
  readonly timed: Float64Array;
  seconds = 0;

  constructor(readonly limits: readonly number[]) {
    this.timed = new Float64Array(limits.length + 1);
  }

  observe(seconds: number): void {
    let bucket = 0;
    while (bucket < this.limits.length && seconds > this.limits[bucket]!) bucket += 1;
    this.timed[bucket]! += 1;
    this.seconds += seconds;
  }
}

/** What one route and method have answered. */
export class RouteFigures {
  /** Answers by the first digit of their status. */
  readonly answered = new Float64Array(10);
  readonly durations = new Durations(SECONDS);

  constructor(readonly method: string, readonly route: string) {}

  /** @param seconds null for a stream, whose length says nothing. */
  observe(status: number, seconds: number | null): void {
    this.answered[Math.trunc(status / 100)]! += 1;
    if (seconds !== null) this.durations.observe(seconds);
  }
}

interface Sample { metricName?: string; labels: Record<string, string | number>; value: number }

const counted = ({ answered, method, route }: RouteFigures): Sample[] =>
  [...answered].flatMap((value, digit) => (value === 0 ? [] : [{ labels: { route, method, status_class: `${digit}xx` }, value }]));

const histogramOf = (name: string, labels: Labels, { timed, seconds, limits }: Durations): Sample[] => {
  let count = 0;
  const buckets = [...timed].map((within, index): Sample => ({ metricName: `${name}_bucket`, labels: { le: limits[index] ?? '+Inf', ...labels }, value: (count += within) }));
  return count === 0 ? [] : [...buckets, { metricName: `${name}_sum`, labels, value: seconds }, { metricName: `${name}_count`, labels, value: count }];
};

const register = (registry: Registry, metric: { name: string; help: string; type: string }, samples: () => Sample[]): void => {
  const get = (): Promise<object> => Promise.resolve({ ...metric, aggregator: 'sum', values: samples() });
  // A metric is whatever answers `get` when it is scraped; its types know prom-client's own classes alone.
  registry.registerMetric({ ...metric, get } as unknown as Histogram);
};

/** A histogram of what was timed elsewhere. */
export const readHistogram = (registry: Registry, { name, help }: { name: string; help: string }, read: () => readonly (readonly [labels: Labels, durations: Durations])[]): void =>
  register(registry, { name, help, type: 'histogram' }, () => read().flatMap(([labels, durations]) => histogramOf(name, labels, durations)));

/** Counts and times requests by route template, never by path, so that the number of series stays bounded. */
export class HttpMetrics {
  private readonly figures = new Map<string, RouteFigures>();

  constructor(registry: Registry) {
    const figures = (): RouteFigures[] => [...this.figures.values()];
    register(registry, { name: 'pataka_http_requests_total', help: 'HTTP requests answered', type: 'counter' }, () => figures().flatMap(counted));
    readHistogram(registry, { name: 'pataka_http_request_duration_seconds', help: 'From arrival to the end of the answer' }, () => figures().map(({ route, method, durations }) => [{ route, method }, durations]));
  }

  /** The figures of a method and a route's template, the same ones each time: who answers often keeps them. */
  of(method: string, route: string): RouteFigures {
    const known = METHODS.has(method) ? method : 'other';
    const name = `${known} ${route}`;
    let figures = this.figures.get(name);
    if (figures === undefined) this.figures.set(name, (figures = new RouteFigures(known, route)));
    return figures;
  }
}
