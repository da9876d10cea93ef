import { alertEventTypes, alertWatchTypes } from './alert';
import type { JsonObject } from './json';
import { jsonSchemas } from './schema';
import { serviceNames, type ServiceName } from './routes';
import { type TopicDefinition, topics } from './topics';
import { schemaVersionOf } from './upcast';

type TopicName = keyof typeof topics;
interface Message { type: string; summary: string; payload: JsonObject }

const text: JsonObject = { type: 'string' };
const open: JsonObject = { type: 'object', additionalProperties: true };
const ref = (name: string): JsonObject => ({ $ref: `#/components/schemas/${name}` });
const object = (properties: Record<string, JsonObject>, required: string[]): JsonObject => ({ type: 'object', properties, required, additionalProperties: true });
const change = (type: string, after: Record<string, JsonObject>): JsonObject =>
  object({ change: object({ type: { const: type }, data: open }, ['type', 'data']), actor: text, reason: text, ...after }, ['change', 'actor']);

const flagTypes = ['flag.created', 'flag.updated', 'flag.environment-changed', 'flag.activated', 'flag.deactivated', 'flag.archived', 'experiment-flag.refused'];
const experimentTypes = [
  'created', 'flag-linked', 'flag-refused', 'updated', 'weights-changed', 'percentage-changed', 'share-changed', 'started', 'paused', 'resumed', 'decided', 'completed', 'rolled-back', 'archived',
].map((name) => `experiment.${name}`);

const catalogueMessages = (['segment', 'region', 'calendar'] as const).flatMap((kind) => (['created', 'updated', 'removed'] as const).map((done): Message => ({
  type: `${kind}.${done}`, summary: `A ${kind} was ${done}`,
  payload: object({ kind: { const: kind }, change: { const: done }, actor: text, reason: text, key: text, after: { type: ['object', 'null'], additionalProperties: true }, upload: text }, ['kind', 'change', 'actor', 'key', 'after']),
})));

const keyListMessages: Message[] = [{
  type: 'segment-list.chunk-added', summary: 'A part of a change to a segment’s listed keys; in force once a segment change names its upload',
  payload: object(
    { kind: { const: 'segment-list' }, change: { const: 'chunk-added' }, actor: text, reason: text, key: text, list: { enum: ['included', 'excluded'] }, upload: text, index: { type: 'integer' }, added: text, removed: text },
    ['kind', 'change', 'actor', 'key', 'list', 'upload', 'index', 'added', 'removed'],
  ),
}];

const accessMessages = [
  'key.created', 'key.updated', 'key.revoked', 'environment.created', 'member.created', 'member.updated', 'member.password-changed', 'member.sessions-ended', 'member.removed',
  'signer.added', 'session.opened', 'session.closed', 'session.refused', 'session.throttled', 'dead-letter.replayed',
  'webhook.created', 'webhook.updated', 'webhook.secret-rotated', 'webhook.removed',
].map((type): Message => ({
  type, summary: 'Who may do what has changed; keys travel hashed',
  payload: object({ kind: text, change: text, actor: text, reason: text, id: text, after: open }, ['kind', 'change', 'actor', 'id', 'after']),
}));

const messages: Record<TopicName, Message[]> = {
  flagChanges: flagTypes.map((type) => ({ type, summary: 'What changed, by whom and why, and the whole flag after it', payload: change(type, { flag: ref('Flag') }) })),
  segmentChanges: [...catalogueMessages, ...keyListMessages],
  accessChanges: accessMessages,
  experimentEvents: experimentTypes.map((type) => ({ type, summary: 'What happened, and the experiment after it', payload: change(type, { experiment: open }) })),
  holdoutChanges: ['holdout.created', 'holdout.ended'].map((type) => ({ type, summary: 'A share of units is held out of experiments, or no longer', payload: change(type, { holdout: open }) })),
  metricChanges: [
    ...['metric.created', 'metric.updated'].map((type) => ({ type, summary: 'A metric definition or its correction', payload: object({ change: text, actor: text, reason: text, metric: ref('MetricDefinition') }, ['change', 'actor', 'metric']) })),
    ...['correction.created', 'correction.reverted'].map((type) => ({ type, summary: 'What was wrong with the evidence, signed; or that it was right after all', payload: object({ change: text, actor: text, reason: text, correction: open }, ['change', 'actor', 'correction']) })),
  ],
  exposures: [{ type: 'exposure', summary: 'A subject met a variant', payload: ref('Exposure') }],
  conversions: [{ type: 'conversion', summary: 'A subject did a measured thing', payload: ref('Conversion') }],
  evaluationCounts: [{ type: 'evaluation-count', summary: 'Evaluations of one minute', payload: ref('EvaluationCount') }],
  experimentMetrics: [{ type: 'experiment-results', summary: 'The latest results document', payload: open }],
  alerts: [
    ...Object.values(alertEventTypes).map((type) => ({ type, summary: 'Something worth a person’s attention came up, or is over', payload: ref('AlertChange') })),
    { type: alertWatchTypes.rules, summary: 'How an experiment’s alerts are judged', payload: object({ actor: text, reason: text, experimentId: text, rules: ref('AlertRules'), at: text }, ['actor', 'experimentId', 'rules', 'at']) },
    { type: alertWatchTypes.acknowledged, summary: 'Somebody has seen to an alert', payload: object({ actor: text, reason: text, alertId: text, experimentId: text, acknowledgement: ref('AlertAcknowledgement') }, ['actor', 'alertId', 'experimentId', 'acknowledgement']) },
    { type: alertWatchTypes.ended, summary: 'An experiment is over, and its alerts with it', payload: object({ actor: text, reason: text, experimentId: text, at: text }, ['actor', 'experimentId', 'at']) },
  ],
  deadLetters: [{ type: 'dead-letter', summary: 'A record that could not be taken, with why and where it came from', payload: open }],
};

