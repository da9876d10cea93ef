import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { topics, type AccessKey, type Alert, type CorrectionAnswer, type ExperimentResults, type KpiReport, type KpiSeries, type Metric, type Overview } from '@pataka/contracts';
import { cloudEventJson, Database, encodeEvent, encodeEventBatch, partitionFor, uuidv7, type NewRecord } from '@pataka/event-sourcing';
import { hashToken, loadPlatformConfig, openInfrastructure, type Infrastructure, type Service } from '@pataka/platform';
import { openOperations, openService } from './app.module';
import { conversionEvent, describeWithDatabase, experimentEvent, exposureEvent, openTestDatabase, type TestEvent } from './evidence/evidence-testing';

const TOKEN = `test-${randomUUID()}`;
const VIEWER = `test-${randomUUID()}`;
const SERVER = `test-${randomUUID()}`;
const EXPERIMENT = 'exp_1';

const recordOf = ({ topic, id, type, data }: TestEvent, key: string): NewRecord =>
  encodeEvent({ id, type, source: '/test', time: '2026-03-01T00:00:00Z', data, topic, key });

const accessRecord = (token: string, key: Pick<AccessKey, 'kind' | 'role' | 'environment'>, position: number): NewRecord => encodeEvent({
  id: uuidv7(), type: 'pataka.key.created.v1', source: '/pataka/flag-admin', time: '2026-03-01T00:00:00Z', topic: topics.accessChanges.name, key: token, position,
  data: { kind: 'key', change: 'created', actor: 'test', id: token, after: { id: token, name: 'test', hash: hashToken(token), hint: 'test', createdBy: 'test', createdAt: '2026-03-01T00:00:00Z', version: 1, ...key } },
});

/** Hot events as our own producers send them: batches with an explicit partition. */
const hotRecords = (events: readonly { event: TestEvent; key: string }[]): NewRecord[] => {
  const groups = new Map<number, { event: TestEvent; key: string }[]>();
  for (const one of events) {
    const partition = partitionFor(one.key, 12);
    groups.set(partition, [...(groups.get(partition) ?? []), one]);
  }
  return [...groups].flatMap(([partition, group]) => encodeEventBatch({
    topic: group[0]!.event.topic, partition, events: group.map(({ event: { id, type, data } }) => cloudEventJson({ id, type, source: '/test', time: '2026-03-01T00:00:00Z', data })),
  }));
};

const SUBJECTS = 2400;
const exposures = Array.from({ length: SUBJECTS }, (_, index) => ({ key: `u${index}`, event: exposureEvent(uuidv7(), {
  targetingKey: `u${index}`, experimentId: EXPERIMENT, variant: index % 2 === 0 ? 'control' : 'treatment', occurredAt: `2026-03-0${1 + (index % 3)}T08:00:00.000Z`, phase: 1, environment: 'production',
}) }));
// One in five of control buys, two in five of treatment; half of the buyers twice.
const conversions = exposures.flatMap(({ key }, index) => {
  if (Math.floor(index / 2) % 5 >= 1 + (index % 2)) return [];
  return Array.from({ length: 1 + (Math.floor(index / 10) % 2) }, (_, again) => ({ key, event: conversionEvent(uuidv7(), {
    targetingKey: key, metric: 'buy', value: 10 * (again + 1), occurredAt: `2026-03-0${4 + again}T08:00:00.000Z`, environment: 'production',
  }) }));
});

interface Running { service: Service; infrastructure: Infrastructure; origin: string }

