import type { Fault, Flag } from '@pataka/contracts';
import { findPrerequisiteCycle, faultOf, isRecord, listOf } from '@pataka/evaluation';
import { valueFaults } from './value-faults';

/** What the flag's own document cannot tell: which environments there are, and the flags that its prerequisites lead to. */
export interface FlagWorld {
  environments: readonly string[];
  flags: ReadonlyMap<string, Flag>;
  /** The key of another flag that differs from this one's in case alone. */
  sameKey: string | null;
}

const prerequisiteFaults = (prerequisite: unknown, key: string, world: FlagWorld, pointer: string): Fault[] => {
  if (!isRecord(prerequisite) || typeof prerequisite['flag'] !== 'string' || prerequisite['flag'] === key) return [];
  const flag = world.flags.get(prerequisite['flag']);
  if (flag === undefined) return [{ pointer: `${pointer}/flag`, detail: `there is no flag "${prerequisite['flag']}"`, code: 'unknown-flag', params: { name: prerequisite['flag'] } }];
  return valueFaults(prerequisite['value'], flag.type, `${pointer}/value`);
};

const repeatedFaults = (prerequisites: readonly unknown[], pointer: string): Fault[] => {
  const keys = prerequisites.map((one) => (isRecord(one) ? one['flag'] : undefined));
  return keys.flatMap((key, index) => faultOf(`${pointer}/${index}/flag`, key !== undefined && keys.indexOf(key) < index ? `"${String(key)}" is there already` : null, 'repeated', { name: String(key) }));
};

export const prerequisitesFaults = (prerequisites: unknown, key: string, world: FlagWorld): Fault[] => [
  ...repeatedFaults(listOf(prerequisites), '/prerequisites'),
  ...listOf(prerequisites).flatMap((one, index) => prerequisiteFaults(one, key, world, `/prerequisites/${index}`)),
];

/** The fault of a flag that, over its prerequisites, would need itself. */
export const cycleFault = (prerequisites: unknown, key: string, world: FlagWorld): Fault | null => {
  const wellFormed = listOf(prerequisites).filter((one): one is { flag: string; value: boolean } => isRecord(one) && typeof one['flag'] === 'string');
  const others = [...world.flags.values()].filter((flag) => flag.key !== key);
  const cycle = findPrerequisiteCycle([{ key, prerequisites: wellFormed }, ...others]);
  if (cycle === null) return null;
  const at = wellFormed.findIndex((one) => cycle.includes(one.flag));
  return { pointer: `/prerequisites/${Math.max(at, 0)}/flag`, detail: `prerequisites form a cycle: ${[...cycle, cycle[0]].join(' → ')}`, code: 'cycle', params: { path: [...cycle, cycle[0]].join(' → ') } };
};
