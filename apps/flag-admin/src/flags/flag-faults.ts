import { CreateFlag, DomainError, FlagEnvironment, PatchFlag, faultsOf, flagTypes, type Fault, type Flag, type FlagType } from '@pataka/contracts';
import { faultOf, isRecord, reservedName } from '@pataka/evaluation';
import { mergeFaults, pointerPart, refuse } from '../faults/faults';
import { cycleFault, prerequisitesFaults, type FlagWorld } from './prerequisite-faults';
import { settingsFaults } from './rule-faults';
import { valueFaults } from './value-faults';

const typeOf = (value: unknown): FlagType | null => flagTypes.find((type) => type === value) ?? null;

const unknownEnvironment = (name: string, world: FlagWorld): string | null =>
  world.environments.includes(name) ? null : `there is no environment "${name}"; there are ${world.environments.join(', ')}`;

const environmentsFaults = (environments: unknown, type: FlagType | null, world: FlagWorld): Fault[] => {
  if (!isRecord(environments)) return [];
  return Object.entries(environments).flatMap(([name, settings]) => {
    const pointer = `/environments/${pointerPart(name)}`;
    return [...faultOf(pointer, unknownEnvironment(name, world), 'unknown-environment', { name, allowed: world.environments.join(', ') }), ...settingsFaults(settings, type, pointer)];
  });
};

const metadataFaults = (metadata: unknown): Fault[] =>
  isRecord(metadata) ? Object.keys(metadata).flatMap((name) => faultOf(`/metadata/${pointerPart(name)}`, reservedName(name))) : [];

const definitionFaults = (body: Record<string, unknown>, type: FlagType | null, key: string, world: FlagWorld): Fault[] => [
  ...(type === null ? [] : valueFaults(body['defaultValue'], type, '/defaultValue')),
  ...faultOf('/defaultVariant', reservedName(body['defaultVariant'])),
  ...metadataFaults(body['metadata']),
  ...prerequisitesFaults(body['prerequisites'], key, world),
];

/** A cycle alone has a problem type of its own; among other faults it is one of them. */
const refuseFlag = (faults: readonly Fault[], cycle: Fault | null): void => {
  if (faults.length === 0 && cycle !== null) throw new DomainError('prerequisite-cycle', cycle.detail, [cycle]);
  refuse(cycle === null ? faults : [...faults, cycle]);
};

/** Throws every fault that a new flag has, of shape and of meaning, at once. */
export const refuseFaultyFlag = (body: unknown, world: FlagWorld): CreateFlag => {
  const ofShape = faultsOf(CreateFlag, body);
  if (!isRecord(body)) refuse(ofShape);
  const flag = body as Record<string, unknown>;
  const type = typeOf(flag['type']);
  const key = String(flag['key']);
  const ofMeaning = [
    ...faultOf('/key', reservedName(flag['key']), 'reserved-name', { name: key }),
    ...definitionFaults(flag, type, key, world),
    ...environmentsFaults(flag['environments'], type, world),
  ];
  refuseFlag(mergeFaults(ofMeaning, ofShape), cycleFault(flag['prerequisites'], key, world));
  return body as CreateFlag;
};

export const refuseFaultyPatch = (body: unknown, flag: Flag, world: FlagWorld): PatchFlag => {
  const ofShape = faultsOf(PatchFlag, body);
  if (!isRecord(body)) refuse(ofShape);
  const patch = body as Record<string, unknown>;
  const ofMeaning = definitionFaults(patch, flag.type, flag.key, world);
  refuseFlag(mergeFaults(ofMeaning, ofShape), cycleFault(patch['prerequisites'], flag.key, world));
  return body as PatchFlag;
};

export const refuseFaultySettings = (body: unknown, environment: string, type: FlagType, world: FlagWorld): FlagEnvironment => {
  const ofMeaning = [...faultOf(`/environments/${pointerPart(environment)}`, unknownEnvironment(environment, world), 'unknown-environment', { name: environment, allowed: world.environments.join(', ') }), ...settingsFaults(body, type, '')];
  refuse(mergeFaults(ofMeaning, faultsOf(FlagEnvironment, body)));
  return body as FlagEnvironment;
};
