/** What `GET /api/live` tells of. */
export const liveTypes = ['flag', 'segment', 'experiment', 'exposure', 'conversion', 'alert'] as const;
export type LiveType = (typeof liveTypes)[number];

/** One event of `GET /api/live` (`event: live`): who or what, in a line. Members that do not apply are absent. */
export interface LiveEvent {
  id: string; type: LiveType;
  /** An instant: when it happened. */
  at: string;
  /** `flag.activated`, `experiment.started`, `segment.updated`, an alert's kind. */
  change?: string;
  actor?: string; reason?: string; environment?: string; flagKey?: string; experimentId?: string; experimentKey?: string; variant?: string; metric?: string; value?: number;
  targetingKey?: string; unit?: string; key?: string; message?: { en: string; hi: string };
}

/**
 * Once a second where something happened (`event: rate`): how many exposures and conversions there were in about, how many were shown, and
 * 1 in how many that is. What does not fit a filter is neither.
 */
export interface LiveRate { at: string; exposures: number; conversions: number; shown: number; oneIn: number }
