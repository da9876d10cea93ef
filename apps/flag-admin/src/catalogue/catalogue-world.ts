import type { JsonObject, Region } from '@pataka/contracts';
import { isRecord } from '@pataka/evaluation';
import type { EventStore, Sql } from '@pataka/event-sourcing';
import type { CatalogueKind, CatalogueWorld } from './catalogue.decider';
import { segmentsNamedBy } from './segments';

/** The others of its kind that an object names. */
const named: Readonly<Record<CatalogueKind, (object: unknown) => string[]>> = {
  segment: segmentsNamedBy,
  region: (region) => (isRecord(region) && typeof region['parent'] === 'string' ? [region['parent']] : []),
  calendar: () => [],
};

/** What a command on this object has to know of others; read where it is decided, so that it cannot change in between. */
export const catalogueWorld = async (store: EventStore, sql: Sql, kind: CatalogueKind, key: string, body: unknown): Promise<CatalogueWorld> => {
  const others = new Map<string, JsonObject>();
  // A set is walked in insertion order, additions included.
  const keys = new Set(named[kind](body));
  for (const other of keys) {
    const row = await store.document(kind, other, sql);
    if (row === null) continue;
    others.set(other, row.document);
    for (const next of named[kind](row.document)) keys.add(next);
  }
  const sameKey = (await store.documentAnyCase(kind, key, sql))?.key ?? null;
  return { others, sameKey: sameKey === key ? null : sameKey };
};

/** Regions whose parent this is; segments and calendars have nothing below them. */
export const dependentsOf = async (store: EventStore, sql: Sql, kind: CatalogueKind, key: string): Promise<string[]> => {
  if (kind !== 'region') return [];
  const regions = await store.documents<Region>('region', { sql });
  return regions.filter(({ document }) => document.parent === key).map((row) => row.key);
};
