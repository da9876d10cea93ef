import { createHash } from 'node:crypto';
import type { JsonObject } from '@pataka/contracts';
import type { StoredFacts } from './aggregate';

/** Hash before the first event of a service. */
export const genesisHash = '0'.repeat(64);

const member = (value: unknown): string => canonicalJson(value === undefined ? null : value);

/**
 * JSON with members sorted by UTF-16 code units, without blanks: the same text for the same value, whatever form jsonb gave it. Members
 * that are undefined are left out, as JSON.stringify does.
 */
export const canonicalJson = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(member).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if ('toJSON' in value) return canonicalJson(JSON.parse(JSON.stringify(value)));
  const members = Object.entries(value).filter(([, inner]) => inner !== undefined).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, inner]) => `${JSON.stringify(name)}:${member(inner)}`).join(',')}}`;
};

/** What an event's hash covers beside the hash before it: everything that is stored. */
export type Hashed = StoredFacts & { type: string; data: object | JsonObject };

/** sha256(previous hash as bytes ‖ canonical JSON of the event), in hex. Changing, removing or moving an event breaks every hash after it. */
export const hashOf = (previous: string, event: Hashed): string => {
  const { position, streamId, version, id, type, schemaVersion, data, meta, at } = event;
  return createHash('sha256')
    .update(Buffer.from(previous, 'hex'))
    .update(canonicalJson({ position, streamId, version, id, type, schemaVersion, data, meta, at }))
    .digest('hex');
};
