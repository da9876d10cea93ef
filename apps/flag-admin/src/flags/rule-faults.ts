import type { Fault, FlagType } from '@pataka/contracts';
import { faultOf, isRecord, listOf, reservedName, conditionsFaults } from '@pataka/evaluation';
import { scheduleFaults } from './schedule-faults';
import { valueFaults } from './value-faults';

const WEIGHT_TOLERANCE = 1e-9;

const repeated = (items: readonly unknown[], member: string, pointer: string): Fault[] => {
  const seen = new Set<unknown>();
  return items.flatMap((item, index) => {
    const name = isRecord(item) ? item[member] : undefined;
    if (name !== undefined && seen.has(name)) return [{ pointer: `${pointer}/${index}/${member}`, detail: `"${String(name)}" is there already`, code: 'repeated' as const, params: { name: String(name) } }];
    seen.add(name);
    return [];
  });
};

const sumOf = (shares: readonly unknown[]): number => shares.reduce<number>((total, share) => total + (isRecord(share) && typeof share['weight'] === 'number' ? share['weight'] : 0), 0);

const weightsFault = (shares: readonly unknown[]): string | null => {
  const weights = shares.map((share) => (isRecord(share) ? share['weight'] : undefined));
  if (weights.length === 0 || !weights.every((weight) => typeof weight === 'number')) return null;
  const sum = sumOf(shares);
  return Math.abs(sum - 1) <= WEIGHT_TOLERANCE ? null : `weights sum to ${sum}, not to 1`;
};

const shareFaults = (share: unknown, type: FlagType | null, pointer: string): Fault[] => {
  if (!isRecord(share)) return [];
  return [
    ...faultOf(`${pointer}/variant`, reservedName(share['variant'])),
    ...(type === null ? [] : valueFaults(share['value'], type, `${pointer}/value`)),
  ];
};

const splitFaults = ({ split, experimentId }: Record<string, unknown>, type: FlagType | null, pointer: string): Fault[] => {
  const shares = listOf(split);
  return [
    ...faultOf(pointer, weightsFault(shares), 'weights-sum', { sum: sumOf(shares) }),
    // Where an experiment's weights have changed, a variant may hold several shares: so fewer units move.
    ...(experimentId === undefined ? repeated(shares, 'variant', pointer) : []),
    ...shares.flatMap((share, index) => shareFaults(share, type, `${pointer}/${index}`)),
  ];
};

const servingFault = (rule: Record<string, unknown>): string | null => {
  const given = [rule['value'], rule['split']].filter((member) => member !== undefined).length;
  return given === 1 ? null : 'a rule has exactly one of value and split';
};

/** Traffic is allotted by layers and holdouts: written by hand it could let two experiments of a layer meet. */
const trafficFaults = ({ traffic, experimentId }: Record<string, unknown>, pointer: string): Fault[] => [
  ...faultOf(pointer, traffic !== undefined && experimentId === undefined ? 'only a rule that an experiment owns has traffic: name the layer or holdout in the experiment' : null),
  ...listOf(traffic).flatMap((range, index) => (isRecord(range) ? faultOf(`${pointer}/${index}/bucketBy`, reservedName(range['bucketBy'])) : [])),
];

export const ruleFaults = (rule: unknown, type: FlagType | null, pointer: string): Fault[] => {
  if (!isRecord(rule)) return [];
  const phaseAlone = rule['phase'] !== undefined && rule['experimentId'] === undefined;
  return [
    ...faultOf(`${pointer}/value`, servingFault(rule), 'value-or-split'),
    ...(type === null || servingFault(rule) !== null ? [] : valueFaults(rule['value'], type, `${pointer}/value`)),
    ...splitFaults(rule, type, `${pointer}/split`),
    ...faultOf(`${pointer}/variant`, reservedName(rule['variant'])),
    ...faultOf(`${pointer}/bucketBy`, reservedName(rule['bucketBy'])),
    ...faultOf(`${pointer}/phase`, phaseAlone ? 'only a rule that an experiment owns has a phase' : null),
    ...trafficFaults(rule, `${pointer}/traffic`),
    ...conditionsFaults(rule['conditions'], `${pointer}/conditions`),
    ...scheduleFaults(rule['schedule'], `${pointer}/schedule`),
  ];
};

/** What no schema can say of one environment's settings. `type` is null where the flag's own is unknown or wrong. */
export const settingsFaults = (settings: unknown, type: FlagType | null, pointer: string): Fault[] => {
  if (!isRecord(settings)) return [];
  const rules = listOf(settings['rules']);
  return [
    ...repeated(rules, 'id', `${pointer}/rules`),
    ...rules.flatMap((rule, index) => ruleFaults(rule, type, `${pointer}/rules/${index}`)),
  ];
};
