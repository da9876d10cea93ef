import type { IncomingMessage } from 'node:http';
import type { Context, Span, Tracer } from '@opentelemetry/api';
import type { ServiceName } from '@pataka/contracts';
import type { Registry } from './metrics';

/** What one request's span learns when it is answered. */
export interface Answered { route: string; status: number; requestId: string }
/** A request that is being traced. */
export interface RequestSpan {
  /** W3C trace context that whatever this request causes carries on. */
  readonly traceparent: string;
  end(answered: Answered): void;
}

/** Where traces and metrics go besides `/metrics`. */
export abstract class Telemetry {
  /** A span for a request, or null where nobody records it: without a collector, or when the caller's trace is not sampled. */
  abstract begin(request: IncomingMessage): RequestSpan | null;
  /** Sends what is left. */
  abstract close(): Promise<void>;
}

/** Without a collector. */
export class NoTelemetry extends Telemetry {
  begin(): null {
    return null;
  }

  async close(): Promise<void> {}
}

const EXPORT_INTERVAL_MS = 15_000;
const EXPORT_TIMEOUT_MS = 5_000;
const headerOf = (request: IncomingMessage, name: string): string | undefined => {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
};

type Api = typeof import('@opentelemetry/api');
type Propagator = import('@opentelemetry/core').W3CTraceContextPropagator;

class TracedRequest implements RequestSpan {
  constructor(private readonly span: Span, private readonly api: Api, private readonly method: string, readonly traceparent: string) {}

  end({ route, status, requestId }: Answered): void {
    // A span is named by the route's template: paths carry keys and would never end.
    this.span.updateName(`${this.method} ${route}`);
    this.span.setAttributes({ 'http.request.method': this.method, 'http.route': route, 'http.response.status_code': status, 'pataka.request_id': requestId });
    if (status >= 500) this.span.setStatus({ code: this.api.SpanStatusCode.ERROR });
    this.span.end();
  }
}

interface Parts { api: Api; tracer: Tracer; propagator: Propagator; shutdown: () => Promise<void> }

class OtlpTelemetry extends Telemetry {
  constructor(private readonly parts: Parts) {
    super();
  }

  begin(request: IncomingMessage): RequestSpan | null {
    const { api, tracer } = this.parts;
    const span = tracer.startSpan('request', { kind: api.SpanKind.SERVER }, this.callerOf(request));
    if (!span.isRecording()) return null;
    const { traceId, spanId, traceFlags } = span.spanContext();
    return new TracedRequest(span, api, request.method ?? '', `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`);
  }

  close(): Promise<void> {
    return this.parts.shutdown();
  }

  private callerOf(request: IncomingMessage): Context {
    const { api, propagator } = this.parts;
    return propagator.extract(api.ROOT_CONTEXT, request, { get: (from, name) => headerOf(from as IncomingMessage, name), keys: (from) => Object.keys((from as IncomingMessage).headers) });
  }
}

/**
 * Sends traces and metrics to an OTLP collector over HTTP (JSON), at `<endpoint>/v1/traces` and `/v1/metrics`: the metrics that `/metrics` shows, and a
 * span for each request but evaluations and events, unless the caller's own trace is sampled. OTEL_EXPORTER_OTLP_HEADERS is honoured by the exporters themselves. The
 * SDK is loaded only here: nobody without a collector pays for it.
 */
export const openTelemetry = async (endpoint: string, service: ServiceName, registry: Registry): Promise<Telemetry> => {
  const [api, core, resources, trace, traceExport, metrics, metricExport, { metricProducerOf }] = await Promise.all([
    import('@opentelemetry/api'), import('@opentelemetry/core'), import('@opentelemetry/resources'), import('@opentelemetry/sdk-trace-base'),
    import('@opentelemetry/exporter-trace-otlp-http'), import('@opentelemetry/sdk-metrics'), import('@opentelemetry/exporter-metrics-otlp-http'), import('./telemetry-metrics'),
  ]);
  const base = endpoint.replace(/\/+$/, '');
  const resource = resources.resourceFromAttributes({ 'service.name': `pataka-${service}`, 'service.namespace': 'pataka' });
  const traces = new trace.BasicTracerProvider({
    resource,
    sampler: new trace.ParentBasedSampler({ root: new trace.AlwaysOnSampler() }),
    spanProcessors: [new trace.BatchSpanProcessor(new traceExport.OTLPTraceExporter({ url: `${base}/v1/traces`, timeoutMillis: EXPORT_TIMEOUT_MS }))],
  });
  const reader = new metrics.PeriodicExportingMetricReader({
    exporter: new metricExport.OTLPMetricExporter({ url: `${base}/v1/metrics`, timeoutMillis: EXPORT_TIMEOUT_MS }),
    exportIntervalMillis: EXPORT_INTERVAL_MS, exportTimeoutMillis: EXPORT_TIMEOUT_MS, metricProducers: [metricProducerOf(registry, resource)],
  });
  const meters = new metrics.MeterProvider({ resource, readers: [reader] });
  // A collector that is away must not keep a service from ending.
  const shutdown = async (): Promise<void> => void await Promise.allSettled([traces.shutdown(), meters.shutdown()]);
  return new OtlpTelemetry({ api, tracer: traces.getTracer('pataka'), propagator: new core.W3CTraceContextPropagator(), shutdown });
};
