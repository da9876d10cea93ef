import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { build } from './harness/build';
import { PatakaProcess } from './harness/pataka-process';

interface Attribute { key: string; value: { stringValue?: string; intValue?: number } }
interface OtlpSpan { name: string; traceId: string; parentSpanId?: string; kind: number; attributes: Attribute[] }
interface Resource { attributes: Attribute[] }
interface Export {
  resourceSpans?: { resource: Resource; scopeSpans: { spans: OtlpSpan[] }[] }[];
  resourceMetrics?: { resource: Resource; scopeMetrics: { metrics: { name: string }[] }[] }[];
}

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
const exports: Export[] = [];
let collector: Server;

const spans = (): OtlpSpan[] => exports.flatMap(({ resourceSpans = [] }) => resourceSpans).flatMap(({ scopeSpans }) => scopeSpans).flatMap((scope) => scope.spans);
const named = (name: string): OtlpSpan[] => spans().filter((span) => span.name === name);
const servicesOf = (): string[] => exports.flatMap(({ resourceMetrics = [] }) => resourceMetrics)
  .flatMap(({ resource }) => resource.attributes.find(({ key }) => key === 'service.name')?.value.stringValue ?? []);

beforeAll(async () => {
  build();
  collector = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
      exports.push(JSON.parse(Buffer.concat(chunks).toString()) as Export);
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  const pataka = await PatakaProcess.start({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}` } });
  const traced = (flags: string) => ({ headers: { traceparent: `00-${TRACE}-${PARENT}-${flags}` } });
  await pataka.admin.send('POST', '/api/flags', { body: { key: 'secret-flag', type: 'BOOLEAN', defaultValue: false }, ...traced('01') });
  await pataka.admin.send('GET', '/api/flags/secret-flag', traced('00'));
  await pataka.admin.send('GET', '/api/flags/no-such-flag');
  await pataka.server.send('POST', '/ofrep/v1/evaluate/flags/secret-flag', { body: { context: {} } });
  await pataka.server.send('POST', '/ofrep/v1/evaluate/flags/secret-flag', { body: { context: {} }, ...traced('01') });
  // Ending in order sends what is left.
  await pataka.dispose();
}, 300_000);
afterAll(() => new Promise((resolve) => collector.close(resolve)));

describe('with an OpenTelemetry collector', () => {
  it('a request is a span in the trace of its caller, named by its route and never by its path', () => {
    expect(named('POST /api/flags')).toMatchObject([{ traceId: TRACE, parentSpanId: PARENT, kind: 2 }]);
    expect(JSON.stringify(exports)).not.toContain('secret-flag');
  });

  it('what its caller does not sample is left alone, and what nobody traces begins a trace', () => {
    const [only, ...more] = named('GET /api/flags/{key}');
    expect(more).toEqual([]);
    expect(only).toMatchObject({ attributes: expect.arrayContaining([{ key: 'http.response.status_code', value: { intValue: 404 } }]) as unknown });
    expect(only?.traceId).not.toBe(TRACE);
  });

  it('an evaluation is traced only where its caller is', () => {
    expect(named('POST /ofrep/v1/evaluate/flags/{key}').map(({ traceId }) => traceId)).toEqual([TRACE]);
  });

  it('every service sends the metrics that it shows', () => {
    expect([...new Set(servicesOf())].sort()).toEqual(['pataka-analytics', 'pataka-evaluator', 'pataka-experiment-orchestrator', 'pataka-flag-admin']);
    const names = exports.flatMap(({ resourceMetrics = [] }) => resourceMetrics).flatMap(({ scopeMetrics }) => scopeMetrics).flatMap(({ metrics }) => metrics).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['pataka_http_requests_total', 'pataka_http_request_duration_seconds', 'process_resident_memory_bytes']));
  });
});
