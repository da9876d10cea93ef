import { alertEventTypes, topics, type AlertChange, type ExperimentChange, type FlagChange, type JsonObject, type Webhook, type WebhookFormat } from '@pataka/contracts';
import type { ReceivedEvent } from '@pataka/event-sourcing';

/** An event as webhooks tell it. `environment` and `tags` are null where the event says nothing of them. */
export interface WebhookMessage {
  type: string; timestamp: string; environment: string | null; tags: readonly string[] | null; kind: string | null;
  data: JsonObject;
  /** For formats that take a text. */
  text: string;
}

const MOST_BYTES = 256 * 1024;

const by = (actor: string, reason: string | undefined): string => `by ${actor}${reason === undefined ? '' : `: ${reason}`}`;
const words = (type: string): string => type.slice(type.indexOf('.') + 1).replaceAll('-', ' ');

type Told = Omit<WebhookMessage, 'timestamp'>;

const ofFlag = (data: FlagChange): Told => {
  const { change: { type, data: detail }, actor, reason, flag } = data;
  const environment = 'environment' in detail && typeof detail.environment === 'string' ? detail.environment : null;
  const flagKey = flag?.key ?? ('flagKey' in detail ? detail.flagKey : '');
  const where = environment === null ? '' : ` in ${environment}`;
  return { type, environment, tags: flag?.tags ?? [], kind: null, data: { ...data } as unknown as JsonObject, text: `Flag ${flagKey}: ${words(type)}${where}, ${by(actor, reason)}` };
};

const ofExperiment = (data: ExperimentChange): Told => {
  const { change: { type }, actor, reason, experiment } = data;
  return { type, environment: experiment.environment, tags: null, kind: null, data: { ...data } as unknown as JsonObject, text: `Experiment ${experiment.name ?? experiment.key}: ${words(type)}, ${by(actor, reason)}` };
};

const ofAlert = ({ change, alert }: AlertChange): Told => {
  const said = change === 'resolved' && alert.resolution !== undefined ? [alert.resolution.en, alert.resolution.hi] : [alert.message.en, alert.message.hi];
  return {
    type: alertEventTypes[change], environment: alert.environment ?? null, tags: null, kind: alert.kind, data: { ...alert } as unknown as JsonObject,
    text: [`[${alert.severity}] ${change}: ${alert.kind.replaceAll('-', ' ')}, ${alert.experimentName ?? alert.experimentKey}`, ...said].join('\n'),
  };
};

const alertTypes: ReadonlySet<string> = new Set(Object.values(alertEventTypes).map((type) => `pataka.${type}.v1`));

const toldOf = (event: ReceivedEvent): Told | null => {
  const data = event.data as unknown;
  if (event.record.topic === topics.flagChanges.name) return ofFlag(data as FlagChange);
  if (event.record.topic === topics.experimentEvents.name) return ofExperiment(data as ExperimentChange);
  return alertTypes.has(event.type) ? ofAlert(data as AlertChange) : null;
};

/** What webhooks tell of an event; null for what they do not. */
export const messageOf = (event: ReceivedEvent): WebhookMessage | null => {
  const told = event.time === null ? null : toldOf(event);
  return told === null ? null : { ...told, timestamp: event.time! };
};

export const testMessage = (webhook: Webhook, timestamp: string): WebhookMessage => ({
  type: 'webhook.test', timestamp, environment: null, tags: null, kind: null, data: { webhookId: webhook.id, name: webhook.name }, text: `This is a test of the webhook ${webhook.name}.`,
});

const passes = <T>(allowed: readonly T[] | undefined, values: readonly T[] | null): boolean => allowed === undefined || values === null || values.some((value) => allowed.includes(value));

/** Whether a webhook hears of it: what happened before there was the webhook is not its business. */
export const isHeard = ({ enabled, createdAt, filters: { types, kinds, environments, tags } }: Webhook, message: WebhookMessage): boolean =>
  enabled && Date.parse(message.timestamp) >= Date.parse(createdAt)
  && passes(types, [message.type, message.type.slice(0, message.type.indexOf('.'))])
  && passes<string>(kinds, message.kind === null ? null : [message.kind])
  && passes(environments, message.environment === null ? null : [message.environment])
  && passes(tags, message.tags);

// Slack's own rule for what is no markup.
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** The body that is sent, the same for every try. A document that is too large is left out. */
export const bodyOf = ({ type, timestamp, data, text }: WebhookMessage, format: WebhookFormat): string => {
  if (format === 'slack') return JSON.stringify({ text: escaped(text) });
  const body = JSON.stringify({ type, timestamp, data });
  if (Buffer.byteLength(body) <= MOST_BYTES) return body;
  const { flag: _flag, experiment: _experiment, change: _change, ...rest } = data;
  return JSON.stringify({ type, timestamp, data: { ...rest, truncated: true } });
};
