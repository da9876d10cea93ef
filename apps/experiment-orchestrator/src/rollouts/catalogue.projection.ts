import { type Calendar, type JsonObject, type MetricChange, type MetricDefinition, type SegmentChange, topics } from '@pataka/contracts';
import { type Projection, type ReceivedEvent, rowProjection } from '@pataka/event-sourcing';

export const CATALOGUE = 'rollout-catalogue';

/** What rollouts have to know of things that others keep: that a segment is there, where a region lies, a calendar's dates, a metric's direction. */
export type CatalogueRow =
  | { kind: 'segment' } | { kind: 'region'; parent?: string } | { kind: 'calendar'; calendar: Calendar } | { kind: 'metric'; metric: MetricDefinition };

const catalogued = ({ kind, key, after }: SegmentChange): CatalogueRow | null => {
  if (after === null) return null;
  switch (kind) {
    case 'segment': return { kind };
    case 'region': return { kind, ...(typeof after['parent'] === 'string' ? { parent: after['parent'] } : {}) };
    case 'calendar': return { kind, calendar: { ...(after as JsonObject & { periods: [] }), key } as unknown as Calendar };
  }
};

type Change = Partial<MetricChange> | Partial<SegmentChange>;
const isMetric = (data: Change): data is MetricChange => 'metric' in data && data.metric !== undefined;
const isPlace = (data: Change): data is SegmentChange => 'kind' in data && ['segment', 'region', 'calendar'].includes(data.kind ?? '') && data.after !== undefined;

// Corrections and parts of lists travel on the same topics, and are nothing to rollouts.
const keyOf = (event: ReceivedEvent): string | null => {
  const data = event.data as unknown as Change | null;
  if (data === null || typeof data !== 'object') return null;
  if (isMetric(data)) return `metric:${data.metric.key}`;
  return isPlace(data) ? `${data.kind}:${data.key}` : null;
};

/** Segments, regions, calendars and metrics, as far as rollouts depend on them. */
export const catalogueProjection: Projection = rowProjection<CatalogueRow>({
  name: CATALOGUE,
  topics: [topics.segmentChanges.name, topics.metricChanges.name],
  keyOf,
  evolve: (_row, event) => {
    const data = event.data as unknown as MetricChange | SegmentChange;
    return isMetric(data) ? { kind: 'metric', metric: data.metric } : catalogued(data);
  },
});
