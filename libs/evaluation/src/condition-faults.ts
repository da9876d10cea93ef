import type { Fault, Operator } from '@pataka/contracts';
import { operands } from './condition-operands';
import { faultOf, isRecord, listOf, reservedName } from './faults';

const MAX_DEPTH = 10;
const GROUPS = ['any', 'all', 'not'] as const;
const LEAF = ['attribute', 'operator', 'value'] as const;

const isOperator = (value: unknown): value is Operator => typeof value === 'string' && Object.hasOwn(operands, value);

const attributeFault = (attribute: unknown, operator: Operator): string | null => {
  if (!operands[operator].attribute) return attribute === undefined ? null : `${operator} takes no attribute`;
  return attribute === undefined ? `${operator} needs an attribute` : reservedName(attribute);
};

const valueFault = (condition: Record<string, unknown>, operator: Operator): string | null => {
  const check = operands[operator].value;
  if (check === null) return condition['value'] === undefined ? null : `${operator} takes no value`;
  return condition['value'] === undefined ? `${operator} needs a value` : check(condition['value']);
};

const leafFaults = (condition: Record<string, unknown>, pointer: string): Fault[] => {
  const operator = condition['operator'];
  if (operator === undefined) return faultOf(`${pointer}/operator`, 'a condition needs an operator, or is a group of any, all or not');
  if (!isOperator(operator)) return []; // the shape names the operators there are
  return [
    ...faultOf(`${pointer}/attribute`, attributeFault(condition['attribute'], operator)),
    ...faultOf(`${pointer}/value`, valueFault(condition, operator)),
  ];
};

const groupFaults = (condition: Record<string, unknown>, groups: readonly string[], pointer: string, depth: number): Fault[] => {
  if (depth >= MAX_DEPTH) return [{ pointer, detail: `groups are nested deeper than ${MAX_DEPTH}` }];
  const extra = [...LEAF.filter((name) => condition[name] !== undefined), ...groups.slice(1)];
  return [
    ...extra.map((name) => ({ pointer: `${pointer}/${name}`, detail: `a group of ${groups[0]} has no other member` })),
    ...groups.flatMap((name) => name === 'not'
      ? conditionFaults(condition['not'], `${pointer}/not`, depth + 1)
      : conditionsFaults(condition[name], `${pointer}/${name}`, depth + 1)),
  ];
};

const conditionFaults = (condition: unknown, pointer: string, depth: number): Fault[] => {
  if (!isRecord(condition)) return [];
  const groups = GROUPS.filter((name) => condition[name] !== undefined);
  return groups.length === 0 ? leafFaults(condition, pointer) : groupFaults(condition, groups, pointer, depth);
};

/** What no schema can say of conditions: which members belong together, and what each operator can compare with. */
export const conditionsFaults = (conditions: unknown, pointer: string, depth = 0): Fault[] =>
  listOf(conditions).flatMap((condition, index) => conditionFaults(condition, `${pointer}/${index}`, depth));
