import { alertSeverities, experimentStatuses, type ExperimentOverview, type Overview } from '@pataka/contracts';
import type { Database, ProjectionRunner } from '@pataka/event-sourcing';
import { ALERTS } from '../alerts/alerts.projection';
import { EVIDENCE } from '../evidence/evidence.projection';
import { dayOf, dayText, parseInstant, type Day } from '../evidence/instant';
import type { EvidenceReader } from '../results/evidence-reader';
import { NO_EXPERIMENT } from './kpi-tally';
import type { KpiDay } from './kpis';
import { overviewOf } from './overview';

interface Parts { database: Database; runner: Pick<ProjectionRunner, 'liveSchema'>; evidence: Pick<EvidenceReader, 'active' | 'input'>; now: () => string }

const countsBy = <Name extends string>(names: readonly Name[], found: readonly { name: string; count: string }[]): Record<Name, number> =>
  Object.fromEntries(names.map((name) => [name, Number(found.find((row) => row.name === name)?.count ?? 0)])) as Record<Name, number>;

/** Reads how the business does, and what runs. */
export class OverviewReader {
  constructor(private readonly parts: Parts) {}

  today(): Day {
    return dayOf(parseInstant(this.parts.now()) ?? 0);
  }

  async counts(): Promise<Pick<Overview, 'day' | 'experiments' | 'alerts'>> {
    const { runner, database } = this.parts;
    const evidence = await runner.liveSchema(EVIDENCE);
    const experiments = await database.query<{ name: string; count: string }>(`SELECT document->>'status' AS name, count(*) AS count FROM ${evidence}.experiment GROUP BY 1`);
    const schema = await runner.liveSchema(ALERTS);
    const alerts = await database.query<{ name: string; count: string }>(`SELECT document->>'severity' AS name, count(*) AS count FROM ${schema}.alerts WHERE status = 'raised' GROUP BY 1`);
    return { day: dayText(this.today()), experiments: countsBy(experimentStatuses, experiments), alerts: countsBy(alertSeverities, alerts) };
  }

  /** Running experiments after an id, in order of id; one report each. */
  async running(after: string, limit: number): Promise<ExperimentOverview[]> {
    const ids = [...(await this.parts.evidence.active())].sort().filter((id) => id > after).slice(0, limit);
    const today = this.today();
    const found: ExperimentOverview[] = [];
    for (const id of ids) found.push(overviewOf(await this.parts.evidence.input(id), today));
    return found;
  }

  /** Daily sums of the key figures; days both inclusive. */
  async kpiDays(from: Day, until: Day): Promise<KpiDay[]> {
    const schema = await this.parts.runner.liveSchema(EVIDENCE);
    const rows = await this.parts.database.query<{ metric: string; day: number; events: string; sum: string }>(
      `SELECT metric, day, sum(n) AS events, sum(y) AS sum FROM ${schema}.sums WHERE experiment = $1 AND axis = 'happened' AND variant = '' AND day BETWEEN $2 AND $3
       GROUP BY metric, day ORDER BY metric, day`, [NO_EXPERIMENT, from, until]);
    return rows.map(({ metric, day, events, sum }) => ({ metric, day, events: Number(events), sum: BigInt(sum) }));
  }
}
