import { Body, Controller, Delete, Get, Inject, Param, Post, Query } from '@nestjs/common';
import { DomainError, UUID_PATTERN, type Correction, type CorrectionAnswer, type CorrectionEffect } from '@pataka/contracts';
import { EventStore, handle, uuidv7 } from '@pataka/event-sourcing';
import { Command, created, cut, listed, pageOf, versioned, type Answer, type HttpCommandContext, type Query as QueryOf } from '@pataka/platform';
import { EvidenceReader } from '../results/evidence-reader';
import { wholePeriod } from '../results/period';
import { reportOf } from '../results/report';
import { ReportStore } from '../results/report-store';
import { correctionAggregate, type CorrectionCommand, type CorrectionEvent, type CorrectionState } from './correction.decider';

/** Corrections of the evidence: signed, reversible, for past and future. */
@Controller('api/corrections')
export class CorrectionsController {
  constructor(
    @Inject(EventStore) private readonly store: EventStore, @Inject(EvidenceReader) private readonly evidence: EvidenceReader, @Inject(ReportStore) private readonly reports: ReportStore,
  ) {}

  @Get()
  async list(@Query() query: QueryOf): Promise<Answer> {
    const { limit, after } = pageOf(query, UUID_PATTERN);
    const { rows, last } = cut(await this.store.documents<Correction>('correction', { after, limit: limit + 1 }), limit, (row) => row.key);
    return listed('/api/corrections', query, rows.map((row) => row.document), last);
  }

  @Post()
  async correct(@Body() body: unknown, @Command() context: HttpCommandContext): Promise<Answer> {
    const id = uuidv7();
    const handled = await this.run(id, { type: 'correct', id, body }, context);
    return created(`/api/corrections/${handled.document.id}`, handled);
  }

  @Get(':id')
  async one(@Param('id') id: string): Promise<Answer> {
    const row = await this.store.document<Correction>('correction', id);
    if (row === null) throw new DomainError('not-found', `There is no correction "${id}"`);
    const experiments: CorrectionEffect[] = [];
    for (const experiment of await this.evidence.touchedBy(row.document)) experiments.push(await this.effectOn(experiment, row.document));
    return versioned<CorrectionAnswer>({ ...row, document: { ...row.document, experiments } });
  }

  @Delete(':id')
  async revert(@Param('id') id: string, @Command() context: HttpCommandContext): Promise<Answer> {
    return versioned(await this.run(id, { type: 'revert', id }, context));
  }

  /** The last report that was published without the correction, and the one there is now; `pending` until the evidence follows the correction. */
  private async effectOn(experimentId: string, { id, status, createdAt }: Correction): Promise<CorrectionEffect> {
    const input = await this.evidence.input(experimentId);
    const pending = input.corrections.includes(id) !== (status === 'active');
    const after = reportOf(input, wholePeriod(input));
    return { experimentId, before: await this.reports.without(id, experimentId, createdAt), after: pending ? null : after, pending };
  }

  private run(id: string, command: CorrectionCommand, context: HttpCommandContext) {
    return handle<CorrectionState, CorrectionCommand, CorrectionEvent, Correction>(this.store, correctionAggregate, id, command, context);
  }
}
