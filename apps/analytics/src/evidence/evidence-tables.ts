import { SHARDS } from './weighing';

/** Tables that make up the evidence; their content follows from the log alone. */
export const evidenceTables = ['exposure_archive', 'conversion_archive', 'experiment', 'metric', 'correction', 'subject', 'subject_key', 'sums', 'rollup', 'coverage'] as const;

/** The table of corrections, which generations of before there were any lack. */
export const correctionDdl = (schema: string): string => `create table if not exists ${schema}.correction (id text primary key, version integer not null, document jsonb not null);`;

/**
 * Archives are unique on the event's id alone, whatever its day: see docs/adr/archive-uniqueness.md. Instants are microseconds since 1970,
 * values millionths, squares and products 1e-12. A shard is the partition of the unit, so that whoever holds the shard's lock is alone.
 * Documents are `json`, written with their members in one order: `jsonb` would sort them at three times the cost.
 * `rollup_change` says which minutes the time series has yet to hear of, `put_off` holds what a fill leaves for its end, and `shard_mark` is what
 * writers lock and leave their marks in: one row a shard, and one for the definitions. None of them is evidence.
 */
export const evidenceDdl = (schema: string): string => `
create table ${schema}.exposure_archive (
  id uuid primary key, at bigint not null, hash uuid not null, target_key text not null, unit text not null, experiment text not null,
  variant text not null, phase integer, environment text, payload json);
create table ${schema}.conversion_archive (
  id uuid primary key, at bigint not null, hash uuid not null, key text not null, target_key text not null, unit text, metric text not null,
  value bigint not null, experiment text, environment text, payload json);
create table ${schema}.experiment (id text primary key, key text not null, version integer not null, document jsonb not null, plan jsonb not null);
create table ${schema}.metric (key text primary key, version integer not null, document jsonb not null);
${correctionDdl(schema)}
create table ${schema}.subject (
  unit text, experiment text, shard smallint not null, sightings json not null, keys text[] not null, metrics json not null,
  entry_at bigint, entry_id uuid, variant text, phase integer, excluded boolean not null, primary key (unit, experiment)) with (fillfactor = 50);
create table ${schema}.subject_key (key text, experiment text, unit text, shard smallint not null, primary key (key, experiment, unit));
create table ${schema}.sums (
  experiment text, axis text, variant text, metric text, day integer, phase integer, shard smallint, n bigint not null, y numeric not null, yy numeric not null,
  x numeric not null, xx numeric not null, xy numeric not null, primary key (experiment, axis, variant, metric, day, phase, shard)) with (fillfactor = 70);
create table ${schema}.rollup (
  minute integer, experiment text, variant text, metric text, shard smallint, events bigint not null, value numeric not null,
  primary key (minute, experiment, variant, metric, shard)) with (fillfactor = 70);
create table ${schema}.coverage (experiment text, shard smallint, newest bigint not null, primary key (experiment, shard)) with (fillfactor = 70);
create table ${schema}.rollup_change (id bigint generated always as identity primary key, changes jsonb not null);
create table ${schema}.put_off (id bigint generated always as identity primary key, topic text not null, archive_row json not null);
create table ${schema}.shard_mark (shard smallint primary key, mark uuid not null) with (fillfactor = 10);
insert into ${schema}.shard_mark select shard, gen_random_uuid() from generate_series(0, ${SHARDS}) shard;
`;

/** What lookups by anything but the primary keys need. */
export const evidenceIndexes = (schema: string): string => `
create index on ${schema}.exposure_archive (unit);
create index on ${schema}.exposure_archive (target_key) where target_key <> unit;
create index on ${schema}.exposure_archive (experiment) where phase is null;
create index on ${schema}.conversion_archive (key);
create index on ${schema}.subject (experiment, unit);
create index on ${schema}.rollup (experiment);
`;
