import { DomainError, faultsOf, MetricDefinition, topics, type Fault, type JsonObject, type Metric, type MetricChange } from '@pataka/contracts';
import type { Aggregate, StoredFacts } from '@pataka/event-sourcing';

export type MetricEvent =
  | { type: 'metric.created'; data: { definition: MetricDefinition } }
  | { type: 'metric.updated'; data: { definition: MetricDefinition } };
export type MetricState = Metric | null;
/** `ensure` defines it unless it is there; `correct` changes the named members, null takes one away. */
export type MetricCommand = { type: 'define' | 'ensure'; body: unknown } | { type: 'correct'; key: string; body: unknown };

const isRecord = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

/** What the shape alone can't see. */
const rules: readonly { breaks: (definition: MetricDefinition) => boolean; pointer: string; detail: string }[] = [
  { breaks: ({ type, denominatorEvent }) => type === 'ratio' && denominatorEvent === undefined, pointer: '/denominatorEvent', detail: 'is needed for a ratio' },
  { breaks: ({ type, quantile = 0 }) => type === 'quantile' && !(quantile > 0 && quantile < 1), pointer: '/quantile', detail: 'is needed for a quantile, between 0 and 1' },
  { breaks: ({ margin }) => margin !== undefined && (margin.relative === undefined) === (margin.absolute === undefined), pointer: '/margin', detail: 'takes either relative or absolute' },
  { breaks: ({ type, cuped }) => cuped === true && (type === 'ratio' || type === 'quantile'), pointer: '/cuped', detail: 'goes with conversions and means only' },
  { breaks: ({ type, per, cuped }) => per === 'member' && (type !== 'mean' || cuped === true), pointer: '/per', detail: 'member goes with means that are not adjusted' },
  { breaks: ({ key }) => ['constructor', 'prototype', '__proto__'].includes(key), pointer: '/key', detail: 'is reserved' },
];

const together = (definition: MetricDefinition): Fault[] => rules.filter(({ breaks }) => breaks(definition)).map(({ pointer, detail }) => ({ pointer, detail }));

const checked = (body: unknown): MetricDefinition => {
  const shape = faultsOf(MetricDefinition, body);
  const faults = shape.length > 0 ? shape : together(body as MetricDefinition);
  if (faults.length > 0) throw new DomainError('validation', 'the metric is not valid', faults);
  return body as MetricDefinition;
};

const define = (body: unknown, state: MetricState, again: boolean): MetricEvent[] => {
  const definition = checked(body);
  if (state === null) return [{ type: 'metric.created', data: { definition: { ...definition, type: definition.type ?? 'conversion' } } }];
  if (again) return [];
  throw new DomainError('already-exists', `There is a metric "${definition.key}"`);
};

const definitionOf = ({ version: _version, createdBy: _by, createdAt: _at, updatedAt: _updated, ...definition }: Metric): MetricDefinition => definition;

const correct = (key: string, body: unknown, state: MetricState): MetricEvent[] => {
  if (state === null) throw new DomainError('not-found', `There is no metric "${key}"`);
  if (!isRecord(body)) throw new DomainError('validation', 'the body is no object', [{ pointer: '', detail: 'must be object' }]);
  if ('key' in body && body['key'] !== key) throw new DomainError('validation', 'a key never changes', [{ pointer: '/key', detail: 'cannot be changed' }]);
  const before = definitionOf(state);
  const merged = Object.fromEntries(Object.entries({ ...before, ...body }).filter(([, value]) => value !== null));
  const definition = checked(merged);
  const members = [...new Set([...Object.keys(before), ...Object.keys(definition)])] as (keyof MetricDefinition)[];
  return members.every((member) => before[member] === definition[member]) ? [] : [{ type: 'metric.updated', data: { definition } }];
};

const decide = (command: MetricCommand, state: MetricState): MetricEvent[] => {
  switch (command.type) {
    case 'define':
    case 'ensure':
      return define(command.body, state, command.type === 'ensure');
    case 'correct':
      return correct(command.key, command.body, state);
  }
};

const evolve = (state: MetricState, event: MetricEvent & StoredFacts): MetricState => ({
  ...event.data.definition, version: event.version, createdBy: state?.createdBy ?? event.meta.actor, createdAt: state?.createdAt ?? event.at, updatedAt: event.at,
});

const publish = (event: MetricEvent & StoredFacts, after: MetricState) => {
  const why = event.meta.reason === undefined ? {} : { reason: event.meta.reason };
  const data: MetricChange = { change: event.type === 'metric.created' ? 'created' : 'updated', actor: event.meta.actor, ...why, metric: after! };
  return { topic: topics.metricChanges.name, key: event.data.definition.key, type: event.type, data };
};

export const metricAggregate: Aggregate<MetricState, MetricCommand, MetricEvent> = {
  category: 'metric',
  initialState: null,
  decide, evolve, publish,
  document: (metric) => metric,
};
