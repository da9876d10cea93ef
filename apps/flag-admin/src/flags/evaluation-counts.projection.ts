import { EvaluationCount, faultsOf, topics } from '@pataka/contracts';
import { parseInstant } from '@pataka/evaluation';
import type { EventBatch, Projection, ReceivedEvent, Refused, Sql } from '@pataka/event-sourcing';

/** How long an event's id is remembered, measured by the minutes that the events themselves name. */
const REMEMBERED_MS = 3 * 24 * 60 * 60 * 1000;

interface Counted { id: string; flagKey: string; minute: string; count: number }

const countedOf = (event: ReceivedEvent): Counted => {
  const { flagKey, minute, count } = event.data as unknown as EvaluationCount;
  return { id: event.id, flagKey, count, minute: new Date(parseInstant(minute) ?? 0).toISOString() };
};

const refusalOf = (event: ReceivedEvent): Refused[] => {
  const [fault] = faultsOf(EvaluationCount, event.data);
  return fault === undefined ? [] : [{ record: event.record, index: event.index, reason: `${fault.pointer} ${fault.detail}` }];
};

/** Those whose id was not there yet: a producer that tries again repeats its ids. */
const unseen = async (sql: Sql, schema: string, events: readonly Counted[]): Promise<Counted[]> => {
  const byId = new Map(events.map((event) => [event.id, event]));
  const distinct = [...byId.values()].sort((left, right) => (left.id < right.id ? -1 : 1));
  const fresh = await sql.query<{ event_id: string }>(
    `INSERT INTO ${schema}.seen (event_id, minute) SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING RETURNING event_id`,
    [distinct.map((event) => event.id), distinct.map((event) => event.minute)],
  );
  const ids = new Set(fresh.map((row) => row.event_id));
  return distinct.filter((event) => ids.has(event.id));
};

const summed = (events: readonly Counted[]): { flagKey: string; count: number; minute: string }[] => {
  const sums = new Map<string, { flagKey: string; count: number; minute: string }>();
  for (const { flagKey, count, minute } of events) {
    const sum = sums.get(flagKey) ?? { flagKey, count: 0, minute };
    sums.set(flagKey, { flagKey, count: sum.count + count, minute: minute > sum.minute ? minute : sum.minute });
  }
  return [...sums.values()].sort((left, right) => (left.flagKey < right.flagKey ? -1 : 1));
};

const forgetOld = async (sql: Sql, schema: string, events: readonly Counted[]): Promise<void> => {
  const newest = events.reduce((latest, { minute }) => (minute > latest ? minute : latest), '');
  const before = new Date(Date.parse(newest) - REMEMBERED_MS).toISOString();
  await sql.query(`DELETE FROM ${schema}.seen WHERE minute < $1`, [before]);
};

const apply = async (sql: Sql, schema: string, batch: EventBatch): Promise<Refused[]> => {
  const refused = batch.events.flatMap(refusalOf);
  const bad = new Set(refused.map(({ record, index }) => `${record.offset}/${index}`));
  const events = batch.events.filter((event) => !bad.has(`${event.record.offset}/${event.index}`)).map(countedOf);
  if (events.length === 0) return refused;
  const sums = summed(await unseen(sql, schema, events));
  await sql.query(
    `INSERT INTO ${schema}.counts AS c (flag_key, evaluations, last_evaluated)
     SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[])
     ON CONFLICT (flag_key) DO UPDATE SET evaluations = c.evaluations + excluded.evaluations, last_evaluated = greatest(c.last_evaluated, excluded.last_evaluated)`,
    [sums.map((sum) => sum.flagKey), sums.map((sum) => sum.count), sums.map((sum) => sum.minute)],
  );
  await forgetOld(sql, schema, events);
  return refused;
};

/** How often each flag was evaluated and when last, for the flags that HTTP answers. */
export const evaluationCountsProjection: Projection = {
  name: 'evaluation-counts',
  topics: [topics.evaluationCounts.name],
  tables: ['counts'],
  create: (schema) => `
    CREATE TABLE ${schema}.counts (flag_key text COLLATE "C" PRIMARY KEY, evaluations bigint NOT NULL, last_evaluated text COLLATE "C" NOT NULL);
    CREATE TABLE ${schema}.seen (event_id text COLLATE "C" PRIMARY KEY, minute text COLLATE "C" NOT NULL);
    CREATE INDEX ON ${schema}.seen (minute);`,
  apply,
};
