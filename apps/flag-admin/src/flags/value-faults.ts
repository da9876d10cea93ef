import { checkJson, type Fault, type FlagType } from '@pataka/contracts';
import { isRecord, reservedName } from '@pataka/evaluation';

const MAX_DEPTH = 32;

const described: Readonly<Record<FlagType, string>> = {
  BOOLEAN: 'must be a boolean', STRING: 'must be a string', NUMBER: 'must be a finite number', JSON: 'must be an object',
};

const named: Readonly<Record<FlagType, string>> = { BOOLEAN: 'boolean', STRING: 'string', NUMBER: 'number', JSON: 'object' };

const isOfType: Readonly<Record<FlagType, (value: unknown) => boolean>> = {
  BOOLEAN: (value) => typeof value === 'boolean',
  STRING: (value) => typeof value === 'string',
  NUMBER: (value) => typeof value === 'number' && Number.isFinite(value),
  JSON: isRecord,
};

/** Member names that reach a prototype, whatever the case; checkJson knows only the exact ones. */
const reservedMembers = (value: unknown, pointer: string): Fault[] => {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => {
    const at = `${pointer}/${name}`;
    const detail = Array.isArray(value) ? null : reservedName(name);
    return detail === null ? reservedMembers(member, at) : [{ pointer: at, detail, code: 'reserved-name', params: { name } }];
  });
};

/** Faults of a value that a flag of this type would serve. An absent one is for its owner to judge. */
export const valueFaults = (value: unknown, type: FlagType, pointer: string): Fault[] => {
  if (value === undefined) return [];
  if (!isOfType[type](value)) return [{ pointer, detail: `${described[type]}, as the flag's type is ${type}`, code: 'type', params: { type: named[type] } }];
  const faults = checkJson(value, { maxDepth: MAX_DEPTH }).map((fault) => ({ ...fault, pointer: `${pointer}${fault.pointer}` }));
  // depth is bounded once there are no faults, so that recursion is too
  return faults.length > 0 ? faults : reservedMembers(value, pointer);
};
