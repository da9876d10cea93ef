/** How a topic is made: see CONTRACTS section 3. `retentionMs` -1 is for ever. */
export interface TopicDefinition { name: string; partitions: number; cleanup: 'delete' | 'compact'; retentionMs: number }

const DAY_MS = 24 * 60 * 60 * 1000;
const forEver = (name: string, partitions: number): TopicDefinition => ({ name, partitions, cleanup: 'delete', retentionMs: -1 });

/** Every topic there is; created with these counts and retentions at start. */
export const topics = {
  flagChanges: forEver('pataka.flag-changes.v1', 1),
  segmentChanges: forEver('pataka.segment-changes.v1', 1),
  accessChanges: forEver('pataka.access-changes.v1', 1),
  experimentEvents: forEver('pataka.experiment-events.v1', 3),
  holdoutChanges: forEver('pataka.holdout-changes.v1', 1),
  metricChanges: forEver('pataka.metric-changes.v1', 1),
  exposures: forEver('pataka.exposures.v1', 12),
  conversions: forEver('pataka.conversions.v1', 12),
  evaluationCounts: { name: 'pataka.evaluation-counts.v1', partitions: 3, cleanup: 'delete', retentionMs: 30 * DAY_MS },
  experimentMetrics: { name: 'pataka.experiment-metrics.v1', partitions: 3, cleanup: 'compact', retentionMs: -1 },
  alerts: { name: 'pataka.alerts.v1', partitions: 1, cleanup: 'delete', retentionMs: 365 * DAY_MS },
  deadLetters: forEver('pataka.dead-letters.v1', 3),
} as const satisfies Record<string, TopicDefinition>;
