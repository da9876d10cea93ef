/** One measurement at one instant. The same measurement, tags and instant written twice is one point. */
export interface Point {
  measurement: string;
  /** Of bounded variety: every combination is a series of its own. */
  tags: Readonly<Record<string, string>>;
  /** Numbers must be finite. */
  fields: Readonly<Record<string, number | boolean | string>>;
  /** Milliseconds since the epoch. */
  at: number;
}

/**
 * The port to a time-series store for dashboards. Nothing else reads it, so nobody waits for it: `write` resolves once the points are queued,
 * in bounded memory, and never rejects.
 */
export abstract class TimeSeries {
  abstract write(points: readonly Point[]): Promise<void>;
  /** Resolves when everything queued so far is stored or given up, or after `limitMs`; false when some is still queued. */
  abstract flush(limitMs?: number): Promise<boolean>;
  abstract healthy(): boolean;
  abstract close(): Promise<void>;
}

/** No store: the roll-ups in PostgreSQL are all there is. */
export class NoTimeSeries extends TimeSeries {
  write(): Promise<void> {
    return Promise.resolve();
  }
  flush(): Promise<boolean> {
    return Promise.resolve(true);
  }
  healthy(): boolean {
    return true;
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}
