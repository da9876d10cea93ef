import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { CreateExperiment, JsonValue } from '@pataka/contracts';
import type { SyntheticWorld, Truth } from '@pataka/experiment-orchestrator';

/** What is true, as a file says it. */
export interface TruthFile { subjectsPerDay: number; days?: number; regions?: Record<string, number>; truth: Record<string, Record<string, Truth>> }

const isObject = (value: unknown): value is Record<string, JsonValue> => typeof value === 'object' && value !== null && !Array.isArray(value);
const isRate = (value: unknown): boolean => typeof value === 'number' && value >= 0 && value <= 1;
const isMean = (value: unknown): boolean => isObject(value) && typeof value['mean'] === 'number' && typeof value['sd'] === 'number' && value['sd'] >= 0;

const faultsOfVariant = (variant: string, metrics: unknown): string[] =>
  (isObject(metrics) ? Object.entries(metrics).flatMap(([metric, truth]) => (isRate(truth) || isMean(truth) ? [] : [`/truth/${variant}/${metric} is neither a rate from 0 to 1 nor {mean, sd}`])) : [`/truth/${variant} holds no metrics`]);

const faultsOf = (file: unknown): string[] => {
  if (!isObject(file)) return ['is no document'];
  const subjects = file['subjectsPerDay'] ?? file['subjects_per_day'];
  return [
    ...(typeof subjects === 'number' && subjects >= 1 ? [] : ['/subjectsPerDay is no number of at least 1']),
    ...(isObject(file['truth']) ? Object.entries(file['truth']).flatMap(([variant, metrics]) => faultsOfVariant(variant, metrics)) : ['/truth holds no variants']),
  ];
};

/** Reads what is true from YAML or JSON. */
export const readTruth = (path: string): TruthFile => {
  const file: unknown = parse(readFileSync(path, 'utf8'));
  const faults = faultsOf(file);
  if (faults.length > 0) throw new Error(`${path}:\n  ${faults.join('\n  ')}`);
  const { subjects_per_day: snake, ...rest } = file as Record<string, JsonValue>;
  return { subjectsPerDay: snake, ...rest } as unknown as TruthFile;
};

/** What there is to try on a truth: no effect at all, or one metric of one treatment set to something else. */
export interface Twist { aa: boolean; set: readonly string[] }

const parsed = (assignment: string): { variant: string; metric: string; value: number } => {
  const [, variant = '', metric = '', text = ''] = /^([^:=]+):([^:=]+)=(.+)$/.exec(assignment) ?? [];
  const value = Number(text);
  if (text === '' || !Number.isFinite(value)) throw new Error(`--set ${assignment}: write <variant>:<metric>=<rate or mean>`);
  return { variant, metric, value };
};

const twisted = (truth: TruthFile['truth'], assignment: string): TruthFile['truth'] => {
  const { variant, metric, value } = parsed(assignment);
  const before = truth[variant]?.[metric];
  if (before === undefined) throw new Error(`--set ${assignment}: the truth names no ${metric} of ${variant}`);
  if (typeof before === 'number' && !isRate(value)) throw new Error(`--set ${assignment}: a rate is from 0 to 1`);
  return { ...truth, [variant]: { ...truth[variant], [metric]: typeof before === 'number' ? value : { ...before, mean: value } } };
};

/** The world that an experiment runs in. @throws Error where the truth leaves a variant out */
export const worldOf = (file: TruthFile, variants: NonNullable<CreateExperiment['variants']>, { aa, set }: Twist): SyntheticWorld => {
  const control = variants.find(({ isControl }) => isControl === true) ?? variants[0]!;
  const missing = variants.filter(({ id }) => file.truth[id] === undefined && !(aa && file.truth[control.id] !== undefined)).map(({ id }) => id);
  if (missing.length > 0) throw new Error(`the truth says nothing of ${missing.join(', ')}`);
  const same = aa ? Object.fromEntries(variants.map(({ id }) => [id, file.truth[control.id]!])) : file.truth;
  const truth = set.reduce(twisted, Object.fromEntries(variants.map(({ id }) => [id, same[id]!])));
  return { truth, subjectsPerDay: file.subjectsPerDay, ...(file.regions === undefined ? {} : { regions: file.regions }) };
};
