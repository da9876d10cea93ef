import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { VERSION } from '@pataka/contracts';
import { build } from './harness/build';
import { PatakaProcess } from './harness/pataka-process';
import { until } from './harness/waiting';

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
let scraped: string;

const spans = (): OtlpSpan[] => exports.flatMap(({ resourceSpans = [] }) => resourceSpans).flatMap(({ scopeSpans }) => scopeSpans).flatMap((scope) => scope.spans);
const named = (name: string): OtlpSpan[] => spans().filter((span) => span.name === name);
const servicesOf = (): string[] => exports.flatMap(({ resourceMetrics = [] }) => resourceMetrics)
  .flatMap(({ resource }) => resource.attributes.find(({ key }) => key === 'service.name')?.value.stringValue ?? []);

const EXPERIMENT = 'telemetry-trial';
const seriesOf = (name: string): string[] => scraped.split('\n').filter((line) => line.startsWith(`${name}{`));

/** Plays one experiment through every service, and reads what they then tell. */
const metricsAfterTraffic = async (pataka: PatakaProcess): Promise<string> => {
  const variants = [{ id: 'control', name: 'Control', weight: 0.5, config: 'a', isControl: true }, { id: 'other', name: 'Other', weight: 0.5, config: 'b', isControl: false }];
  const { id } = await pataka.admin.post<{ id: string }>('/api/experiments', { key: EXPERIMENT, name: 'Trial', type: 'AB_TEST', variants, successMetrics: ['telemetry-done'], strategy: { type: 'FIXED', initialPercentage: 100 } });
  await until('the experiment can start', async () => (await pataka.admin.send('POST', `/api/experiments/${id}/start`, { body: {} })).status === 200);
  const stream = await fetch(`${pataka.url}/v1/stream`, { headers: { authorization: `Bearer ${pataka.tokens.server}` } });
  await pataka.server.send('POST', '/ofrep/v1/evaluate/flags/no-flag-at-all', { body: { context: { targetingKey: 'u' } } });
  const at = new Date().toISOString();
  // As many as the sample ratio test wants.
  const exposures = Array.from({ length: 16 }, (_, index) => ({ id: randomUUID(), type: 'exposure', targetingKey: `u${index}`, experimentId: id, variant: index % 2 === 0 ? 'control' : 'other', occurredAt: at }));
  const conversion = (targetingKey: string) => ({ id: randomUUID(), type: 'conversion', targetingKey, metric: 'telemetry-done', occurredAt: new Date().toISOString() });
  const send = (events: object[]) => pataka.server.post('/v1/events', { events });
  const shows = (series: RegExp) => until(`${series} is shown`, async () => {
    const text = await (await fetch(`${pataka.url}/metrics`)).text();
    return series.test(text) ? text : null;
  });
  await send(exposures);
  await shows(/^pataka_exposures_total\{outcome="accepted",.*\} 16$/m);
  await send([exposures[0]!, conversion('nobody')]);
  await send([conversion('u1')]);
  await shows(/^pataka_conversions_total\{outcome="accepted",.*\} 1$/m);
  await shows(/^pataka_experiment_srm_p_value\{experiment="telemetry-trial"/m);
  const text = await shows(/^pataka_evaluations_total\{.*outcome="FLAG_NOT_FOUND"/m);
  await stream.body?.cancel();
  return text;
};

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
  const pataka = await PatakaProcess.start({ env: { PATAKA_COMMIT: 'e2e', OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}` } });
  const traced = (flags: string) => ({ headers: { traceparent: `00-${TRACE}-${PARENT}-${flags}` } });
  await pataka.admin.send('POST', '/api/flags', { body: { key: 'secret-flag', type: 'BOOLEAN', defaultValue: false }, ...traced('01') });
  await pataka.admin.send('GET', '/api/flags/secret-flag', traced('00'));
  await pataka.admin.send('GET', '/api/flags/no-such-flag');
  await pataka.server.send('POST', '/ofrep/v1/evaluate/flags/secret-flag', { body: { context: {} } });
  await pataka.server.send('POST', '/ofrep/v1/evaluate/flags/secret-flag', { body: { context: {} }, ...traced('01') });
  // Ending in order sends what is left.
  scraped = await metricsAfterTraffic(pataka).finally(() => pataka.dispose());
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

describe('what Prometheus is told after traffic', () => {
  // Every name and its labels, as documented; whatever belongs to one experiment is named by its key.
  it.each([
    ['pataka_evaluations_total', 'environment="production",reason="ERROR",outcome="FLAG_NOT_FOUND"'], ['pataka_evaluations_total', 'environment="production",reason="DISABLED",outcome="success"'],
    ['pataka_evaluation_duration_seconds_bucket', 'le="0.00005"'], ['pataka_flagset_version', 'environment="production"'], ['pataka_flagset_age_seconds', 'environment="production"'], ['pataka_stale', 'environment="production"'],
    ['pataka_propagation_seconds_count', ''], ['pataka_projection_lag_events', 'consumer_group="analytics-evidence"'], ['pataka_projection_lag_seconds', 'consumer_group="analytics-evidence"'],
    ['pataka_projection_last_error_timestamp_seconds', 'consumer_group="analytics-evidence"'], ['pataka_outbox_pending', 'service="flag-admin"'], ['pataka_outbox_oldest_seconds', 'service="analytics"'], ['pataka_outbox_published_total', 'service="experiment-orchestrator"'],
    ['pataka_events_processed_total', 'consumer_group="evaluator-rules",outcome="ok"'], ['pataka_events_processed_total', 'consumer_group="analytics-evidence",outcome="duplicate"'], ['pataka_events_processed_total', 'consumer_group="analytics-evidence",outcome="dead_letter"'],
    ['pataka_dead_letters', 'topic="pataka.conversions.v1"'], ['pataka_exposures_total', 'outcome="accepted"'], ['pataka_exposures_total', 'outcome="duplicate"'],
    ['pataka_conversions_total', 'outcome="accepted"'], ['pataka_conversions_total', 'outcome="duplicate"'], ['pataka_conversions_total', 'outcome="late"'], ['pataka_conversions_total', 'outcome="unmatched"'],
    ['pataka_experiment_srm_p_value', `experiment="${EXPERIMENT}"`], ['pataka_rollout_step', `experiment="${EXPERIMENT}"`], ['pataka_scheduler_leader', ''],
    ['pataka_sse_connections', ''], ['pataka_sse_events_sent_total', ''], ...['slow', 'limit', 'shutdown'].map((reason) => ['pataka_sse_dropped_total', `reason="${reason}"`]),
    ['pataka_webhook_deliveries_total', 'outcome="delivered"'], ['pataka_http_requests_total', 'route="/api/experiments",method="POST",status_class="2xx"'], ['pataka_http_request_duration_seconds_count', 'route="/api/experiments",method="POST"'],
    ['pataka_build_info', `version="${VERSION}",commit="e2e",node="${process.version}"`],
  ])('%s{%s} is there', (name, labels) => {
    expect(seriesOf(name!).filter((series) => series.includes(labels!))).not.toEqual([]);
  });

  it('counts are what happened', () => {
    expect(seriesOf('pataka_exposures_total').sort()).toEqual(['pataka_exposures_total{outcome="accepted",service="analytics"} 16', 'pataka_exposures_total{outcome="duplicate",service="analytics"} 1']);
    expect(seriesOf('pataka_conversions_total').map((series) => /outcome="(\w+)".* (\d+)$/.exec(series)!.slice(1)).sort()).toEqual([['accepted', '1'], ['duplicate', '0'], ['late', '0'], ['unmatched', '1']]);
    expect(seriesOf('pataka_sse_connections')).toEqual(['pataka_sse_connections{service="evaluator"} 1']);
    expect(seriesOf('pataka_scheduler_leader')).toEqual(['pataka_scheduler_leader{service="experiment-orchestrator"} 1']);
  });

  it('every value is a number', () => {
    expect(scraped.split('\n').filter((line) => line.startsWith('pataka_') && !Number.isFinite(Number(line.slice(line.lastIndexOf(' ')))))).toEqual([]);
  });

  it('nobody who was evaluated or measured is named', () => {
    expect(scraped).not.toMatch(/"(u\d*|nobody)"|secret-flag|no-flag-at-all/);
  });
});