describeWithDatabase('analytics', () => {
  let admin: Database;
  let databaseUrl: string;
  let running: Running[] = [];
  const name = `analytics_${randomUUID().replaceAll('-', '')}`;

  const open = async (): Promise<Running> => {
    const config = loadPlatformConfig({ DATABASE_URL: databaseUrl, LOG_LEVEL: 'error' });
    const infrastructure = await openInfrastructure(config, 'analytics');
    const service = await openService(config, infrastructure);
    return { service, infrastructure, origin: `http://127.0.0.1:${await service.listen(0, '127.0.0.1')}` };
  };
  const publish = (records: readonly NewRecord[]): Promise<void> => running[0]!.infrastructure.log.publish(records);
  const ask = async <Body>(path: string, { token = TOKEN, ...init }: RequestInit & { token?: string } = {}): Promise<{ status: number; body: Body; headers: Headers }> => {
    const answer = await fetch(`${running[0]!.origin}${path}`, { ...init, headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...init.headers } });
    return { status: answer.status, body: (await answer.json()) as Body, headers: answer.headers };
  };
  const until = async <T>(look: () => Promise<T>, holds: (value: T) => boolean): Promise<T> => {
    for (const end = Date.now() + 60_000; ;) {
      const value = await look();
      if (holds(value)) return value;
      if (Date.now() > end) throw new Error(`it did not come about: ${JSON.stringify(value).slice(0, 500)}`);
      await sleep(100);
    }
  };
  const results = async (query = ''): Promise<ExperimentResults> => (await ask<ExperimentResults>(`/api/experiments/${EXPERIMENT}/results${query}`)).body;
  const withoutOffsets = ({ coverage, ...report }: ExperimentResults): string => JSON.stringify([report, coverage.name]);
  const complete = (report: ExperimentResults): boolean =>
    report.variants?.every(({ sampleSize }) => sampleSize === SUBJECTS / 2) && report.comparisons[0]!.absoluteEffect !== null && Math.abs(report.comparisons[0]!.absoluteEffect - 0.2) < 1e-9;

  beforeAll(async () => {
    admin = openTestDatabase();
    await admin.query(`create database ${name}`);
    const url = new URL(process.env['TEST_DATABASE_URL']!);
    url.pathname = `/${name}`;
    databaseUrl = url.href;
    // Two processes share the partitions.
    running = [await open(), await open()];
    await running[0]!.infrastructure.log.ensureTopics(Object.values(topics));
    await publish([accessRecord(TOKEN, { kind: 'management', role: 'admin' }, 1), accessRecord(VIEWER, { kind: 'management', role: 'viewer' }, 2), accessRecord(SERVER, { kind: 'server', environment: 'production' }, 3)]);
    await until(() => ask('/api/metrics'), ({ status }) => status === 200);
  }, 120_000);
  afterAll(async () => {
    for (const { service } of running) await service.close();
    await admin.query(`drop database ${name} with (force)`);
    await admin.close();
  }, 60_000);

  it('turns events into evidence, whatever comes late, twice or before its experiment', async () => {
    await publish(hotRecords(conversions));
    await publish(hotRecords([...exposures, ...exposures.slice(0, 500)]));
    await publish([recordOf(experimentEvent(EXPERIMENT, 1, { successMetrics: ['buy', 'spend'] }), EXPERIMENT)]);
    await publish(hotRecords(conversions.slice(0, 300)));
    const report = await until(() => results(), complete);
    expect(report).toMatchObject({ experimentId: EXPERIMENT, generatedAt: '2026-03-05T08:00:00.000Z', winner: 'treatment', verdict: { decision: 'ship' }, sampleRatio: { ok: true }, excluded: { multipleVariants: 0 } });
    expect(report.variants.map(({ conversionRate }) => conversionRate)).toEqual([0.2, 0.4]);
    expect(report.statistical).toMatchObject({ statisticalSignificance: true, confidenceLevel: 0.95 });
  }, 120_000);

  it('tells the latest results on their topic', async () => {
    const { log } = running[0]!.infrastructure;
    const published = async (): Promise<ExperimentResults[]> => {
      const found: ExperimentResults[] = [];
      for (const { partition } of await log.offsets(topics.experimentMetrics.name)) {
        for await (const { records } of log.read(topics.experimentMetrics.name, partition, '0')) for (const { value } of records) found.push(JSON.parse(String(value)) as ExperimentResults);
      }
      return found;
    };
    const last = (await until(published, (all) => all.length > 0 && complete(all.at(-1)!))).at(-1)!;
    expect(last).toMatchObject({ experimentId: EXPERIMENT, winner: 'treatment' });
  }, 90_000);

  it('computes a metric that is defined today for the past, and a corrected one too', async () => {
    const defined = await ask<Metric>('/api/metrics', { method: 'POST', body: JSON.stringify({ key: 'spend_total', name: 'Spend', type: 'mean', event: 'buy' }) });
    expect([defined.status, defined.headers.get('etag')]).toEqual([201, '"1"']);
    await publish([recordOf(experimentEvent(EXPERIMENT, 2, { successMetrics: ['buy', 'spend_total'] }), EXPERIMENT)]);
    const meanOf = (report: ExperimentResults): (number | null | undefined)[] => report.variants.map(({ metrics }) => metrics['spend_total']?.mean);
    // Half of the buyers spend 10, half 10 + 20.
    const before = await until(() => results(), (report) => meanOf(report)[0] === 4);
    expect(meanOf(before)).toEqual([4, 8]);
    expect((await ask(`/api/metrics/spend_total`, { method: 'PATCH', body: '{"cap":10}' })).status).toBe(428);
    expect((await ask(`/api/metrics/spend_total`, { method: 'PATCH', body: '{"cap":10}', headers: { 'if-match': '"1"' } })).status).toBe(200);
    expect(meanOf(await until(() => results(), (report) => meanOf(report)[0] === 2))).toEqual([2, 4]);
  }, 90_000);

  it('defines the metrics that an experiment names, and has errors built in', async () => {
    const { body } = await ask<{ items: Metric[] }>('/api/metrics');
    expect(body.items.map(({ key }) => key)).toEqual(expect.arrayContaining(['buy', 'error', 'spend', 'spend_total']));
  });

  it('raises each alert once, on the topic and for whoever asks', async () => {
    const { items } = (await until(() => ask<{ items: Alert[] }>('/api/alerts?status=raised'), ({ body }) => body.items.length === 2)).body;
    expect(items.map(({ kind, subject, experimentKey, status }) => [kind, subject, experimentKey, status]).sort()).toEqual([
      ['sample-goal-reached', 'every-variant', `${EXPERIMENT}-key`, 'raised'], ['significance-reached', 'treatment/buy', `${EXPERIMENT}-key`, 'raised']]);
    const first = await ask<{ items: Alert[]; nextCursor: string }>('/api/alerts?limit=1');
    const second = await ask<{ items: Alert[]; nextCursor: null }>(`/api/alerts?limit=1&cursor=${first.body.nextCursor}`);
    expect([...first.body.items, ...second.body.items].map(({ id }) => id)).toEqual(items.map(({ id }) => id));
    expect((await ask<{ items: Alert[] }>(`/api/alerts?experiment=${EXPERIMENT}-key&kind=conversion-drop`)).body.items).toEqual([]);
    expect([(await ask('/api/alerts?status=loud')).status, (await ask('/api/alerts?cursor=none')).status]).toEqual([400, 400]);
  }, 60_000);

  it('lets somebody say once that an alert is seen to, and shows it still when it is resolved', async () => {
    const { body: { items: [alert] } } = await ask<{ items: Alert[] }>('/api/alerts?kind=sample-goal-reached');
    const path = `/api/alerts/${alert!.id}/acknowledge`;
    const acknowledge = (body: string, token = TOKEN) => ask<Alert>(path, { method: 'POST', body, token });
    expect([(await acknowledge('{}', VIEWER)).status, (await acknowledge('{"note":1}')).status, (await ask(`/api/alerts/${uuidv7()}/acknowledge`, { method: 'POST', body: '{}' })).status]).toEqual([403, 400, 404]);
    const { status, body } = await acknowledge('{"note":"planned"}');
    expect([status, body.acknowledgement]).toEqual([200, { by: expect.any(String), at: expect.any(String), note: 'planned' }]);
    expect((await acknowledge('{"note":"again"}')).body).toEqual(body);
    await until(() => ask<{ items: Alert[] }>('/api/alerts?kind=sample-goal-reached'), (page) => page.body.items[0]?.acknowledgement?.note === 'planned');
  }, 60_000);

  it('takes rules for the alerts of an experiment, and names every fault of them', async () => {
    const path = `/api/experiments/${EXPERIMENT}/alert-rules`;
    expect((await ask(path)).body).toMatchObject({ dropPercent: 20, dropAgainst: 'control', sampleGoal: 1000 });
    expect((await ask(path, { method: 'PUT', body: '{"dropPercent":15,"muted":["sample-goal-reached"]}' })).body).toMatchObject({ dropPercent: 15, coolDownHours: 24 });
    expect((await ask<{ errors: object[] }>(path, { method: 'PUT', body: '{"dropPercent":0,"windowDays":1.5}' })).body.errors).toHaveLength(2);
    expect((await ask(path, { token: VIEWER, method: 'PUT', body: '{}' })).status).toBe(403);
    expect((await ask('/api/experiments/none/alert-rules')).status).toBe(404);
    const { items } = (await until(() => ask<{ items: Alert[] }>('/api/alerts?status=resolved'), ({ body }) => body.items.length === 1)).body;
    expect(items[0]).toMatchObject({ kind: 'sample-goal-reached', resolution: { en: 'Alerts are judged by other rules now.' }, acknowledgement: { note: 'planned' } });
  }, 60_000);

  it('has the fleet’s metrics from the start, and a new start neither repeats them nor undoes an edit, nor repeats an alert', async () => {
    const metrics = async (): Promise<Metric[]> => (await ask<{ items: Metric[] }>('/api/metrics?limit=200')).body.items;
    await until(metrics, (all) => all.some(({ key }) => key === 'harsh_braking'));
    await ask('/api/metrics/driver_score', { method: 'PATCH', body: '{"cap":50,"owner":"asha"}', headers: { 'if-match': '"1"' } });
    const before = await metrics();
    expect(before.find(({ key }) => key === 'fuel_l_per_100km')).toMatchObject({ direction: 'decrease', unit: 'L/100km', role: 'success', owner: 'fleet-operations', version: 1 });
    await running.pop()!.service.close();
    running.push(await open());
    // The new process publishes the results of what is active; that they have been judged shows in the watch's checkpoint.
    const { log } = running[0]!.infrastructure;
    const operations = openOperations({ databaseUrl, log });
    const judged = async (): Promise<boolean> => {
      const ends = await log.offsets(topics.experimentMetrics.name);
      const places = await operations.runner.checkpoints('alert-watch');
      return ends.every(({ partition, high }) => high === '0' || places.some((place) => place.topic === topics.experimentMetrics.name && place.partition === partition && place.offset === high));
    };
    const published = async (): Promise<bigint> => (await log.offsets(topics.experimentMetrics.name)).reduce((sum, { high }) => sum + BigInt(high), 0n);
    const republished = await published();
    await until(async () => (await published()) > republished && (await judged()), (done) => done);
    await operations.close();
    expect(await metrics()).toEqual(before);
    expect((await ask<{ items: Alert[] }>('/api/alerts')).body.items).toHaveLength(2);
  }, 90_000);

  it('keeps the fleet’s key figures day by day, each event once, whoever is in an experiment', async () => {
    const score = (value: number, occurredAt: string, environment = 'production') =>
      ({ key: 'nobody', event: conversionEvent(uuidv7(), { targetingKey: 'nobody', metric: 'driver_score', value, occurredAt, environment }) });
    // 18:40 UTC is the next local day.
    const scores = [score(80, '2026-03-01T08:00:00Z'), score(70.5, '2026-03-01T18:20:00Z'), score(90, '2026-03-01T18:40:00Z'), score(1, '2026-03-01T08:00:00Z', 'staging')];
    await publish(hotRecords(scores));
    await publish(hotRecords(scores));
    await publish(hotRecords([score(60, '2026-04-02T08:00:00Z')]));
    const driver = async (query: string): Promise<KpiSeries> => (await ask<KpiReport>(`/api/kpis?${query}`)).body.kpis.find(({ key }) => key === 'driver_performance')!;
    const days = await until(() => driver('from=2026-03-01&until=2026-04-30'), ({ events }) => events === 4);
    expect(days).toMatchObject({ unit: 'points', value: 75.125, periods: [{ period: '2026-03-01', value: 75.25, events: 2 }, { period: '2026-03-02', value: 90, events: 1 }, { period: '2026-04-02', value: 60, events: 1 }] });
    expect((await driver('from=2026-03-01&until=2026-04-30&by=month')).periods.map(({ period, sum }) => [period, sum])).toEqual([['2026-03', 240.5], ['2026-04', 60]]);
    const refused = await ask<{ errors: { pointer: string }[] }>('/api/kpis?from=2026-02-30&until=soon&by=week');
    expect([refused.status, refused.body.errors.map(({ pointer }) => pointer)]).toEqual([400, ['/from', '/until', '/by']]);
    expect((await ask('/api/kpis?from=2020-01-01&until=2026-01-01')).status).toBe(400);
  }, 60_000);

  it('shows what runs at a glance', async () => {
    const { body } = await ask<Overview>('/api/overview');
    expect(body).toMatchObject({ experiments: { ACTIVE: 1, DRAFT: 0 }, alerts: { critical: 0, info: 1 }, nextCursor: null });
    expect(body.items[0]).toMatchObject({
      id: EXPERIMENT, metric: 'buy', verdict: { decision: 'ship' }, sampleRatio: { ok: true }, revenue: [{ variantId: 'treatment', total: null, reason: 'the experiment has no metric in rupees' }],
      variants: [{ variantId: 'control', subjects: 1200, share: 0.5, conversionRate: 0.2, today: { subjects: 0, rate: null } }, { variantId: 'treatment', conversionRate: 0.4 }],
    });
  });

  it('gives a report again to the byte by its name, and as a table', async () => {
    const text = async (query: string): Promise<{ status: number; body: string; type: string | null }> => {
      const answer = await fetch(`${running[0]!.origin}/api/experiments/${EXPERIMENT}/results${query}`, { headers: { authorization: `Bearer ${TOKEN}` } });
      return { status: answer.status, body: await answer.text(), type: answer.headers.get('content-type') };
    };
    const first = await text('?startDate=2026-03-01&endDate=2026-03-02');
    const { name } = (JSON.parse(first.body) as ExperimentResults).coverage;
    expect(await text(`?coverage=${name}`)).toEqual(first);
    const table = await text(`?coverage=${name}&format=csv`);
    expect([table.type, table.body.split('\r\n')[1]!.split(',')[0]]).toEqual(['text/csv; charset=utf-8; header=present', `"${EXPERIMENT}"`]);
    expect((await text(`?coverage=${'0'.repeat(64)}`)).status).toBe(404);
    for (const query of ['?coverage=x', '?format=xml', `?coverage=${name}&method=fixed`]) expect((await text(query)).status).toBe(400);
  });

  it('corrects the evidence and takes that back, with both reports side by side', async () => {
    const before = await until(() => results(), complete);
    const published = async (): Promise<boolean> => (await ask<CorrectionAnswer>(`/api/corrections/${made.body.id}`)).body.experiments[0]!.before !== null;
    const made = await ask<CorrectionAnswer>('/api/corrections', { method: 'POST', body: JSON.stringify({ kind: 'subjects', reason: 'these drivers are staff', subjects: ['u0', 'u2', 'u1'], experimentId: EXPERIMENT }) });
    expect([made.status, made.body.status, made.headers.get('location')]).toEqual([201, 'active', `/api/corrections/${made.body.id}`]);
    const corrected = await until(() => results(), (report) => report.excluded.byRule?.[`correction ${made.body.id}`] === 3);
    expect(corrected.variants.map(({ sampleSize }) => sampleSize)).toEqual([SUBJECTS / 2 - 2, SUBJECTS / 2 - 1]);
    expect(corrected.coverage.corrections).toEqual([made.body.id]);
    expect(await published()).toBe(true);
    const { body } = await ask<CorrectionAnswer>(`/api/corrections/${made.body.id}`);
    expect(body.experiments).toMatchObject([{ experimentId: EXPERIMENT, pending: false, before: { excluded: { multipleVariants: 0 } }, after: { excluded: { byRule: { [`correction ${made.body.id}`]: 3 } } } }]);
    expect((await ask(`/api/corrections/${made.body.id}`, { method: 'DELETE', token: VIEWER })).status).toBe(403);
    expect((await ask<CorrectionAnswer>(`/api/corrections/${made.body.id}`, { method: 'DELETE' })).body.status).toBe('reverted');
    const after = await until(() => results(), (report) => report.excluded.byRule === undefined);
    expect(withoutOffsets(after)).toBe(withoutOffsets(before));
    expect((await ask('/api/corrections', { method: 'POST', body: '{"kind":"broken","reason":"x"}' })).status).toBe(400);
    expect((await ask<{ items: object[] }>('/api/corrections')).body.items).toMatchObject([{ id: made.body.id, status: 'reverted', createdBy: expect.any(String) }]);
  }, 90_000);

  it('offers what dashboards and alert rules ask for', async () => {
    const text = await (await fetch(`${running[0]!.origin}/metrics`)).text();
    const value = (series: string): number => Number(new RegExp(`^${series.replace(/[{}]/g, '\\$&')} (.*)$`, 'm').exec(text)?.[1]);
    const of = (labels: string): string => `{${labels},service="analytics"}`;
    expect(value(`pataka_experiments${of('status="ACTIVE"')}`)).toBe(1);
    expect(value(`pataka_experiment_subjects${of(`experiment="${EXPERIMENT}-key",variant="control"`)}`)).toBe(1200);
    expect(value(`pataka_experiment_conversion_ratio${of(`experiment="${EXPERIMENT}-key",variant="treatment"`)}`)).toBe(0.4);
    expect(value(`pataka_experiment_p_value${of(`experiment="${EXPERIMENT}-key"`)}`)).toBeLessThan(0.001);
    expect(value(`pataka_alerts_raised${of('severity="info"')}`)).toBe(1);
    expect([value('pataka_outbox_pending{service="analytics"}'), value('pataka_projection_lag_records{service="analytics"}')]).toEqual([0, 0]);
  });

  it('rebuilds the same evidence from the log', async () => {
    const { log } = running[0]!.infrastructure;
    const before = await results();
    const operations = openOperations({ databaseUrl, log });
    const report = await operations.runner.verify('evidence');
    expect(report.tables.filter((table) => table.live !== table.rebuilt)).toEqual([]);
    const replayed = await operations.runner.replay('evidence');
    expect(replayed.events).toBeGreaterThan(SUBJECTS);
    await operations.close();
    const after = await until(() => results(), complete);
    expect(withoutOffsets(after)).toBe(withoutOffsets(before));
  }, 120_000);

  it('sends a record that it cannot take to the dead letters, and goes on', async () => {
    const bad = exposureEvent(uuidv7(), { targetingKey: 'u1', experimentId: EXPERIMENT, variant: 'control', occurredAt: 'yesterday' });
    const late = exposureEvent(uuidv7(), { targetingKey: 'latecomer', experimentId: EXPERIMENT, variant: 'control', occurredAt: '2026-03-02T08:00:00Z' });
    await publish([recordOf(bad, 'u1'), recordOf(late, 'latecomer')]);
    await until(() => results(), (report) => report.variants[0]!.sampleSize === SUBJECTS / 2 + 1);
    const { log } = running[0]!.infrastructure;
    await until(async () => (await log.offsets(topics.deadLetters.name)).some(({ high }) => high !== '0'), (there) => there);
  }, 60_000);

  it('shows the timeline, and what was recorded of a subject, page by page', async () => {
    const timeline = await ask<{ days: { day: string; variants: { subjects: number; rate: number }[] }[] }>(`/api/experiments/${EXPERIMENT}-key/timeline`);
    expect(timeline.body.days.map(({ day }) => day)).toEqual(['2026-03-01', '2026-03-02', '2026-03-03', '2026-03-04', '2026-03-05']);
    const page = await ask<{ items: object[]; nextCursor: string | null }>('/api/subjects/u7/exposures?limit=1');
    expect(page.body).toMatchObject({ items: [{ targetingKey: 'u7', unit: 'u7', experimentId: EXPERIMENT, variant: 'treatment', occurredAt: '2026-03-02T08:00:00.000Z' }], nextCursor: null });
  });

  it('plans a test', async () => {
    const { body } = await ask<{ subjectsPerVariant: number }>('/api/power?baseline=0.1&minimumEffect=0.2');
    expect(body.subjectsPerVariant).toBe(3841);
    expect((await ask('/api/power?baseline=2&minimumEffect=0')).status).toBe(400);
  });

  it('answers only whom it may, and says what is wrong', async () => {
    expect((await ask(`/api/experiments/${EXPERIMENT}/results`, { token: VIEWER })).status).toBe(200);
    expect((await ask(`/api/experiments/${EXPERIMENT}/results`, { token: SERVER })).status).toBe(403);
    expect((await ask('/api/metrics', { token: VIEWER, method: 'POST', body: '{"key":"x"}' })).status).toBe(403);
    expect((await ask(`/api/experiments/${EXPERIMENT}/results`, { token: 'nobody' })).status).toBe(401);
    expect((await ask('/api/experiments/none/results')).status).toBe(404);
    expect((await ask(`/api/experiments/${EXPERIMENT}/results?startDate=2026-02-30`)).status).toBe(400);
  });
});
