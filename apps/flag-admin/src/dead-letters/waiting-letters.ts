import { topics } from '@pataka/contracts';
import { quoted, type Database, type ProjectionRunner } from '@pataka/event-sourcing';
import type { Readings } from '@pataka/platform';
import { deadLettersProjection } from './dead-letters.projection';

/** How many letters of each topic wait to be replayed; every topic is named, so that none is a surprise. */
export const waitingLetters = async (database: Database, runner: Pick<ProjectionRunner, 'liveSchema'>, schema: string): Promise<Readings> => {
  const rows = await database.query<{ topic: string; letters: string }>(
    `SELECT r.row->>'topic' AS topic, count(*) AS letters FROM ${quoted(await runner.liveSchema(deadLettersProjection.name))}.rows r
     WHERE NOT EXISTS (SELECT 1 FROM ${quoted(schema)}.documents d WHERE d.category = 'dead-letter' AND d.key = r.key) GROUP BY 1`);
  const waiting = new Map(rows.map(({ topic, letters }) => [topic, Number(letters)]));
  return Object.values(topics).map(({ name }) => [{ topic: name }, waiting.get(name) ?? 0]);
};
