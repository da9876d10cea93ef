import type { NewRecord } from './event-log';
import { partitionFor } from './murmur2';

/** Largest record that either log takes, key, headers and value together. */
export const MAX_RECORD_BYTES = 16 * 1024 * 1024;

/** A record that knows its partition, in bytes. */
export interface PlacedRecord {
  topic: string;
  partition: number;
  key: Buffer | null;
  headers: Record<string, string>;
  value: Buffer | null;
  bytes: number;
}

// Rough cost of a record beyond its contents, so that many tiny records count too.
const OVERHEAD_BYTES = 64;

const bytesOf = (value: string | Buffer | null): Buffer | null => (typeof value === 'string' ? Buffer.from(value) : value);

const headerBytes = (headers: Record<string, string>): number => {
  let bytes = 0;
  for (const name in headers) bytes += name.length + Buffer.byteLength(headers[name] ?? '') + 8;
  return bytes;
};

/** What a record costs to send. Throws RangeError when it is too large for the log. */
export const recordBytes = ({ topic, key, value, headers }: NewRecord): number => {
  const bytes = OVERHEAD_BYTES + Buffer.byteLength(key ?? '') + Buffer.byteLength(value ?? '') + headerBytes(headers);
  if (bytes > MAX_RECORD_BYTES) throw new RangeError(`a record for ${topic} has ${bytes} bytes; at most ${MAX_RECORD_BYTES} are taken`);
  return bytes;
};

/**
 * Gives a record its partition: the one it asks for, else by its key's hash, else whatever `keyless` says.
 * Throws RangeError for a partition that the topic does not have.
 */
export const placeRecord = (record: NewRecord, partitions: number, keyless: () => number): PlacedRecord => {
  const { topic, headers } = record;
  const key = bytesOf(record.key);
  const value = bytesOf(record.value);
  const partition = record.partition ?? (key === null ? keyless() % partitions : partitionFor(key, partitions));
  if (!Number.isInteger(partition) || partition < 0 || partition >= partitions) {
    throw new RangeError(`topic ${topic} has no partition ${partition}`);
  }
  return { topic, partition, key, headers, value, bytes: OVERHEAD_BYTES + (key?.length ?? 0) + (value?.length ?? 0) + headerBytes(headers) };
};
