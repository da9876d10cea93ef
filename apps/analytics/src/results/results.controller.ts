import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { DomainError, type ExperimentResults } from '@pataka/contracts';
import { parameter, type Query as QueryOf } from '@pataka/platform';
import { metricsOf } from '../evidence/evidence-plan';
import { EvidenceReader } from './evidence-reader';
import { requestOf, type PeriodQuery } from './period';
import { reportOf } from './report';
import { timelineOf, type Timeline } from './timeline';

const periodOf = (query: QueryOf): PeriodQuery =>
  Object.fromEntries(['startDate', 'endDate', 'method'].flatMap((name) => {
    const value = parameter(query, name);
    return value === undefined ? [] : [[name, value]];
  }));

@Controller('api/experiments')
export class ResultsController {
  constructor(@Inject(EvidenceReader) private readonly evidence: EvidenceReader) {}

  @Get(':id/results')
  async results(@Param('id') id: string, @Query() query: QueryOf): Promise<ExperimentResults> {
    const input = await this.evidence.input(id);
    return reportOf(input, requestOf(periodOf(query), input));
  }

  @Get(':id/timeline')
  async timeline(@Param('id') id: string, @Query() query: QueryOf): Promise<Timeline> {
    const input = await this.evidence.input(id);
    const key = parameter(query, 'metric');
    const metric = metricsOf(input.experiment, input.catalogue).find((one) => one.key === key);
    if (key !== undefined && metric === undefined) throw new DomainError('validation', 'the metric is not one of the experiment', [{ pointer: '/metric', detail: `the experiment has no metric "${key.slice(0, 128)}"` }]);
    return timelineOf(input, metric);
  }
}
