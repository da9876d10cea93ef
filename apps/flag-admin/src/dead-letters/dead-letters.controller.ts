import { Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { DomainError } from '@pataka/contracts';
import { Database, EventLog, EventStore, handle, isWhole, ProjectionRunner, quoted, readDeadLetter, replayDeadLetter } from '@pataka/event-sourcing';
import { Command, cut, listed, pageOf, parameter, type Answer, type HttpCommandContext, type Query as QueryOf } from '@pataka/platform';
import { refuse } from '../faults/faults';
import { deadLetterAggregate, type Replayed } from './dead-letter.decider';
import { deadLettersProjection, type LetterRow } from './dead-letters.projection';

interface Row { row: LetterRow; replayed: Replayed | null }
type Listed = Omit<LetterRow, 'at'> & Partial<Replayed>;

const PATH = '/api/dead-letters';
const CURSOR = /^[^|]{1,64}\|[\w-]{1,128}$/;
const STATES = ['waiting', 'replayed'];

const told = ({ row: { at: _, ...letter }, replayed }: Row): Listed => ({ ...letter, ...replayed });

/** Records that could not be taken: what, where from, and why; and back with them once the reason is gone. */
@Controller('api/dead-letters')
export class DeadLettersController {
  constructor(
    @Inject(Database) private readonly database: Database, @Inject(ProjectionRunner) private readonly runner: ProjectionRunner, @Inject(EventStore) private readonly store: EventStore,
    @Inject(EventLog) private readonly log: EventLog,
  ) {}

  @Get()
  async list(@Query() query: QueryOf): Promise<Answer> {
    const { limit, after } = pageOf(query, CURSOR);
    const state = parameter(query, 'state');
    if (state !== undefined && !STATES.includes(state)) refuse([{ pointer: '/state', detail: `must be one of ${STATES.join(', ')}` }]);
    const [failedAt = null, id = null] = after === '' ? [] : after.split('|');
    const found = await this.rows(
      `WHERE ($1::text IS NULL OR (r.row->>'failedAt', r.key) < ($1, $2)) AND ($3::text IS NULL OR r.row->>'topic' = $3) AND ($4::text IS NULL OR r.row->>'consumer' = $4)
         AND ($5::text IS NULL OR ($5 = 'replayed') = (d.key IS NOT NULL)) ORDER BY r.row->>'failedAt' DESC, r.key DESC LIMIT $6`,
      [failedAt, id, parameter(query, 'topic') ?? null, parameter(query, 'consumer') ?? null, state ?? null, limit + 1],
    );
    const { rows, last } = cut(found, limit, ({ row }) => `${row.failedAt}|${row.id}`);
    return listed(PATH, query, rows.map(told), last);
  }

  @Get(':id')
  async read(@Param('id') id: string): Promise<object> {
    const row = await this.find(id);
    const letter = await readDeadLetter(this.log, row.row.at);
    return letter === null ? told(row) : { ...told(row), headers: letter.headers, value: letter.value, encoding: letter.encoding };
  }

  /** The log first: what is published twice is taken once, what is only noted never. */
  @Post(':id/replay')
  @HttpCode(200)
  async replay(@Param('id') id: string, @Command() context: HttpCommandContext): Promise<Listed> {
    const row = await this.find(id);
    const letter = await readDeadLetter(this.log, row.row.at);
    if (letter === null || !isWhole(letter)) throw new DomainError('illegal-transition', 'The record itself is not in the letter, since it was too large: publish it again from where it is');
    await replayDeadLetter(this.log, letter);
    const { document } = await handle(this.store, deadLetterAggregate, id, { type: 'dead-letter.replayed', data: { topic: letter.topic, consumer: letter.consumer } }, context);
    return told({ ...row, replayed: document as unknown as Replayed });
  }

  private async find(id: string): Promise<Row> {
    const [row] = await this.rows('WHERE r.key = $1', [id]);
    if (row === undefined) throw new DomainError('not-found', 'There is no such dead letter');
    return row;
  }

  private async rows(rest: string, parameters: readonly unknown[]): Promise<Row[]> {
    const schema = await this.runner.liveSchema(deadLettersProjection.name);
    return this.database.query<Row>(
      `SELECT r.row, d.document AS replayed FROM ${quoted(schema)}.rows r LEFT JOIN ${quoted(this.store.schema)}.documents d ON d.category = 'dead-letter' AND d.key = r.key ${rest}`, parameters,
    );
  }
}
