import { AlertAcknowledged, AlertChange, alertEventTypes, alertWatchTypes, faultsOf, topics, type Alert } from '@pataka/contracts';
import type { EventBatch, Projection, ReceivedEvent, Refused, Sql } from '@pataka/event-sourcing';
import { instantText, parseInstant } from '../evidence/instant';

export const ALERTS = 'alerts';

const types: ReadonlySet<string> = new Set(Object.values(alertEventTypes).map((type) => `pataka.${type}.v1`));

const ACKNOWLEDGED = `pataka.${alertWatchTypes.acknowledged}.v1`;

const refusalOf = (event: ReceivedEvent): Refused | null => {
  const { actor: _actor, reason: _reason, ...acknowledged } = (event.data ?? {}) as unknown as Partial<AlertAcknowledged> & { actor?: string; reason?: string };
  const [fault] = event.type === ACKNOWLEDGED ? faultsOf(AlertAcknowledged, acknowledged) : faultsOf(AlertChange, event.data);
  return fault === undefined ? null : { record: event.record, index: event.index, reason: `${fault.pointer} ${fault.detail}` };
};

/** Texts of one length, so that their order is that of time. */
const orderOf = ({ raisedAt }: Alert): string => instantText(Math.floor((parseInstant(raisedAt) ?? 0) / 1000) * 1000);

/** Resolved stays resolved, whichever record came first, and acknowledged what was. */
const keep = (sql: Sql, schema: string, alert: Alert): Promise<unknown> => sql.query(
  `INSERT INTO ${schema}.alerts AS a (id, experiment_id, experiment_key, kind, status, raised_at, document) VALUES ($1, $2, $3, $4, $5, $6, $7)
   ON CONFLICT (id) DO UPDATE SET status = excluded.status, document = jsonb_strip_nulls(jsonb_build_object('acknowledgement', a.document->'acknowledgement')) || excluded.document
   WHERE a.status = 'raised'`,
  [alert.id.toLowerCase(), alert.experimentId, alert.experimentKey, alert.kind, alert.status, orderOf(alert), JSON.stringify(alert)]);

const acknowledge = (sql: Sql, schema: string, { alertId, acknowledgement }: AlertAcknowledged): Promise<unknown> => sql.query(
  `UPDATE ${schema}.alerts SET document = document || jsonb_build_object('acknowledgement', $2::text::jsonb) WHERE id = $1`, [alertId.toLowerCase(), JSON.stringify(acknowledgement)]);

const apply = async (sql: Sql, schema: string, batch: EventBatch): Promise<Refused[]> => {
  const refused: Refused[] = [];
  for (const event of batch.events.filter(({ type }) => types.has(type) || type === ACKNOWLEDGED)) {
    const refusal = refusalOf(event);
    if (refusal !== null) {
      refused.push(refusal);
      continue;
    }
    if (event.type === ACKNOWLEDGED) await acknowledge(sql, schema, event.data as unknown as AlertAcknowledged);
    else await keep(sql, schema, (event.data as unknown as AlertChange).alert);
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
