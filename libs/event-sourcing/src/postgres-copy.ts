import { pipeline } from 'node:stream/promises';
import type { PoolClient } from 'pg';
import { to as copyTo } from 'pg-copy-streams';

// "PGCOPY\n\xff\r\n\0", flags, and the length of an extension that no server writes.
const HEADER_BYTES = 19;
const END_OF_ROWS = -1;
const NULL_FIELD = -1;

/** The rows of a query as bytes, in the binary format of COPY. */
export const copyOut = async (client: PoolClient, query: string): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  await pipeline(client.query(copyTo(`COPY (${query}) TO STDOUT (FORMAT binary)`)), async (source: AsyncIterable<Buffer>) => {
    for await (const chunk of source) chunks.push(chunk);
  });
  return Buffer.concat(chunks);
};

/** The fields of each row of `copyOut`, in place: numbers are big-endian, texts UTF-8. */
export const copiedFields = (bytes: Buffer): (Buffer | null)[][] => {
  const rows: (Buffer | null)[][] = [];
  let at = HEADER_BYTES;
  for (;;) {
    const fields = bytes.readInt16BE(at);
    at += 2;
    if (fields === END_OF_ROWS) return rows;
    const row: (Buffer | null)[] = [];
    for (let field = 0; field < fields; field += 1) {
      const length = bytes.readInt32BE(at);
      at += 4;
      row.push(length === NULL_FIELD ? null : bytes.subarray(at, at + length));
      if (length > 0) at += length;
    }
    rows.push(row);
  }
};
