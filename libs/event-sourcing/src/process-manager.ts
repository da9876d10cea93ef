import type { CommandContext } from './aggregate';
import type { Sql } from './database';
import type { ReceivedEvent } from './event-batch';
import type { Projection } from './projection';

/** A checkpointed consumer whose effects are commands. It has no tables, and is never replayed. */
export interface ProcessManager extends Projection {
  /** Answers an event by commands, each handled with `reactionContext`: it may be called again for the same event. `sql` is for reading. */
  react(event: ReceivedEvent, sql: Sql): Promise<void>;
}

/**
 * Makes a process manager for `ProjectionRunner`. Commands are transactions of their own, and the checkpoint moves after them: after a crash
 * an event is met again, and the commands' idempotency keys make that harmless.
 */
export const processManager = (definition: Pick<ProcessManager, 'name' | 'topics' | 'react'>): ProcessManager => ({
  ...definition,
  tables: [],
  create: () => '',
  apply: async (sql, _schema, batch) => {
    for (const event of batch.events) await definition.react(event, sql);
    return [];
  },
});

/** Whether the runner has to call `react`. */
export const isProcessManager = (projection: Projection): projection is ProcessManager => 'react' in projection;

/** Context of the n-th command that answers an event: caused by it, correlated with it, and done once however often it is met. */
export const reactionContext = (manager: string, event: ReceivedEvent, n = 0): CommandContext => {
  const key = `${manager}:${event.id}:${n}`;
  const correlationId = event.record.headers['ce_correlationid'] ?? event.id;
  const { traceparent } = event.record.headers;
  return { meta: { actor: manager, correlationId, causationId: event.id, ...(traceparent === undefined ? {} : { traceparent }) }, idempotency: { key, fingerprint: key } };
};
