import type { Condition, JsonValue, Operator } from '@pataka/contracts';
import { meanings, takesAttribute, takesMany } from './operators';

/** How the texts of a value are meant. `json`: each is JSON, for lists that mix kinds. */
export type ValueKind = 'text' | 'number' | 'boolean' | 'json';
export interface LeafDraft { uid: string; kind: 'leaf'; attribute: string; operator: Operator; texts: string[]; as: ValueKind }
export interface GroupDraft { uid: string; kind: 'group'; how: 'any' | 'all' | 'not'; members: NodeDraft[] }
/** A condition as it is edited: texts, and a name of its own that stays while it moves. */
export type NodeDraft = LeafDraft | GroupDraft;

let last = 0;
export const newUid = (): string => `n${(last += 1)}`;

const kindOf = (values: readonly unknown[]): ValueKind => {
  const kinds = [...new Set(values.map((value) => typeof value))];
  if (kinds.length === 0 || (kinds.length === 1 && kinds[0] === 'string')) return 'text';
  return kinds.length === 1 && (kinds[0] === 'number' || kinds[0] === 'boolean') ? kinds[0] : 'json';
};

const textOf = (value: unknown, as: ValueKind): string => (as === 'text' ? String(value) : JSON.stringify(value));

const leafOf = ({ attribute = '', operator = 'equals', value }: Condition): LeafDraft => {
  const values = value === undefined ? [] : Array.isArray(value) ? value : [value];
  const as = kindOf(values);
  return { uid: newUid(), kind: 'leaf', attribute, operator, texts: values.map((one) => textOf(one, as)), as };
};

const groupOf = (how: GroupDraft['how'], members: readonly Condition[]): GroupDraft => ({ uid: newUid(), kind: 'group', how, members: members.map(nodeOf) });

/** A condition as it is written, for editing. */
export const nodeOf = (condition: Condition): NodeDraft => {
  if (condition.any !== undefined) return groupOf('any', condition.any);
  if (condition.all !== undefined) return groupOf('all', condition.all);
  if (condition.not !== undefined) return groupOf('not', condition.not.all ?? [condition.not]);
  return leafOf(condition);
};

const valueOfText = (text: string, as: ValueKind): JsonValue => {
  const trimmed = text.trim();
  if (as === 'number') return trimmed !== '' && Number.isFinite(Number(trimmed)) ? Number(trimmed) : text;
  if (as === 'boolean') return trimmed === 'true' ? true : trimmed === 'false' ? false : text;
  if (as === 'text') return text;
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return text;
  }
};

const valueOf = ({ operator, texts, as }: LeafDraft): JsonValue | undefined => {
  const { operand } = meanings[operator];
  if (operand === 'none') return undefined;
  const kind = operand === 'number' ? 'number' : operand === 'scalar' || operand === 'list' ? as : 'text';
  const values = texts.map((text) => valueOfText(text, kind));
  return takesMany(operator) ? values : values[0];
};

/** The condition as it is written. A group of `not` over several is `not` of all of them. */
export const conditionOf = (node: NodeDraft): Condition => {
  if (node.kind === 'group') {
    const members = node.members.map(conditionOf);
    if (node.how === 'any') return { any: members };
    if (node.how === 'all') return { all: members };
    return { not: members.length === 1 ? members[0]! : { all: members } };
  }
  const value = valueOf(node);
  return { ...(takesAttribute(node.operator) && node.attribute !== '' ? { attribute: node.attribute } : {}), operator: node.operator, ...(value === undefined ? {} : { value }) };
};

/** Where a group's member stands in the written document. */
export const memberPointer = (pointer: string, group: GroupDraft, index: number): string => {
  if (group.how !== 'not') return `${pointer}/${group.how}/${index}`;
  return group.members.length === 1 ? `${pointer}/not` : `${pointer}/not/all/${index}`;
};

/** Another operator for a leaf: what was typed stays where it still makes sense. */
export const withOperator = (leaf: LeafDraft, operator: Operator): LeafDraft => {
  const from = meanings[leaf.operator].operand;
  const to = meanings[operator].operand;
  const plain = ['scalar', 'list', 'text', 'regex', 'number', 'version', 'languages'];
  const keeps = from === to || (plain.includes(from) && plain.includes(to));
  const texts = keeps ? (takesMany(operator) ? leaf.texts.filter((text) => text !== '') : leaf.texts.slice(0, 1)) : [];
  return { ...leaf, operator, texts };
};

export const emptyLeaf = (): LeafDraft => ({ uid: newUid(), kind: 'leaf', attribute: '', operator: 'equals', texts: [], as: 'text' });
export const emptyGroup = (how: GroupDraft['how']): GroupDraft => ({ uid: newUid(), kind: 'group', how, members: [emptyLeaf()] });
