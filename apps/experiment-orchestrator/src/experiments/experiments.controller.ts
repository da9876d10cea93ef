import { Body, Controller, Get, HttpCode, Inject, Param, Patch, Post, Query } from '@nestjs/common';
import { CloneExperiment, CompleteExperiment, CreateExperiment, DomainError, type Experiment, type ExperimentEvent, experimentStatuses, KEY_PATTERN, PatchExperiment, StartExperiment, parse } from '@pataka/contracts';
import { EventStore, handle, type Sql, uuidv7 } from '@pataka/event-sourcing';
import { type Answer, type Clock, Command, created, cut, historyOf, type HttpCommandContext, listed, pageOf, parameter, type Query as QueryOf, requireIfMatch, versioned } from '@pataka/platform';
import { type ExperimentCommand, experimentAggregate } from './experiment.decider';
import { cloneOf } from './clone';
import { ExperimentChecks } from './experiment-checks';
import { ExperimentReads } from './experiment-reads';
import { Placements } from '../layers/placement';
import { CLOCK } from './planning.controller';

const PATH = '/api/experiments';

/** A status that there is: a misspelt one would find nothing and say nothing. */
const statusOf = (query: QueryOf): string | undefined => {
  const status = parameter(query, 'status');
  const detail = `must be one of ${experimentStatuses.join(', ')}`;
  if (status !== undefined && !experimentStatuses.some((known) => known === status)) throw new DomainError('validation', `/status ${detail}`, [{ pointer: '/status', detail }]);
  return status;
};

@Controller('api/experiments')
export class ExperimentsController {
  constructor(
    @Inject(EventStore) private readonly store: EventStore,
    @Inject(ExperimentReads) private readonly reads: ExperimentReads,
    @Inject(ExperimentChecks) private readonly checks: ExperimentChecks,
    @Inject(Placements) private readonly placements: Placements,
    @Inject(CLOCK) private readonly now: Clock,
  ) {}

  @Get()
  async list(@Query() query: QueryOf): Promise<Answer> {
    const page = pageOf(query, KEY_PATTERN);
    const found = await this.reads.list({ ...page, limit: page.limit + 1 }, { status: statusOf(query), search: parameter(query, 'search') });
    const { rows, last } = cut(found, page.limit, (row) => row.key);
    return listed(PATH, query, await this.reads.withResults(rows.map((row) => row.document)), last);
  }

  @Post()
  async create(@Body() given: unknown, @Command() context: HttpCommandContext): Promise<Answer> {
    return this.make(parse(CreateExperiment, given), context);
  }

  @Post(':id/clone')
  async clone(@Param('id') id: string, @Body() given: unknown, @Command() context: HttpCommandContext): Promise<Answer> {
    const overrides = parse(CloneExperiment, given);
    const { document } = await this.reads.find(id);
    return this.make(cloneOf(document, overrides), context, document.id);
  }

  @Get(':id')
  async one(@Param('id') id: string): Promise<Answer> {
    const row = await this.reads.find(id);
    const [document] = await this.reads.withResults([row.document]);
    return versioned({ version: row.version, document: document! });
  }

  @Patch(':id')
  async patch(@Param('id') id: string, @Body() given: unknown, @Command() context: HttpCommandContext): Promise<Answer> {
    requireIfMatch(context);
    const patch = parse(PatchExperiment, given);
    await this.checks.refuseUnknown(patch);
    const { layer } = patch;
    if (layer === undefined) return this.act(id, { type: 'ChangeExperiment', patch }, context);
    const { document } = await this.reads.find(id);
    return versioned(await this.run(document.id, async (sql, state) => ({ type: 'ChangeExperiment', patch, placement: await this.placements.growthOf(sql, state, layer) }), context));
  }

  @Post(':id/start')
  @HttpCode(200)
  async start(@Param('id') id: string, @Body() given: unknown, @Command() context: HttpCommandContext): Promise<Answer> {
    const { force = false } = parse(StartExperiment, given ?? {});
    const { document } = await this.reads.find(id);
    // What cannot start has no place; and nobody can take the place between the look and the start.
    return versioned(await this.run(document.id, async (sql, state) => ({ type: 'StartExperiment', force, now: this.now(), ...(state?.status === 'DRAFT' ? { placement: await this.placements.placementOf(sql, state) } : {}) }), context));
  }

  @Post(':id/pause')
  @HttpCode(200)
  pause(@Param('id') id: string, @Command() context: HttpCommandContext): Promise<Answer> {
    return this.act(id, { type: 'PauseExperiment', now: this.now() }, context);
  }

  @Post(':id/resume')
  @HttpCode(200)
  resume(@Param('id') id: string, @Command() context: HttpCommandContext): Promise<Answer> {
    return this.act(id, { type: 'ResumeExperiment', now: this.now() }, context);
  }

  @Post(':id/complete')
  @HttpCode(200)
  complete(@Param('id') id: string, @Body() given: unknown, @Command() context: HttpCommandContext): Promise<Answer> {
    return this.act(id, { type: 'CompleteExperiment', ...parse(CompleteExperiment, given ?? {}) }, context);
  }

  @Post(':id/rollback')
  @HttpCode(200)
  rollBack(@Param('id') id: string, @Command() context: HttpCommandContext): Promise<Answer> {
    return this.act(id, { type: 'RollBackExperiment' }, context);
  }

  @Post(':id/archive')
  @HttpCode(200)
  archive(@Param('id') id: string, @Command() context: HttpCommandContext): Promise<Answer> {
    return this.act(id, { type: 'ArchiveExperiment' }, context);
  }

  @Get(':id/history')
  async history(@Param('id') id: string, @Query() query: QueryOf): Promise<Answer> {
    const { document } = await this.reads.find(id);
    const history = await historyOf(this.store, `experiment:${document.id}`, `${PATH}/${document.id}/history`, query);
    if (history === null) throw new DomainError('experiment-not-found');
    return history;
  }

  private async make(body: CreateExperiment, context: HttpCommandContext, clonedFrom?: string): Promise<Answer> {
    await this.checks.refuseFaulty(body);
    const id = this.idFor(context);
    const handled = await this.run(id, async (sql) => {
      if (await this.reads.keyTaken(sql, body.key)) throw new DomainError('already-exists', `The key "${body.key}" is taken, in this or another case`);
      return { type: 'CreateExperiment', id, body, now: this.now(), ...(clonedFrom === undefined ? {} : { clonedFrom }) };
    }, context);
    return created(`${PATH}/${id}`, handled);
  }

  private async act(idOrKey: string, command: ExperimentCommand, context: HttpCommandContext): Promise<Answer> {
    const { document } = await this.reads.find(idOrKey);
    return versioned(await this.run(document.id, command, context));
  }

  private run(id: string, command: ExperimentCommand | ((sql: Sql, state: Experiment | null) => Promise<ExperimentCommand>), context: HttpCommandContext) {
    return handle<Experiment | null, ExperimentCommand, ExperimentEvent, Experiment>(this.store, experimentAggregate, id, command, context);
  }

  /** A retry has to name the stream that the first try made: the id follows from the idempotency key where there is one. */
  private idFor({ idempotency }: HttpCommandContext): string {
    return `exp_${(idempotency === undefined ? uuidv7() : this.reads.idFrom(idempotency.key, idempotency.fingerprint)).replaceAll('-', '')}`;
  }
}
