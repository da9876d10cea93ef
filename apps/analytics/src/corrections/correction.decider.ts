import { CreateCorrection, DomainError, faultsOf, topics, type Correction, type CorrectionChange, type Fault } from '@pataka/contracts';
import { conditionsFaults } from '@pataka/evaluation';
import type { Aggregate, StoredFacts } from '@pataka/event-sourcing';
import { parseInstant } from '../evidence/instant';

export type CorrectionEvent =
  | { type: 'correction.created'; data: { id: string; body: CreateCorrection } }
  | { type: 'correction.reverted'; data: { id: string; reason?: string } };
export type CorrectionState = Correction | null;
export type CorrectionCommand = { type: 'correct'; id: string; body: unknown } | { type: 'revert'; id: string; reason?: string };

type Rule = [pointer: string, detail: string, breaks: (body: CreateCorrection) => boolean];
type Member = keyof CreateCorrection;

/** Members that each kind takes, beside kind, reason, from and until. */
const members: Record<CreateCorrection['kind'], readonly Member[]> = {
  values: ['experimentId', 'metric', 'subjects', 'action', 'factor', 'value'], subjects: ['experimentId', 'subjects', 'conditions'], broken: ['experimentId', 'variantId', 'of'],
};
const always: readonly Member[] = ['kind', 'reason'];

const before = ({ from, until }: CreateCorrection): boolean => {
  const [begin, end] = [from === undefined ? null : parseInstant(from), until === undefined ? null : parseInstant(until)];
  return begin !== null && end !== null && begin >= end;
};
// Exclusions are judged where no segment, region or calendar is known.
const needsPlaces = /"operator":"(?:(?:not_)?in_(?:segment|calendar)|within)"/;

const rules: readonly Rule[] = [
  ['/reason', 'is needed: a correction says why', ({ reason }) => reason.trim() === ''],
  ['/metric', 'is needed: whose values were wrong', ({ kind, metric }) => kind === 'values' && metric === undefined],
  ['/factor', 'is needed to multiply', ({ action, factor }) => action === 'multiply' && factor === undefined],
  ['/factor', 'goes with multiply only', ({ action, factor }) => action !== 'multiply' && factor !== undefined],
  ['/value', 'is needed to replace', ({ action, value }) => action === 'replace' && value === undefined],
  ['/value', 'goes with replace only', ({ action, value }) => action !== 'replace' && value !== undefined],
  ['/subjects', 'or conditions are needed, one of them', ({ kind, subjects, conditions }) => kind === 'subjects' && (subjects === undefined) === (conditions === undefined)],
  ['/experimentId', 'is needed: what was broken', ({ kind, experimentId }) => kind === 'broken' && experimentId === undefined],
  ['/from', 'and until are needed', ({ kind, from, until }) => kind === 'broken' && (from === undefined || until === undefined)],
  ['/until', 'must be after from', before],
  ['/conditions', 'are judged by attributes alone: name no segment, region or calendar', ({ conditions }) => needsPlaces.test(JSON.stringify(conditions ?? []))],
];

const strangers = (body: CreateCorrection): Fault[] => {
  const known = [...always, ...members[body.kind], ...(body.kind === 'subjects' ? [] : (['from', 'until'] as const))];
  return (Object.keys(body) as Member[]).filter((name) => !known.includes(name)).map((name) => ({ pointer: `/${name}`, detail: `does not go with ${body.kind}` }));
};

const instants = (body: CreateCorrection): Fault[] =>
  (['from', 'until'] as const).flatMap((name) => (body[name] !== undefined && parseInstant(body[name]) === null ? [{ pointer: `/${name}`, detail: 'is no instant between 1970 and 2252' }] : []));

const checked = (given: unknown): CreateCorrection => {
  const shape = faultsOf(CreateCorrection, given);
  const body = given as CreateCorrection;
  const faults = shape.length > 0 ? shape : [
    ...strangers(body), ...instants(body), ...rules.filter(([, , breaks]) => breaks(body)).map(([pointer, detail]) => ({ pointer, detail })), ...conditionsFaults(body.conditions, '/conditions'),
  ];
  if (faults.length > 0) throw new DomainError('validation', 'the correction is not valid', faults);
  return body;
};

const decide = (command: CorrectionCommand, state: CorrectionState): CorrectionEvent[] => {
  switch (command.type) {
    case 'correct': {
      const body = checked(command.body);
      return state === null ? [{ type: 'correction.created', data: { id: command.id, body } }] : [];
    }
    case 'revert':
      if (state === null) throw new DomainError('not-found', `There is no correction "${command.id}"`);
      return state.status === 'reverted' ? [] : [{ type: 'correction.reverted', data: { id: command.id, ...(command.reason === undefined ? {} : { reason: command.reason }) } }];
  }
};

const evolve = (state: CorrectionState, event: CorrectionEvent & StoredFacts): CorrectionState => {
  switch (event.type) {
    case 'correction.created':
      return { ...event.data.body, id: event.data.id, version: event.version, status: 'active', createdBy: event.meta.actor, createdAt: event.at };
    case 'correction.reverted': {
      const why = event.data.reason ?? event.meta.reason;
      return { ...state!, version: event.version, status: 'reverted', revertedBy: event.meta.actor, revertedAt: event.at, ...(why === undefined ? {} : { revertReason: why }) };
    }
  }
};

const publish = (event: CorrectionEvent & StoredFacts, after: CorrectionState) => {
  const reason = event.type === 'correction.created' ? event.data.body.reason : after?.revertReason;
  const data: CorrectionChange = { change: event.type === 'correction.created' ? 'created' : 'reverted', actor: event.meta.actor, ...(reason === undefined ? {} : { reason }), correction: after! };
  return { topic: topics.metricChanges.name, key: event.data.id, type: event.type, data };
};

export const correctionAggregate: Aggregate<CorrectionState, CorrectionCommand, CorrectionEvent> = {
  category: 'correction', initialState: null, decide, evolve, publish, document: (correction) => correction,
};
