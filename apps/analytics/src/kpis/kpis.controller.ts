import { Controller, Get, Inject, Query } from '@nestjs/common';
import { alertSeverities, experimentStatuses, type ExperimentOverview, type KpiReport, type Overview } from '@pataka/contracts';
import { Database, EventStore, ProjectionRunner } from '@pataka/event-sourcing';
import { Answer, cut, listed, pageOf, type Query as QueryOf } from '@pataka/platform';
import { ALERTS } from '../alerts/alerts.projection';
import { EVIDENCE } from '../evidence/evidence.projection';
import { dayOf, dayText, parseInstant, type Day } from '../evidence/instant';
import { EvidenceReader } from '../results/evidence-reader';
import { kpiRequest } from './kpi-request';
import { kpiReport } from './kpis';
import { NO_EXPERIMENT } from './kpi-tally';
import { overviewOf } from './overview';

const MOST_EXPERIMENTS = 20;
const EXPERIMENT_ID = /^[^\p{Cc}]{1,128}$/u;

/** How the business does, and what runs. */
@Controller('api')
export class KpisController {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(ProjectionRunner) private readonly runner: ProjectionRunner,
    @Inject(EvidenceReader) private readonly evidence: EvidenceReader,
    @Inject(EventStore) private readonly store: EventStore,
  ) {}

  @Get('kpis')
  async kpis(@Query() query: QueryOf): Promise<KpiReport> {
    const request = kpiRequest(query, this.today());
    const schema = await this.runner.liveSchema(EVIDENCE);
    const rows = await this.database.query<{ metric: string; day: number; events: string; sum: string }>(
      `SELECT metric, day, sum(n) AS events, sum(y) AS sum FROM ${schema}.sums WHERE experiment = $1 AND axis = 'happened' AND variant = '' AND day BETWEEN $2 AND $3
       GROUP BY metric, day ORDER BY metric, day`, [NO_EXPERIMENT, request.from, request.until]);
    return kpiReport(rows.map(({ metric, day, events, sum }) => ({ metric, day, events: Number(events), sum: BigInt(sum) })), request);
  }

  @Get('overview')
  async overview(@Query() query: QueryOf): Promise<Answer> {
    const page = pageOf(query, EXPERIMENT_ID);
    const limit = Math.min(page.limit, MOST_EXPERIMENTS);
    const active = [...(await this.evidence.active())].sort().filter((id) => id > page.after);
    const { rows, last } = cut(active.slice(0, limit + 1), limit, (id) => id);
    const today = this.today();
    const items: ExperimentOverview[] = [];
    for (const id of rows) items.push(overviewOf(await this.evidence.input(id), today));
    const counts: Omit<Overview, 'items' | 'nextCursor'> = { day: dayText(today), experiments: await this.experiments(), alerts: await this.alerts() };
    const answer = listed('/api/overview', query, items, last);
    return new Answer(answer.status, { ...counts, ...(answer.body as object) }, answer.headers);
  }

  private today(): Day {
    return dayOf(parseInstant(this.store.now()) ?? 0);
  }

  private async experiments(): Promise<Overview['experiments']> {
    const schema = await this.runner.liveSchema(EVIDENCE);
    const found = await this.database.query<{ name: string; count: string }>(`SELECT document->>'status' AS name, count(*) AS count FROM ${schema}.experiment GROUP BY 1`);
    return countsBy(experimentStatuses, found);
  }

  private async alerts(): Promise<Overview['alerts']> {
    const schema = await this.runner.liveSchema(ALERTS);
    const found = await this.database.query<{ name: string; count: string }>(`SELECT document->>'severity' AS name, count(*) AS count FROM ${schema}.alerts WHERE status = 'raised' GROUP BY 1`);
    return countsBy(alertSeverities, found);
  }
}

const countsBy = <Name extends string>(names: readonly Name[], found: readonly { name: string; count: string }[]): Record<Name, number> =>
  Object.fromEntries(names.map((name) => [name, Number(found.find((row) => row.name === name)?.count ?? 0)])) as Record<Name, number>;
