import { DomainError } from '@pataka/contracts';
import type { Sql } from './database';
import { insertRows, quoted } from './database-rows';
import type { NewRecord } from './event-log';
import { MAX_RECORD_BYTES, recordBytes } from './log-record';

/** DDL of the outbox; several owners of a schema may each bring it along. */
export const outboxTable = (schema: string): string => `
  CREATE SCHEMA IF NOT EXISTS ${quoted(schema)};
  CREATE TABLE IF NOT EXISTS ${quoted(schema)}.outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text NOT NULL,
    key text,
    partition int,
    headers jsonb NOT NULL,
    value text
  );`;

/** Channel that tells relays of new rows. */
export const outboxChannel = (schema: string): string => `${schema}_outbox`;

const columns = [
  { name: 'topic', type: 'text' }, { name: 'key', type: 'text' }, { name: 'partition', type: 'int' },
  { name: 'headers', type: 'jsonb' }, { name: 'value', type: 'text' },
];

const asText = (value: NewRecord['value']): string | null => {
  if (!Buffer.isBuffer(value)) return value;
  const text = value.toString('utf8');
  if (!Buffer.from(text, 'utf8').equals(value)) throw new TypeError('the outbox takes UTF-8 only: encode binary values');
  return text;
};

/** A record that the log would refuse for ever would stop all that come after it. */
const refuseTooLarge = (record: NewRecord): void => {
  try {
    recordBytes(record);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new DomainError('too-large', `what is published about this would be larger than ${MAX_RECORD_BYTES} bytes`);
  }
};

/**
 * Puts records into the outbox in the caller's transaction, in this order; the relay publishes them once it is committed.
 * @throws DomainError too-large for a record that no log takes.
 */
export const enqueueAll = async (sql: Sql, schema: string, records: readonly NewRecord[]): Promise<void> => {
  records.forEach(refuseTooLarge);
  const rows = records.map(({ topic, key, partition, headers, value }) => [topic, key, partition ?? null, headers, asText(value)]);
  const channel = outboxChannel(schema).replaceAll("'", "''");
  // Equal notifications of one transaction are sent once.
  await insertRows(sql, `${quoted(schema)}.outbox`, columns, rows, `RETURNING pg_notify('${channel}', '')`);
};

/** Puts one record into the outbox, as `enqueueAll` does. */
export const enqueue = (sql: Sql, schema: string, record: NewRecord): Promise<void> => enqueueAll(sql, schema, [record]);
