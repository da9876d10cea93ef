import type { Condition, KeyListRef, Segment } from '@pataka/contracts';
import { compileCondition, compileConditions, groupOf } from './condition';
import { readerOf } from './attribute';
import type { Context } from './context';
import { keysOf } from './equality';
import type { CalendarExplanation, ConditionExplanation, SegmentExplanation } from './explain-shape';
import type { CompiledRuleset } from './ruleset';

/** What an explanation looks at: made once per explanation. */
export type Setting = { readonly ruleset: CompiledRuleset; readonly context: Context; readonly at: number };

type Named = Partial<Pick<ConditionExplanation, 'segments' | 'calendars'>>;

const reasonOf = (segment: Segment, { ruleset, context: { targetingKey: key } }: Setting): SegmentExplanation['reason'] => {
  const lists = (inline: unknown, beside: KeyListRef | null | undefined): boolean => key !== undefined &&
    ((Array.isArray(inline) && inline.map(String).includes(key)) || (beside !== undefined && beside !== null && ruleset.keyList(beside.hash)?.has(key) === true));
  if (lists(segment.excluded, segment.excludedList)) return 'excluded';
  if (lists(segment.included, segment.includedList)) return 'included';
  return Array.isArray(segment.conditions) && segment.conditions.length > 0 ? 'conditions' : 'nothing';
};

const explainSegment = (key: string, setting: Setting): SegmentExplanation => {
  const { ruleset, context, at } = setting;
  const place = ruleset.segment(key);
  if (place.document === undefined) return { key, contains: false, reason: 'unknown', conditions: [] };
  // A ring contains nothing, and has no end to explain.
  if (ruleset.segmentRings.bind(key)) return { key, contains: false, reason: 'ring', conditions: [] };
  const reason = reasonOf(place.document, setting);
  return { key, contains: place.contains(context, at), reason, conditions: reason === 'conditions' ? explainConditions(place.document.conditions, setting) : [] };
};

const explainCalendar = (key: string, { ruleset, context, at }: Setting): CalendarExplanation => {
  const place = ruleset.calendar(key);
  return { key, contains: place.contains(context, at), known: place.document !== undefined };
};

const explainNamed = ({ operator, value }: Condition, setting: Setting): Named => {
  if (operator === 'in_segment' || operator === 'not_in_segment') return { segments: keysOf(value).map((key) => explainSegment(key, setting)) };
  return operator === 'in_calendar' || operator === 'not_in_calendar' ? { calendars: keysOf(value).map((key) => explainCalendar(key, setting)) } : {};
};

const explainCondition = (condition: Condition, setting: Setting): ConditionExplanation => {
  const { ruleset, context, at } = setting;
  const holds = compileCondition(condition, ruleset)(context, at);
  if (typeof condition !== 'object' || condition === null) return { condition, holds };
  const group = groupOf(condition);
  if (group !== undefined) return { condition, holds, members: group.members.map((member) => explainCondition(member, setting)) };
  const { attribute } = condition;
  const actual = typeof attribute === 'string' ? { actual: readerOf(attribute, ruleset.environment)(context, at) ?? undefined } : {};
  return { condition, holds, ...actual, ...explainNamed(condition, setting) };
};

/** Every condition of a list, each with its outcome. */
export const explainConditions = (conditions: unknown, setting: Setting): ConditionExplanation[] =>
  Array.isArray(conditions) ? conditions.map((condition: Condition) => explainCondition(condition, setting)) : [];

/** Whether all conditions of a list hold, as the engine judges it. */
export const allHold = (conditions: readonly Condition[] | null | undefined, { ruleset, context, at }: Setting): boolean =>
  compileConditions(conditions, ruleset).every((test) => test(context, at));
