import { setTimeout as sleep } from 'node:timers/promises';
import type { Database, Sql } from './database';
import { errorCode, isTransient } from './database-errors';
import type { EventBatch, Refused } from './event-batch';
import type { Projection } from './projection';
import { batchOf, refusalOf } from './projection-runner-batch';

/** One transaction: `claim` takes the checkpoint and says what is due, null when nothing is; `conclude` gets what could not be applied. */
export interface BatchWrite {
  claim: (sql: Sql) => Promise<{ schema: string; batch: EventBatch } | null>;
  conclude: (sql: Sql, refused: Refused[]) => Promise<void>;
}

const TRIES = 3;

/** A missing table or a faulty statement is no fault of an event: nobody is helped by giving all events to dead letters. */
export const isFaultOfEvent = (error: unknown): boolean => !isTransient(error) && !/^(42|XX|53|54|F0)/.test(errorCode(error));

/** Applies a batch in halves of halves, each in a savepoint, until only the events that really fail are left out. */
export const applyInParts = async (sql: Sql, projection: Projection, schema: string, batch: EventBatch): Promise<Refused[]> => {
  await sql.query('SAVEPOINT part');
  try {
    const refused = await projection.apply(sql, schema, batch);
    await sql.query('RELEASE SAVEPOINT part');
    return refused;
  } catch (error) {
    const [only] = batch.events;
    if (!isFaultOfEvent(error) || only === undefined) throw error;
    await sql.query('ROLLBACK TO SAVEPOINT part');
    await sql.query('RELEASE SAVEPOINT part');
    if (batch.events.length === 1) return [refusalOf(only, error)];
    const middle = Math.ceil(batch.events.length / 2);
    const before = await applyInParts(sql, projection, schema, batchOf(batch, batch.events.slice(0, middle)));
    const after = await applyInParts(sql, projection, schema, batchOf(batch, batch.events.slice(middle)));
    return [...before, ...after];
  }
};

/**
 * Writes a batch with its checkpoint in one transaction. A failure that is an event's fault is tried three times; then the poison events alone
 * are left out and handed to `conclude` with their reasons. Resolves to the batch that was applied, null when `claim` gave none.
 */
export const writeBatch = async (database: Database, projection: Projection, write: BatchWrite): Promise<EventBatch | null> => {
  for (let attempt = 1; ; attempt += 1) {
    const apply = attempt > TRIES ? applyInParts : (sql: Sql, _: Projection, schema: string, batch: EventBatch) => projection.apply(sql, schema, batch);
    try {
      return await database.transaction(async (sql) => {
        const due = await write.claim(sql);
        if (due === null) return null;
        await write.conclude(sql, await apply(sql, projection, due.schema, due.batch));
        return due.batch;
      });
    } catch (error) {
      if (!isFaultOfEvent(error) || attempt > TRIES) throw error;
      await sleep(Math.random() * 20 * 2 ** attempt);
    }
  }
};
