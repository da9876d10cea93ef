import type { LogRecord } from './event-log';
import { copiedFields } from './postgres-copy';
import type { LogDatabase, LogTopic } from './postgres-event-log-database';

/** Which records of a partition to read: `from` inclusive, `until` exclusive. */
export interface PageRequest { topic: LogTopic; partition: number; from: bigint; until: bigint; maxRecords: number; maxBytes: number }

const pageSql = ([topicId, partition, from, until, limit, bytes]: readonly unknown[]): string => `
  select "offset", at, key, headers, value from (
    select *, sum(coalesce(octet_length(value), 0) + 100) over (order by "offset" rows between unbounded preceding and 1 preceding) as before
    from (select "offset", at, key, headers, value from pataka_log.records
      where topic_id = ${topicId} and partition = ${partition} and "offset" >= ${from} and "offset" < ${until} order by "offset" limit ${limit}) page) sized
  where before is null or before < ${bytes} order by "offset"`;
const selectPage = { name: 'pataka_log_page', text: pageSql(['$1', '$2', '$3', '$4', '$5', '$6']) };

/** From so many records on, bytes as they are (COPY) are worth a statement that is planned anew: rows carry them as hexadecimal text. */
const WORTH_COPY = 16n;

type PageRow = [offset: string, at: string, key: Buffer | null, headers: string, value: Buffer | null];

// Numbers all, so that they can stand in the text of COPY, which takes no parameters.
const valuesOf = ({ topic, partition, from, until, maxRecords, maxBytes }: PageRequest): (number | string)[] => [topic.id, partition, String(from), String(until), maxRecords, maxBytes];

const selectedRows = (database: LogDatabase, request: PageRequest): Promise<PageRow[]> => database.queryArrays<PageRow>({ ...selectPage, values: valuesOf(request) });

const copiedRows = async (database: LogDatabase, request: PageRequest): Promise<PageRow[]> =>
  copiedFields(await database.copyOut(pageSql(valuesOf(request)))).map(([offset, at, key, headers, value]) =>
    [String(offset!.readBigInt64BE()), String(at!.readBigInt64BE()), key ?? null, headers!.toString('utf8'), value ?? null]);

/** Reads the next records of a partition, at most `maxRecords` and about `maxBytes`, at least one if there is any. */
export const readPage = async (database: LogDatabase, request: PageRequest): Promise<LogRecord[]> => {
  const { topic, partition, from, until } = request;
  const rows = await (until - from < WORTH_COPY ? selectedRows : copiedRows)(database, request);
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
