import { Controller, Get, Inject, Query } from '@nestjs/common';
import { DomainError } from '@pataka/contracts';
import { EventStore, type Stored, type StoreReport } from '@pataka/event-sourcing';
import { cut, listed, numberPageOf, parameter, toldOf, type Answer, type Query as QueryOf } from '@pataka/platform';

const countOf = (text: unknown): number => String(text).split('\n').length - 1;

/** A chunk has thousands of keys: how many is told here, which is asked of the list. */
const told = (event: Stored): object => {
  if (event.type !== 'segment-list.chunk-added') return toldOf(event);
  const data = event.data as Record<string, unknown>;
  return toldOf({ ...event, data: { ...data, added: countOf(data['added']), removed: countOf(data['removed']) } });
};

const isNewestFirst = (query: QueryOf): boolean => {
  const order = parameter(query, 'order') ?? 'asc';
  const detail = 'must be asc or desc';
  if (order !== 'asc' && order !== 'desc') throw new DomainError('validation', `order ${detail}`, [{ pointer: '/order', detail }]);
  return order === 'desc';
};

@Controller('api/audit')
export class AuditController {
  private checking: Promise<StoreReport & { ok: boolean; checkedAt: string }> | null = null;

  constructor(@Inject(EventStore) private readonly store: EventStore) {}

  /** One at a time, however many ask: it reads every event there is. */
  @Get('verify')
  async verify(): Promise<StoreReport & { ok: boolean; checkedAt: string }> {
    this.checking ??= this.check().finally(() => { this.checking = null; });
    return this.checking;
  }

  @Get()
  async list(@Query() query: QueryOf): Promise<Answer> {
    const { limit, after } = numberPageOf(query);
    const newest = { ...(after === 0 ? {} : { before: after }), limit: limit + 1 };
    const events = isNewestFirst(query) ? this.store.newest(newest) : this.store.all({ after, limit: limit + 1 });
    const { rows, last } = cut(await events, limit, (event) => event.position);
    return listed('/api/audit', query, rows.map((event) => ({ stream: event.streamId, ...told(event) })), last);
  }

  private async check(): Promise<StoreReport & { ok: boolean; checkedAt: string }> {
    const checkedAt = this.store.now();
    const report = await this.store.verify();
    return { ok: report.faults.length === 0, ...report, checkedAt };
  }
}
