import { routes, type ServiceName } from '@pataka/contracts';

interface Template { segments: readonly string[]; service: ServiceName; parameters: number }

const split = (path: string): string[] => path.split('/').slice(1);
const isParameter = (segment: string): boolean => segment.startsWith('{');
const common = new Set(['/', '/health/live', '/health/ready', '/metrics', '/openapi.json']);

const byLength = new Map<number, Template[]>();
for (const { path, service } of routes) {
  if (common.has(path)) continue;
  const segments = split(path);
  const known = byLength.get(segments.length) ?? [];
  known.push({ segments, service, parameters: segments.filter(isParameter).length });
  byLength.set(segments.length, known);
}
// A literal segment says more than a parameter: /api/experiments/{id}/results before /api/experiments/{id}/{action}.
for (const templates of byLength.values()) templates.sort((a, b) => a.parameters - b.parameters);

const fits = (template: Template, segments: readonly string[]): boolean =>
  template.segments.every((segment, index) => isParameter(segment) || segment === segments[index]);

/** Which service a path (without query) belongs to, by the table of routes; null when it is nobody's. */
export const serviceOf = (path: string): ServiceName | null => {
  if (path.startsWith('/ofrep/v1/') || path.startsWith('/v1/')) return 'evaluator';
  const segments = split(path);
  return byLength.get(segments.length)?.find((template) => fits(template, segments))?.service ?? null;
};