/** Which service writes and reads which topic. */
const traffic: Record<ServiceName, { send: TopicName[]; receive: TopicName[] }> = {
  'flag-admin': { send: ['flagChanges', 'segmentChanges', 'accessChanges', 'deadLetters'], receive: ['flagChanges', 'experimentEvents', 'evaluationCounts', 'alerts'] },
  evaluator: { send: ['exposures', 'conversions', 'evaluationCounts'], receive: ['flagChanges', 'segmentChanges', 'accessChanges', 'metricChanges'] },
  'experiment-orchestrator': { send: ['experimentEvents', 'holdoutChanges', 'alerts', 'deadLetters'], receive: ['flagChanges', 'segmentChanges', 'accessChanges', 'metricChanges', 'experimentEvents', 'experimentMetrics'] },
  analytics: { send: ['experimentMetrics', 'metricChanges', 'alerts', 'deadLetters'], receive: ['exposures', 'conversions', 'experimentEvents', 'experimentMetrics', 'metricChanges', 'alerts', 'accessChanges'] },
};

const messageName = (type: string): string => `pataka.${type}.v${schemaVersionOf(type)}`;
const headers: JsonObject = {
  type: 'object', required: ['ce_specversion', 'ce_id', 'ce_type', 'ce_source', 'content-type'],
  properties: Object.fromEntries(['ce_specversion', 'ce_id', 'ce_type', 'ce_source', 'ce_time', 'ce_subject', 'ce_position', 'ce_correlationid', 'ce_causationid', 'content-type', 'traceparent'].map((name) => [name, text])),
};

const channelOf = (name: TopicName): JsonObject => {
  const topic: TopicDefinition = topics[name];
  const names = messages[name].map((message) => messageName(message.type));
  return {
    address: topic.name, messages: Object.fromEntries(names.map((message) => [message, { $ref: `#/components/messages/${message}` }])),
    bindings: { kafka: { topic: topic.name, partitions: topic.partitions, replicas: 3, topicConfiguration: { 'cleanup.policy': [topic.cleanup], 'retention.ms': topic.retentionMs }, bindingVersion: '0.5.0' } },
  };
};

const operationsOf = (service: ServiceName): [string, JsonObject][] =>
  (['send', 'receive'] as const).flatMap((action) => traffic[service][action].map((name): [string, JsonObject] =>
    [`${service}.${action}.${name}`, { action, channel: { $ref: `#/channels/${name}` }, tags: [{ name: service }] }]));

/** The AsyncAPI 3.0 document of every topic: what is on it, how it is laid out, and which service sends and receives. */
export const asyncapiDocument = (): JsonObject => ({
  asyncapi: '3.0.0',
  info: { title: 'Pataka', version: '0.1.0', description: 'CloudEvents 1.0 in binary mode; exposures, conversions and counts may also come as one JSON array of CloudEvents per record (content-type application/cloudevents-batch+json).' },
  defaultContentType: 'application/json',
  servers: { kafka: { host: '{bootstrap}', protocol: 'kafka', variables: { bootstrap: { default: 'localhost:9092' } } } },
  channels: Object.fromEntries((Object.keys(topics) as TopicName[]).map((name) => [name, channelOf(name)])),
  operations: Object.fromEntries(serviceNames.flatMap(operationsOf)),
  components: {
    messages: Object.fromEntries(Object.values(messages).flat().map((message) => [messageName(message.type), { name: messageName(message.type), summary: message.summary, headers, payload: message.payload, contentType: 'application/json' }])),
    schemas: jsonSchemas(),
  },
});
