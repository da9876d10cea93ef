import type { LogRecord } from './event-log';
import type { LogDatabase, LogTopic } from './postgres-event-log-database';

/** Which records of a partition to read: `from` inclusive, `until` exclusive. */
export interface PageRequest { topic: LogTopic; partition: number; from: bigint; until: bigint; maxRecords: number }

const MAX_PAGE_BYTES = 4 * 1024 * 1024;

const selectPage = {
  name: 'pataka_log_page',
  text: `select "offset", at, key, headers, value from (
      select *, sum(coalesce(octet_length(value), 0) + 100) over (order by "offset" rows between unbounded preceding and 1 preceding) as before
      from (select "offset", at, key, headers, value from pataka_log.records
        where topic_id = $1 and partition = $2 and "offset" >= $3 and "offset" < $4 order by "offset" limit $5) page) sized
    where before is null or before < $6 order by "offset"`,
};

type PageRow = [offset: string, at: string, key: Buffer | null, headers: string, value: Buffer | null];

/** Reads the next records of a partition, at most `maxRecords` and about 4 MB, at least one if there is any. */
export const readPage = async (database: LogDatabase, request: PageRequest): Promise<LogRecord[]> => {
  const { topic, partition, from, until, maxRecords } = request;
  const rows = await database.queryArrays<PageRow>({
    ...selectPage, values: [topic.id, partition, String(from), String(until), maxRecords, MAX_PAGE_BYTES],
  });
  let lastHeaders = '';
  let headers: Record<string, string> = {};
  return rows.map(([offset, at, key, text, value]) => {
    // Neighbours often have the same headers; they are parsed once and never changed.
    if (text !== lastHeaders) {
      headers = JSON.parse(text) as Record<string, string>;
      lastHeaders = text;
    }
    return { topic: topic.name, partition, offset, key: key === null ? null : key.toString('utf8'), headers, value, timestamp: Number(at) };
  });
};
