import type { JsonValue } from '@pataka/contracts';
import type { LogRecord } from './event-log';

/** One CloudEvent taken off the log, from a binary, structured or batch record alike. */
export interface ReceivedEvent<Data = JsonValue> {
  id: string;
  type: string;
  source: string;
  subject: string | null;
  /** ce_time, an instant. */
  time: string | null;
  data: Data;
  /** ce_position, where flag-admin set one. */
  position: number | null;
  schemaVersion: number;
  /** Place in its record: 0 but for batches. */
  index: number;
  record: LogRecord;
}

/** A record, or one event of a batch record, that cannot be taken. */
export interface Refused { record: LogRecord; index: number; reason: string }

/** What a consumer gets: the events of some records of one partition, and what could not even be decoded. */
export interface EventBatch<Data = JsonValue> {
  topic: string;
  partition: number;
  events: ReceivedEvent<Data>[];
  refused: Refused[];
  records: LogRecord[];
  /** Offset of the first record, and of the next after the batch. */
  firstOffset: string;
  nextOffset: string;
  highWatermark: string;
}
