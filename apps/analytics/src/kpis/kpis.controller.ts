import { Controller, Get, Inject, Query } from '@nestjs/common';
import type { KpiReport } from '@pataka/contracts';
import { Answer, cut, listed, pageOf, type Query as QueryOf } from '@pataka/platform';
import { kpiRequest } from './kpi-request';
import { kpiReport } from './kpis';
import { OverviewReader } from './overview-reader';

const MOST_EXPERIMENTS = 20;
const EXPERIMENT_ID = /^[^\p{Cc}]{1,128}$/u;

/** How the business does, and what runs. */
@Controller('api')
export class KpisController {
  constructor(@Inject(OverviewReader) private readonly reader: OverviewReader) {}

  @Get('kpis')
  async kpis(@Query() query: QueryOf): Promise<KpiReport> {
    const request = kpiRequest(query, this.reader.today());
    return kpiReport(await this.reader.kpiDays(request.from, request.until), request);
  }

  @Get('overview')
  async overview(@Query() query: QueryOf): Promise<Answer> {
    const page = pageOf(query, EXPERIMENT_ID);
    const limit = Math.min(page.limit, MOST_EXPERIMENTS);
    const { rows, last } = cut(await this.reader.running(page.after, limit + 1), limit, ({ id }) => id);
    const answer = listed('/api/overview', query, rows, last);
    return new Answer(answer.status, { ...(await this.reader.counts()), ...(answer.body as object) }, answer.headers);
  }
}
