import type { Condition, CreateFlag, Experiment, FlagType, FlagValue, GeographicRule, Rule, Schedule, Variant } from '@pataka/contracts';
import { flagTypes } from '@pataka/contracts';
import { splitOf } from './split-shares';

const typeNames: Readonly<Record<string, FlagType>> = { boolean: 'BOOLEAN', string: 'STRING', number: 'NUMBER', object: 'JSON' };

export const typeOf = (value: FlagValue): FlagType => typeNames[typeof value] ?? flagTypes[0];

export const controlOf = (experiment: Experiment): Variant | undefined => experiment.variants.find((variant) => variant.isControl === true) ?? experiment.variants[0];

/** The flag that an experiment is made with: everyone gets the control until it starts. */
export const flagOf = (experiment: Experiment): CreateFlag => {
  const control = controlOf(experiment);
  return {
    key: experiment.flagKey,
    name: experiment.name ?? experiment.key,
    description: experiment.description ?? '',
    type: typeOf(control?.config ?? false),
    status: 'INACTIVE',
    defaultValue: control?.config as FlagValue,
    ...(control === undefined ? {} : { defaultVariant: control.id }),
    environments: { [experiment.environment]: { enabled: true, rules: [] } },
  };
};

const withinAny = (regions: readonly string[]): Condition => ({ attribute: 'region', operator: 'within', value: [...regions] });

/** In where any inclusion says so, or there is none; out where any exclusion says so. */
const geography = (rules: readonly GeographicRule[]): Condition[] => {
  const included = rules.filter((rule) => rule.include).flatMap((rule) => rule.regions);
  const excluded = rules.filter((rule) => !rule.include).flatMap((rule) => rule.regions);
  return [
    ...(included.length === 0 ? [] : [withinAny(included)]),
    ...(excluded.length === 0 ? [] : [{ not: withinAny(excluded) }]),
  ];
};

/** Regional waves add up: who was reached by an earlier step stays in. A step without regions reaches everywhere. */
const waves = ({ strategy, rollout }: Experiment): Condition[] => {
  const reached = (strategy.steps ?? []).slice(0, rollout.step + 1);
  const everywhere = reached.some((step) => step.regions === undefined || step.regions.length === 0);
  return reached.length === 0 || everywhere ? [] : [withinAny([...new Set(reached.flatMap((step) => step.regions ?? []))])];
};

const audience = (experiment: Experiment): Condition[] => {
  const segments = experiment.strategy.audienceSegments ?? [];
  return [
    ...(experiment.targetAudience?.conditions ?? []),
    ...(segments.length === 0 ? [] : [{ operator: 'in_segment' as const, value: [...segments] }]),
    ...geography(experiment.strategy.geographicRules ?? []),
    ...waves(experiment),
  ];
};

/** Nobody is served before the start date or from the end date on, whoever may be away; windows for steps are nothing to the rule. */
const scheduleOf = ({ startDate, endDate, strategy: { servingWindows = [] } }: Experiment): Schedule | undefined => {
  const schedule: Schedule = {
    ...(startDate === undefined ? {} : { from: startDate }), ...(endDate === undefined ? {} : { until: endDate }), ...(servingWindows.length === 0 ? {} : { windows: servingWindows }),
  };
  return Object.keys(schedule).length === 0 ? undefined : schedule;
};

/**
 * The rule that an experiment owns. Its id and salt never change, so that nobody moves when the percentage grows or a new phase begins;
 * which phase assigned somebody, the exposure says.
 */
export const ruleOf = (experiment: Experiment): Rule => {
  const schedule = scheduleOf(experiment);
  return {
    id: experiment.id,
    salt: experiment.id,
    description: `Experiment ${experiment.key}`,
    conditions: audience(experiment),
    percentage: experiment.rollout.percentage,
    split: splitOf(experiment),
    ...(experiment.bucketBy === undefined ? {} : { bucketBy: experiment.bucketBy }),
    ...(experiment.traffic === undefined || experiment.traffic.length === 0 ? {} : { traffic: experiment.traffic }),
    experimentId: experiment.id,
    phase: experiment.phase,
    ...(schedule === undefined ? {} : { schedule }),
  };
};

/** What everyone gets once the experiment is over, where that is not the control. */
export const servedAfter = (experiment: Experiment): { value: FlagValue; variant: string } | null => {
  const winner = experiment.variants.find((variant) => variant.id === experiment.winnerVariantId);
  return winner === undefined ? null : { value: winner.config, variant: winner.id };
};
