import { Segment, type Condition, type Fault, type KeyListName } from '@pataka/contracts';
import { findSegmentCycle, isRecord, listOf, conditionsFaults } from '@pataka/evaluation';
import { catalogueAggregate, type CatalogueWorld } from './catalogue.decider';

const MAX_DEPTH = 64;

/** The member of a segment's document that names a list. */
export const listMember = <List extends KeyListName>(list: List): `${List}List` => `${list}List`;

const segmentsIn = (condition: unknown, depth = 0): string[] => {
  if (!isRecord(condition) || depth > MAX_DEPTH) return [];
  const { operator, value } = condition;
  const named = operator === 'in_segment' || operator === 'not_in_segment' ? [value].flat() : [];
  const members = [...listOf(condition['any']), ...listOf(condition['all']), condition['not']];
  return [...named.filter((key) => typeof key === 'string'), ...members.flatMap((member) => segmentsIn(member, depth + 1))];
};

/** The segments that a segment's conditions name. */
export const segmentsNamedBy = (segment: unknown): string[] =>
  (isRecord(segment) ? listOf(segment['conditions']).flatMap((condition) => segmentsIn(condition)) : []);

const cycleFaults = (body: Record<string, unknown>, world: CatalogueWorld): Fault[] => {
  const key = String(body['key']);
  const own: Segment = { key, conditions: [{ operator: 'in_segment', value: segmentsNamedBy(body) }] };
  const others = [...world.others.entries()].filter(([name]) => name !== key)
    .map(([name, segment]): Segment => ({ key: name, conditions: listOf(segment['conditions']) as Condition[] }));
  const cycle = findSegmentCycle([own, ...others]);
  return cycle === null ? [] : [{ pointer: '/conditions', detail: `segments refer to each other in a cycle: ${[...cycle, cycle[0]].join(' → ')}` }];
};

export const segmentAggregate = catalogueAggregate({
  kind: 'segment',
  shape: Segment,
  uploaded: [listMember('included'), listMember('excluded')],
  faults: (body, world) => [...conditionsFaults(body['conditions'], '/conditions'), ...cycleFaults(body, world)],
});
