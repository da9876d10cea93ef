import type { CreateExperiment, Experiment, Fault, FlagType, FlagValue, PatchExperiment, Variant } from '@pataka/contracts';
import { conditionsFaults } from '@pataka/evaluation';
import { banditFaults, factorFaults } from './design-faults';
import { gradualFaults, strategyFaults } from './strategy-faults';

const WEIGHT_TOLERANCE = 1e-9;
type Faults = Fault[];
const fault = (pointer: string, detail: string): Fault => ({ pointer, detail });

/** The flag type that serves a config. */
export const flagTypeOf = (config: FlagValue): FlagType =>
  typeof config === 'boolean' ? 'BOOLEAN' : typeof config === 'string' ? 'STRING' : typeof config === 'number' ? 'NUMBER' : 'JSON';

const duplicates = (variants: readonly Variant[]): Faults =>
  variants.flatMap(({ id }, index) => (variants.findIndex((other) => other.id === id) < index ? [fault(`/variants/${index}/id`, `"${id}" is there twice`)] : []));

/** Faults of a list of variants: ids, weights, control, and one type of config for all. */
export const variantFaults = (variants: readonly Variant[]): Faults => {
  const faults = duplicates(variants);
  if (variants.length < 2) faults.push(fault('/variants', 'needs a control and at least one treatment'));
  const total = variants.reduce((sum, { weight }) => sum + weight, 0);
  if (Math.abs(total - 1) > WEIGHT_TOLERANCE) faults.push(fault('/variants', `weights must sum to 1, these sum to ${total}`));
  const controls = variants.filter(({ isControl }) => isControl === true).length;
  if (controls !== 1) faults.push(fault('/variants', `exactly one variant is the control, ${controls} are marked isControl`));
  const type = variants[0] === undefined ? undefined : flagTypeOf(variants[0].config);
  variants.forEach(({ config }, index) => {
    if (flagTypeOf(config) !== type) faults.push(fault(`/variants/${index}/config`, `must be of the type of the others (${type})`));
  });
  return faults;
};

const designFaults = (body: CreateExperiment): Faults => {
  const { type, variants, factors } = body;
  const own = [...(type === 'GRADUAL_ROLLOUT' ? gradualFaults(body) : []), ...banditFaults(body)];
  if (factors !== undefined) return [...own, ...factorFaults(body)];
  if (variants !== undefined) return [...own, ...variantFaults(variants)];
  return [...own, fault('/variants', type === 'MULTIVARIATE' ? 'or factors are needed' : 'are needed')];
};

const audienceFaults = ({ targetAudience }: Pick<CreateExperiment, 'targetAudience'>): Faults => conditionsFaults(targetAudience?.conditions, '/targetAudience/conditions');

// Exclusions are judged where no segment, region or calendar is known.
const needsPlaces = /"operator":"(?:(?:not_)?in_(?:segment|calendar)|within)"/;

const exclusionFaults = ({ exclusions = [] }: Pick<PatchExperiment, 'exclusions'>): Faults => exclusions.flatMap(({ name, conditions }, index) => [
  ...(exclusions.findIndex((other) => other.name === name) < index ? [fault(`/exclusions/${index}/name`, `"${name}" is there twice`)] : []),
  ...conditionsFaults(conditions, `/exclusions/${index}/conditions`),
  ...(needsPlaces.test(JSON.stringify(conditions)) ? [fault(`/exclusions/${index}/conditions`, 'are judged by attributes alone: name no segment, region or calendar')] : []),
]);

const dateFaults = ({ startDate, endDate }: { startDate?: string | undefined; endDate?: string | undefined }): Faults =>
  startDate !== undefined && endDate !== undefined && Date.parse(endDate) <= Date.parse(startDate) ? [fault('/endDate', 'must be after startDate')] : [];

const metricKey = (metric: NonNullable<CreateExperiment['successMetrics']>[number]): string => (typeof metric === 'string' ? metric : metric.key);

const metricFaults = (body: Pick<CreateExperiment, 'successMetrics' | 'guardrailMetrics' | 'safetyMetrics'>): Faults => {
  const faults: Faults = [];
  const seen = new Map<string, string>();
  for (const list of ['successMetrics', 'guardrailMetrics', 'safetyMetrics'] as const) {
    (body[list] ?? []).forEach((metric, index) => {
      const at = `/${list}/${index}`;
      const before = seen.get(metricKey(metric));
      if (before !== undefined) faults.push(fault(at, `"${metricKey(metric)}" is at ${before} already`));
      seen.set(metricKey(metric), at);
    });
  }
  return faults;
};

/** Every fault of an experiment that the shapes can't see. */
export const experimentFaults = (body: CreateExperiment, environments: readonly string[]): Faults => [
  ...designFaults(body),
  ...(body.strategy === undefined ? [] : strategyFaults(body.strategy, body)),
  ...audienceFaults(body),
  ...dateFaults(body),
  ...exclusionFaults(body),
  ...metricFaults(body),
  ...(body.environment !== undefined && environments.length > 0 && !environments.includes(body.environment) ? [fault('/environment', `is not one of ${environments.join(', ')}`)] : []),
];

/** Every fault of a change to an experiment that has not started: of what it names, and of what that makes of the rest. */
export const draftPatchFaults = (experiment: Experiment, patch: PatchExperiment): Faults => {
  const after = { ...experiment, ...patch };
  const metrics = ['successMetrics', 'guardrailMetrics', 'safetyMetrics'] as const;
  const touchesStrategy = patch.strategy !== undefined || metrics.some((list) => patch[list] !== undefined);
  return [
    ...(patch.variants === undefined ? [] : variantFaults(patch.variants)),
    ...(experiment.type === 'GRADUAL_ROLLOUT' ? gradualFaults(after) : []),
    ...(touchesStrategy ? strategyFaults(after.strategy, after) : []),
    ...audienceFaults(patch),
    ...dateFaults(after),
    ...exclusionFaults(patch),
    ...metricFaults(after),
  ];
};
