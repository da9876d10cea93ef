import type { IHeaders, KafkaMessage } from 'kafkajs';
import type { LogRecord } from './event-log';

const headerText = (value: IHeaders[string]): string => {
  // A name that occurs more than once: the last one counts.
  const last = Array.isArray(value) ? value.at(-1) : value;
  return last === undefined ? '' : last.toString('utf8');
};

/** A record as the driver hands it over, as the log's. */
export const toLogRecord = (topic: string, partition: number, message: KafkaMessage): LogRecord => {
  const headers: Record<string, string> = {};
  for (const name in message.headers) headers[name] = headerText(message.headers[name]);
  const { offset, key, value, timestamp } = message;
  return { topic, partition, offset, key: key === null ? null : key.toString('utf8'), headers, value, timestamp: Number(timestamp) };
};
