import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { DomainError, type ExperimentResults, type Fault } from '@pataka/contracts';
import { Answer, parameter, type Query as QueryOf } from '@pataka/platform';
import { metricsOf } from '../evidence/evidence-plan';
import { EvidenceReader } from './evidence-reader';
import type { PeriodQuery } from './period';
import { reportCsv } from './report-csv';
import { ReportDesk } from './report-desk';
import { ReportStore } from './report-store';
import { timelineOf, type Timeline } from './timeline';

const PERIOD = ['startDate', 'endDate', 'method'] as const;
const NAME = /^[0-9a-f]{64}$/;
const formats = ['json', 'csv'] as const;
type Format = (typeof formats)[number];

const periodOf = (query: QueryOf): PeriodQuery =>
  Object.fromEntries(PERIOD.flatMap((name) => {
    const value = parameter(query, name);
    return value === undefined ? [] : [[name, value]];
  }));

/** A report that is asked for by name, and in which form; everything else of it follows from the name. */
const namedOf = (query: QueryOf): { name: string | null; format: Format | null } => {
  const [name, format] = [parameter(query, 'coverage') ?? null, parameter(query, 'format') ?? null];
  const strangers = name === null ? [] : PERIOD.filter((other) => parameter(query, other) !== undefined);
  const faults: Fault[] = strangers.map((other) => ({ pointer: `/${other}`, detail: 'does not go with coverage: the named report has its own' }));
  if (name !== null && !NAME.test(name)) faults.push({ pointer: '/coverage', detail: 'must be the coverage.name of a report' });
  if (format !== null && !formats.includes(format as Format)) faults.push({ pointer: '/format', detail: `must be one of ${formats.join(', ')}` });
  if (faults.length > 0) throw new DomainError('validation', 'the request is not valid', faults);
  return { name, format: format as Format | null };
};

const answerOf = (document: string, format: Format | null): Answer => {
  if (format === null) return new Answer(200, document, { 'content-type': 'application/json; charset=utf-8' });
  const { experimentId } = JSON.parse(document) as ExperimentResults;
  const attached = { 'content-disposition': `attachment; filename="results-${experimentId.replace(/[^\w.-]/g, '_')}.${format}"` };
  if (format === 'json') return new Answer(200, document, { ...attached, 'content-type': 'application/json; charset=utf-8' });
  return new Answer(200, reportCsv(JSON.parse(document) as ExperimentResults), { ...attached, 'content-type': 'text/csv; charset=utf-8; header=present' });
};

@Controller('api/experiments')
export class ResultsController {
  private readonly desk: ReportDesk;

  constructor(@Inject(EvidenceReader) private readonly evidence: EvidenceReader, @Inject(ReportStore) private readonly reports: ReportStore) {
    this.desk = new ReportDesk({ evidence, reports, nowMs: () => performance.now() });
  }

  @Get(':id/results')
  async results(@Param('id') id: string, @Query() query: QueryOf): Promise<Answer> {
    const { name, format } = namedOf(query);
    return answerOf(await (name === null ? this.desk.answer(id, periodOf(query)) : this.named(id, name)), format);
  }

  @Get(':id/timeline')
  async timeline(@Param('id') id: string, @Query() query: QueryOf): Promise<Timeline> {
    const input = await this.evidence.input(id);
    const key = parameter(query, 'metric');
    const metric = metricsOf(input.experiment, input.catalogue).find((one) => one.key === key);
    if (key !== undefined && metric === undefined) throw new DomainError('validation', 'the metric is not one of the experiment', [{ pointer: '/metric', detail: `the experiment has no metric "${key.slice(0, 128)}"` }]);
    return timelineOf(input, metric);
  }

  private async named(id: string, name: string): Promise<string> {
    const [experiment, kept] = [await this.evidence.idOf(id), await this.reports.find(name)];
    if (kept.experiment !== experiment) throw new DomainError('not-found', 'The report of that name is of another experiment');
    return kept.document;
  }
}
