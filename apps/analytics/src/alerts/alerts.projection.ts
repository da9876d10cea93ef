import { AlertChange, alertEventTypes, faultsOf, topics, type Alert } from '@pataka/contracts';
import type { EventBatch, Projection, ReceivedEvent, Refused, Sql } from '@pataka/event-sourcing';
import { instantText, parseInstant } from '../evidence/instant';

export const ALERTS = 'alerts';

const types: ReadonlySet<string> = new Set(Object.values(alertEventTypes).map((type) => `pataka.${type}.v1`));

const refusalOf = (event: ReceivedEvent): Refused | null => {
  const [fault] = faultsOf(AlertChange, event.data);
  return fault === undefined ? null : { record: event.record, index: event.index, reason: `${fault.pointer} ${fault.detail}` };
};

/** Texts of one length, so that their order is that of time. */
const orderOf = ({ raisedAt }: Alert): string => instantText(Math.floor((parseInstant(raisedAt) ?? 0) / 1000) * 1000);

const apply = async (sql: Sql, schema: string, batch: EventBatch): Promise<Refused[]> => {
  const refused: Refused[] = [];
  for (const event of batch.events.filter(({ type }) => types.has(type))) {
    const refusal = refusalOf(event);
    if (refusal !== null) {
      refused.push(refusal);
      continue;
    }
    const { alert } = event.data as unknown as AlertChange;
    // Resolved stays resolved, whichever record came first.
    await sql.query(
      `INSERT INTO ${schema}.alerts AS a (id, experiment_id, experiment_key, kind, status, raised_at, document) VALUES ($1, $2, $3, $4, $5, $6, $7)
       ON CONFLICT (id) DO UPDATE SET status = excluded.status, document = excluded.document WHERE a.status = 'raised'`,
      [alert.id.toLowerCase(), alert.experimentId, alert.experimentKey, alert.kind, alert.status, orderOf(alert), JSON.stringify(alert)]);
  }
  return refused;
};

/** Every alert there was within the topic's year, whoever raised it. */
export const alertsProjection: Projection = {
  name: ALERTS,
  topics: [topics.alerts.name],
  tables: ['alerts'],
  create: (schema) => `
    CREATE TABLE ${schema}.alerts (
      id text COLLATE "C" PRIMARY KEY, experiment_id text NOT NULL, experiment_key text NOT NULL, kind text NOT NULL, status text NOT NULL,
      raised_at text COLLATE "C" NOT NULL, document jsonb NOT NULL);
    CREATE INDEX ON ${schema}.alerts (raised_at DESC, id DESC);`,
  apply,
};
