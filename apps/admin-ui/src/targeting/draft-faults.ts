import type { FlagType } from '@pataka/contracts';
import { conditionsFaults, isTimeZone, parseInstant } from '@pataka/evaluation';
import type { MessageId } from '../i18n/catalogues';
import { conditionOf, type GroupDraft, type LeafDraft, memberPointer, type NodeDraft } from './condition-draft';
import { meanings } from './operators';
import type { RuleDraft, ScheduleDraft } from './rule-draft';
import { valueFromText } from './value-text';

/** What is wrong with a draft, by JSON pointer into the environment's settings: a message and what it speaks of. */
export type DraftFaults = ReadonlyMap<string, { id: MessageId; detail?: string }>;
type Found = [pointer: string, fault: { id: MessageId; detail?: string }];

const SUM_TOLERANCE = 1e-7;

const leafFaults = (leaf: LeafDraft, pointer: string): Found[] => conditionsFaults([conditionOf(leaf)], '').map(({ pointer: at, detail }): Found => {
  const part = at.split('/').at(-1);
  const id: MessageId = part === 'attribute' ? 'targeting.fault.attribute' : part === 'value' ? `targeting.fault.${meanings[leaf.operator].operand}` : 'targeting.fault.condition';
  return [`${pointer}/${part}`, leaf.operator === 'regex' && leaf.texts[0] !== undefined ? { id, detail } : { id }];
});

const emptyList = (leaf: LeafDraft, pointer: string): Found[] =>
  (leaf.texts.length === 0 && ['list', 'languages', 'regions', 'calendars', 'segments'].includes(meanings[leaf.operator].operand) ? [[`${pointer}/value`, { id: `targeting.fault.${meanings[leaf.operator].operand}` }]] : []);

const groupFaults = (group: GroupDraft, pointer: string): Found[] => [
  ...(group.members.length === 0 ? [[pointer, { id: 'targeting.fault.emptyGroup' }] as Found] : []),
  ...group.members.flatMap((member, index) => nodeFaults(member, memberPointer(pointer, group, index))),
];

/** Faults of one condition and all below it. */
export const nodeFaults = (node: NodeDraft, pointer: string): Found[] =>
  (node.kind === 'group' ? groupFaults(node, pointer) : [...leafFaults(node, pointer), ...emptyList(node, pointer)]);

const instantFault = (text: string, pointer: string): Found[] => (text === '' || parseInstant(text) !== undefined ? [] : [[pointer, { id: 'targeting.fault.instant' }]]);

const scheduleFaults = (schedule: ScheduleDraft | null, pointer: string): Found[] => {
  if (schedule === null) return [];
  const [from, until] = [parseInstant(schedule.from), parseInstant(schedule.until)];
  return [
    ...instantFault(schedule.from, `${pointer}/from`), ...instantFault(schedule.until, `${pointer}/until`),
    ...(from !== undefined && until !== undefined && from >= until ? [[`${pointer}/until`, { id: 'targeting.fault.untilBeforeFrom' }] as Found] : []),
    ...schedule.windows.flatMap(({ start, end, timezone }, index): Found[] => [
      ...(start < end ? [] : [[`${pointer}/windows/${index}/end`, { id: 'targeting.fault.window' }] as Found]),
      ...(isTimeZone(timezone) ? [] : [[`${pointer}/windows/${index}/timezone`, { id: 'targeting.fault.zone' }] as Found]),
    ]),
  ];
};

const isPercent = (text: string): boolean => text.trim() !== '' && Number(text) >= 0 && Number(text) <= 100;

const splitFaults = ({ split }: RuleDraft, type: FlagType, pointer: string): Found[] => {
  const sum = split.reduce((total, { percent }) => total + Number(percent), 0);
  return [
    ...(split.length === 0 ? [[pointer, { id: 'targeting.fault.emptySplit' }] as Found] : Math.abs(sum - 100) <= SUM_TOLERANCE ? [] : [[pointer, { id: 'targeting.fault.sum', detail: String(Number(sum.toFixed(6))) }] as Found]),
    ...split.flatMap(({ variant, percent, value }, index): Found[] => [
      ...(variant.trim() === '' ? [[`${pointer}/${index}/variant`, { id: 'targeting.fault.variant' }] as Found] : []),
      ...(split.findIndex((other) => other.variant === variant) < index ? [[`${pointer}/${index}/variant`, { id: 'targeting.fault.variantTwice' }] as Found] : []),
      ...(isPercent(percent) ? [] : [[`${pointer}/${index}/weight`, { id: 'targeting.fault.percentage' }] as Found]),
      ...(valueFromText(value, type) === undefined ? [[`${pointer}/${index}/value`, { id: `targeting.fault.value.${type}` }] as Found] : []),
    ]),
  ];
};

const ruleFaults = (draft: RuleDraft, type: FlagType, pointer: string, ids: readonly string[]): Found[] => [
  ...(draft.id.trim() === '' ? [[`${pointer}/id`, { id: 'targeting.fault.id' }] as Found] : ids.filter((id) => id === draft.id).length > 1 ? [[`${pointer}/id`, { id: 'targeting.fault.idTwice' }] as Found] : []),
  ...draft.conditions.flatMap((node, index) => nodeFaults(node, `${pointer}/conditions/${index}`)),
  ...(draft.percentage === null || isPercent(draft.percentage) ? [] : [[`${pointer}/percentage`, { id: 'targeting.fault.percentage' }] as Found]),
  ...(draft.serve === 'split' ? splitFaults(draft, type, `${pointer}/split`) : valueFromText(draft.value, type) === undefined ? [[`${pointer}/value`, { id: `targeting.fault.value.${type}` }] as Found] : []),
  ...scheduleFaults(draft.schedule, `${pointer}/schedule`),
];

/** Everything that would be refused, found before it is sent. What an experiment owns is not looked at. */
export const draftFaults = (drafts: readonly RuleDraft[], type: FlagType): DraftFaults => {
  const ids = drafts.map(({ id }) => id);
  return new Map(drafts.flatMap((draft, index) => (draft.saved?.experimentId === undefined ? ruleFaults(draft, type, `/rules/${index}`, ids) : [])));
};
