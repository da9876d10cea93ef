import type { Flag } from '@pataka/contracts';
import { isRecord, listOf } from '@pataka/evaluation';
import type { EventStore, Sql } from '@pataka/event-sourcing';
import type { FlagWorld } from './prerequisite-faults';

const PAGE = 500;

const namedBy = (flag: unknown): string[] =>
  (isRecord(flag) ? listOf(flag['prerequisites']).flatMap((one) => (isRecord(one) && typeof one['flag'] === 'string' ? [one['flag']] : [])) : []);

/** Every flag that following prerequisites leads to. */
const reachable = async (store: EventStore, sql: Sql, start: readonly string[]): Promise<Map<string, Flag>> => {
  const flags = new Map<string, Flag>();
  // A set is walked in insertion order, additions included.
  const keys = new Set(start);
  for (const key of keys) {
    const row = await store.document<Flag>('flag', key, sql);
    if (row === null) continue;
    flags.set(key, row.document);
    for (const next of namedBy(row.document)) keys.add(next);
  }
  return flags;
};

/** What a command on this flag has to know of others; read where it is decided, so that it cannot change in between. */
export const flagWorld = async (store: EventStore, sql: Sql, key: string, body: unknown): Promise<FlagWorld> => {
  const environments = (await store.documents('environment', { sql })).map((row) => row.key);
  const flags = await reachable(store, sql, namedBy(body));
  const sameKey = (await store.documentAnyCase('flag', key, sql))?.key ?? null;
  return { environments, flags, sameKey: sameKey === key ? null : sameKey };
};

/** Flags in use that need this one as a prerequisite. */
export const dependentsOf = async (store: EventStore, sql: Sql, key: string): Promise<string[]> => {
  const dependents: string[] = [];
  for (let after = ''; ;) {
    const rows = await store.documents<Flag>('flag', { after, limit: PAGE, sql });
    dependents.push(...rows.filter(({ document }) => document.status !== 'ARCHIVED' && namedBy(document).includes(key)).map((row) => row.key));
    const last = rows.at(-1);
    if (rows.length < PAGE || last === undefined) return dependents;
    after = last.key;
  }
};
