import type { Database, OutboxRelay, ProjectionRunner } from '@pataka/event-sourcing';
import { NoTimeSeries, outboxMetrics, readGauge, type Infrastructure } from '@pataka/platform';
import { EVIDENCE, evidenceTopics } from '../evidence/evidence.projection';
import { TimeSeriesSink } from '../evidence/time-series-sink';
import type { EvidenceReader } from '../results/evidence-reader';
import { BusinessMetrics } from './business-metrics';
import { KpiSink } from './kpi-sink';
import { OverviewReader } from './overview-reader';

interface Parts {
  infrastructure: Pick<Infrastructure, 'metrics' | 'timeSeries' | 'log'>; database: Database; runner: ProjectionRunner; evidence: EvidenceReader; relay: OutboxRelay;
  now: () => string;
  onError: (error: Error) => void;
}
/** `overviews` reads what the dashboards show. */
export interface Dashboards { overviews: OverviewReader; start(): void; stop(): Promise<void> }

const lagOf = async (log: Infrastructure['log'], runner: ProjectionRunner): Promise<number> => {
  const ends = await Promise.all(evidenceTopics.map((topic) => log.offsets(topic)));
  const taken = (await runner.checkpoints(EVIDENCE)).reduce((sum, { offset }) => sum + Number(offset), 0);
  return Math.max(0, ends.flat().reduce((sum, { high }) => sum + Number(high), 0) - taken);
};

/** What dashboards read of analytics: gauges for Prometheus, and for the time series counts as they come in and the key figures. */
export const dashboards = ({ infrastructure: { metrics, timeSeries, log }, database, runner, evidence, relay, now, onError }: Parts): Dashboards => {
  const overviews = new OverviewReader({ database, runner, evidence, now });
  const counts = new TimeSeriesSink({ database, runner, timeSeries, onError });
  const figures = new KpiSink({ reads: overviews, timeSeries, onError });
  new BusinessMetrics(metrics, overviews);
  outboxMetrics(metrics, relay, Date.now);
  readGauge(metrics, { name: 'pataka_projection_lag_records', help: 'Records of the log that the evidence has not taken yet' }, () => lagOf(log, runner));
  return {
    overviews,
    start: () => {
      counts.start();
      if (!(timeSeries instanceof NoTimeSeries)) figures.start();
    },
    stop: async () => void (await Promise.all([counts.stop(), figures.stop()])),
  };
};
