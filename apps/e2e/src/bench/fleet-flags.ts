import type { Api } from '../harness/api';

type Rule = Record<string, unknown>;
/** A flag as `POST /api/flags` takes it. */
export type NewFlag = Record<string, unknown> & { key: string };

const regions = ['mumbai', 'pune', 'delhi', 'jaipur', 'chennai'];
const BATCH = 8;

const threeRules = (index: number): Rule[] => [
  { id: 'west', conditions: [{ attribute: 'region', operator: 'in', value: [regions[index % 5], 'goa', 'nashik'] }, { attribute: 'fleet_size', operator: 'gt', value: 20 + (index % 30) }], value: 'west', variant: 'west' },
  { id: 'truck', conditions: [{ attribute: 'vehicle_type', operator: 'starts_with', value: 'tru' }, { attribute: 'app_version', operator: 'semver_gte', value: '2.4.0' }], value: 'truck', variant: 'truck' },
  { id: 'plate', conditions: [{ attribute: 'plate', operator: 'regex', value: '^(MH|DL)[0-9]{2}' }], value: 'plate', variant: 'plate' },
];
const splits: Rule[] = [{ id: 'split', split: ['control', 'a', 'b', 'c'].map((variant) => ({ variant, weight: 0.25, value: variant })) }];

/** By tenths: four plain, three with three rules, two by percentage, one split in four. */
const rulesOf = (index: number): Rule[] => {
  const tenth = index % 10;
  if (tenth < 4) return [];
  if (tenth < 7) return threeRules(index);
  return tenth < 9 ? [{ id: 'rollout', percentage: 5 + (index % 90), value: 'on', variant: 'on' }] : splits;
};

const flagOf = (index: number): NewFlag => ({
  key: `fleet_flag_${index}`, type: 'STRING', defaultValue: 'off', defaultVariant: 'off', status: 'ACTIVE', metadata: { team: 'fleet' },
  environments: { production: { enabled: true, rules: rulesOf(index) } },
});

/** The mixed workload: so many flags. */
export const fleetFlags = (count: number): NewFlag[] => Array.from({ length: count }, (_, index) => flagOf(index));

/** A driver's context, as an app sends it. */
export const contextOf = (index: number): Record<string, unknown> => ({
  targetingKey: `driver-${index}`, role: 'driver', region: regions[index % 5], fleet_size: index % 60,
  vehicle_type: index % 3 === 0 ? 'truck' : 'van', app_version: `2.${index % 8}.1`, plate: `${index % 2 === 0 ? 'MH' : 'KA'}12AB${index % 10_000}`,
});

/** Makes the flags through flag-admin, some at a time. */
export const createFlags = async (admin: Api, flags: readonly NewFlag[]): Promise<void> => {
  for (let from = 0; from < flags.length; from += BATCH) await Promise.all(flags.slice(from, from + BATCH).map((flag) => admin.post('/api/flags', flag)));
};
