import type { CloneExperiment, CreateExperiment, Experiment } from '@pataka/contracts';

const kept = ['name', 'description', 'hypothesis', 'type', 'environment', 'bucketBy', 'targetAudience', 'successMetrics', 'guardrailMetrics', 'safetyMetrics', 'strategy', 'plan', 'holdouts', 'bandit'] as const;

/** A draft like an experiment, but for what is named. Its dates, its place in a layer and its flag were that one's own. */
export const cloneOf = (experiment: Experiment, { variants, ...overrides }: CloneExperiment): CreateExperiment => {
  const definition = Object.fromEntries(kept.flatMap((name) => (experiment[name] === undefined ? [] : [[name, experiment[name]]]))) as unknown as CreateExperiment;
  // Cells are made of factors again, unless somebody names variants.
  const design = variants === undefined && experiment.factors !== undefined ? { factors: experiment.factors } : { variants: variants ?? experiment.variants };
  const layer = experiment.layer === undefined ? {} : { layer: { key: experiment.layer.key, share: experiment.layer.share } };
  return { ...definition, ...design, ...layer, ...overrides };
};
