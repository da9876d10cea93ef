import { isUtf8 } from 'node:buffer';
import { topics, type DeadLetter } from '@pataka/contracts';
import { contentTypes, encodeEvent } from './cloud-event';
import type { Refused } from './event-batch';
import type { EventLog, LogRecord, NewRecord } from './event-log';
import { MAX_RECORD_BYTES } from './log-record';
import type { Progress } from './projection';
import { derivedUuid } from './uuid';

type Content = Pick<DeadLetter, 'headers' | 'value' | 'encoding'>;

const TOPIC = topics.deadLetters.name;
// Half of what a log takes: quotes and backslashes double in JSON.
const MOST_VALUE = MAX_RECORD_BYTES / 2 - 64 * 1024;
const LEFT_OUT = 'pataka-left-out';

/** One event of a batch becomes a record of its own, so that a replay repeats it alone. */
const eventOfBatch = (record: LogRecord, index: number): Content | null => {
  if (record.headers['content-type']?.startsWith(contentTypes.batch) !== true || record.value === null) return null;
  try {
    const events: unknown = JSON.parse(record.value.toString('utf8'));
    if (!Array.isArray(events) || events[index] === undefined) return null;
    return { headers: { ...record.headers, 'content-type': contentTypes.structured }, value: JSON.stringify(events[index]), encoding: 'utf8' };
  } catch {
    return null;
  }
};

const wholeRecord = ({ headers, value }: LogRecord): Content => {
  const bytes = value ?? Buffer.alloc(0);
  return isUtf8(bytes) ? { headers, value: bytes.toString('utf8'), encoding: 'utf8' } : { headers, value: bytes.toString('base64'), encoding: 'base64' };
};

/** A value too large for a letter stays where it is: the letter says where. */
const contentOf = (record: LogRecord, index: number): Content => {
  const content = eventOfBatch(record, index) ?? wholeRecord(record);
  if (Buffer.byteLength(JSON.stringify(content.value)) <= MOST_VALUE) return content;
  return { headers: { ...content.headers, [LEFT_OUT]: 'true' }, value: '', encoding: 'utf8' };
};

/**
 * The record that tells of something that could not be taken. Its id is derived from where it came from, so the same failure is the same
 * letter however often it happens. `now` is an instant.
 */
export const deadLetterRecord = (consumer: string, refused: Refused, now: string): NewRecord => {
  const { record, index, reason } = refused;
  const { topic, partition, offset, key } = record;
  const id = derivedUuid('dead-letter', consumer, topic, partition, offset, index);
  const letter: DeadLetter = { id, consumer, reason, topic, partition, offset, index, key, ...contentOf(record, index), failedAt: now };
  return encodeEvent({ id, type: 'pataka.dead-letter.v1', source: `/pataka/consumers/${consumer}`, subject: topic, time: now, data: letter, topic: TOPIC, key: topic });
};

const letterOf = (record: LogRecord): DeadLetter | null => {
  try {
    const letter = JSON.parse(record.value?.toString('utf8') ?? 'null') as DeadLetter | null;
    return typeof letter?.id === 'string' && typeof letter.topic === 'string' ? letter : null;
  } catch {
    return null;
  }
};

const lettersOf = (records: readonly LogRecord[]): DeadLetter[] => records.map(letterOf).filter((letter) => letter !== null);

/** The newest letters first, each failure once, at most `limit` (default 100). */
export const listDeadLetters = async (log: EventLog, options: { limit?: number } = {}): Promise<DeadLetter[]> => {
  const limit = options.limit ?? 100;
  const letters = new Map<string, DeadLetter>();
  for (const { partition, low, high } of await log.offsets(TOPIC)) {
    const from = BigInt(high) - BigInt(limit);
    for await (const { records } of log.read(TOPIC, partition, String(from > BigInt(low) ? from : low), high)) {
      lettersOf(records).forEach((letter) => letters.set(letter.id, letter));
    }
  }
  return [...letters.values()].sort((a, b) => (a.failedAt < b.failedAt ? 1 : -1)).slice(0, limit);
};

/** The letter at one place of the dead-letter topic, whole; null where it is gone. */
export const readDeadLetter = async (log: EventLog, place: { partition: number; offset: string }): Promise<DeadLetter | null> => {
  for await (const { records } of log.read(TOPIC, place.partition, place.offset, String(BigInt(place.offset) + 1n))) {
    for (const record of records) if (record.offset === place.offset) return letterOf(record);
  }
  return null;
};

/** Whether a letter holds its record, and so can be replayed; one that was too large says only where it is. */
export const isWhole = (letter: DeadLetter): boolean => letter.headers[LEFT_OUT] !== 'true';

/** Publishes the original of one letter again, to the topic and partition it came from. */
export const replayDeadLetter = async (log: EventLog, letter: DeadLetter): Promise<void> => log.publish([original(letter)]);

const original = (letter: DeadLetter): NewRecord => ({
  topic: letter.topic, partition: letter.partition, key: letter.key, headers: letter.headers,
  value: letter.encoding === 'base64' ? Buffer.from(letter.value, 'base64') : letter.value,
});

/**
 * Publishes the originals again, to the topics and partitions they came from, each failure once. Consumers that had taken one know its id and
 * let it pass. Letters without their value, since it was too large, are passed over.
 */
export const replayDeadLetters = async (
  log: EventLog, options: { filter?: (letter: DeadLetter) => boolean; onProgress?: (progress: Progress) => void } = {},
): Promise<{ replayed: number }> => {
  const places = await log.offsets(TOPIC);
  const total = places.reduce((sum, { low, high }) => sum + Number(BigInt(high) - BigInt(low)), 0);
  const seen = new Set<string>();
  let done = 0;
  let replayed = 0;
  for (const { partition, low, high } of places) {
    for await (const batch of log.read(TOPIC, partition, low, high)) {
      const letters = lettersOf(batch.records).filter((letter) => isWhole(letter) && !seen.has(letter.id) && (options.filter?.(letter) ?? true));
      const once = [...new Map(letters.map((letter) => [letter.id, letter])).values()];
      await log.publish(once.map(original));
      once.forEach(({ id }) => seen.add(id));
      replayed += once.length;
      done += batch.records.length;
      options.onProgress?.({ done, total, note: `${replayed} published again` });
    }
  }
  return { replayed };
};
