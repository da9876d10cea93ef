import { randomFillSync } from 'node:crypto';
import type { Conversion, CountsReport, Exposure } from '@pataka/contracts';

/** An event before it has an id and its number in the session. */
export type NewEvent = ({ readonly type: 'exposure' } & Exposure) | ({ readonly type: 'conversion' } & Conversion) | ({ readonly type: 'counts' } & CountsReport);

/** An event as `POST /v1/events` takes it. The id is its identity: sending it again counts nothing twice. */
export type OutgoingEvent = { readonly id: string } & NewEvent;

const RANDOM_BYTES = 4_096;
const random = Buffer.alloc(RANDOM_BYTES);
let used = RANDOM_BYTES;

const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

const randomByte = (): number => {
  if (used === RANDOM_BYTES) {
    randomFillSync(random);
    used = 0;
  }
  return random[used++]!;
};

const randomHex = (bytes: number): string => {
  let text = '';
  for (let index = 0; index < bytes; index += 1) text += hex[randomByte()]!;
  return text;
};

/** A UUID of version 7 (RFC 9562): ids of later events sort later, which keeps the server's indexes small. */
export const newEventId = (nowMs: number): string => {
  const time = nowMs.toString(16).padStart(12, '0');
  const version = hex[0x70 | (randomByte() & 0x0f)]!;
  const variant = hex[0x80 | (randomByte() & 0x3f)]!;
  return `${time.slice(0, 8)}-${time.slice(8, 12)}-${version}${randomHex(1)}-${variant}${randomHex(1)}-${randomHex(6)}`;
};
