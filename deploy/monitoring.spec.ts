import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { pointOf } from '../apps/analytics/src/evidence/time-series-sink';
import { kpiDefinitions } from '../apps/analytics/src/kpis/kpi-definitions';
import { kpiPoints } from '../apps/analytics/src/kpis/kpi-sink';
import { kpiReport } from '../apps/analytics/src/kpis/kpis';

const root = join(__dirname, '..');
const read = (path: string): string => readFileSync(join(__dirname, path), 'utf8');

const sourcesBelow = (directory: string): string[] => readdirSync(directory).flatMap((name) => {
  const path = join(directory, name);
  if (name === 'node_modules' || name === 'dist') return [];
  if (statSync(path).isDirectory()) return sourcesBelow(path);
  return name.endsWith('.ts') && !name.endsWith('.spec.ts') ? [path] : [];
});

/** Every metric and measurement that the code names in a literal of its own. */
const written = new Set(['apps', 'libs'].flatMap((directory) => sourcesBelow(join(root, directory))).flatMap((path) => [...readFileSync(path, 'utf8').matchAll(/'(pataka_[a-z_]+)'/g)].map(([, name]) => name!)));
const named = (text: string): string[] => [...new Set([...text.matchAll(/\bpataka_[a-z_]+/g)].map(([name]) => name.replace(/_(bucket|sum|count)$/, '')))];

interface Panel { id: number; title: string; type: string; datasource: { uid: string }; gridPos: { x: number; y: number; w: number; h: number }; targets: { expr?: string; query?: string }[] }
interface Dashboard { uid: string; title: string; panels: Panel[] }
const dashboards = readdirSync(join(__dirname, 'grafana/dashboards')).map((name): [string, Dashboard] => [name, JSON.parse(read(`grafana/dashboards/${name}`)) as Dashboard]);
const sources = (parse(read('grafana/provisioning/datasources/pataka.yaml')) as { datasources: { uid: string }[] }).datasources.map(({ uid }) => uid);

describe.each(dashboards)('the dashboard %s', (_name, dashboard) => {
  it('asks only for what there is', () => {
    const asked = named(JSON.stringify(dashboard.panels.map(({ targets }) => targets)));
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.filter((name) => !written.has(name))).toEqual([]);
    expect(dashboard.panels.filter(({ datasource, targets }) => !sources.includes(datasource.uid) || targets.some(({ expr, query }) => (expr ?? query ?? '') === '')).map(({ title }) => title)).toEqual([]);
  });

  it('lays its panels side by side', () => {
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) => Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`));
    expect(new Set(cells).size).toBe(cells.length);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    expect(dashboard.panels.every(({ gridPos }) => gridPos.x + gridPos.w <= 24)).toBe(true);
  });
});

describe('what dashboards ask of InfluxDB', () => {
  // The points as they are written, of the code that writes them.
  const total = { minute: 0, experiment: 'e', variant: 'v', events: '1', value: '1' };
  const points = [pointOf({ ...total, metric: '' }), pointOf({ ...total, metric: 'm' }), ...kpiPoints(kpiReport(kpiDefinitions.map(({ metric }) => ({ metric, day: 0, events: 1, sum: 1n })), { from: 0, until: 0, by: 'day' }))];
  const queries = dashboards.flatMap(([name, { panels }]) => panels.flatMap(({ title, targets }) => targets.flatMap(({ query }) => (query === undefined ? [] : [{ panel: `${name} ${title}`, query }]))));
  const all = (query: string, pattern: RegExp): string[] => [...query.matchAll(pattern)].map(([, name]) => name!);

  it.each(queries)('$panel: measurement, field and tags are written', ({ query }) => {
    const [[measurement], [field]] = [all(query, /_measurement == "(\w+)"/g), all(query, /_field == "(\w+)"/g)];
    const written = points.filter((point) => point.measurement === measurement);
    expect(written.filter(({ fields }) => field! in fields)).not.toEqual([]);
    for (const [, tag, value] of query.matchAll(/\br\.([a-z]\w*) == "(\w+)"/g)) expect(written.map(({ tags }) => tags[tag!])).toContain(value);
    for (const tag of all(query, /\bgroup\(columns: \["(\w+)"/g)) expect(written.every(({ tags }) => tag in tags)).toBe(true);
  });

  it('is asked at all', () => expect(queries.length).toBeGreaterThan(5));
});

describe('the alert rules', () => {
  interface Rule { alert: string; expr: string; labels: { severity: string }; annotations: { summary: string; action: string } }
  const rules = (parse(read('prometheus/rules.yml')) as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules);

  it('ask only for what there is, and say what to do', () => {
    expect(named(rules.map(({ expr }) => expr).join('\n')).filter((name) => !written.has(name))).toEqual([]);
    expect(rules.filter(({ labels, annotations }) => !['warning', 'critical'].includes(labels.severity) || annotations.summary === '' || annotations.action === '').map(({ alert }) => alert)).toEqual([]);
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  });
});
