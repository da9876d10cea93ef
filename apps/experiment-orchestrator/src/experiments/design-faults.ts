import type { CreateExperiment, Factor, Fault, JsonValue } from '@pataka/contracts';
import { parseDuration } from '../rollouts/local-time';
import { cellsOf } from './cells';

const MAX_CELLS = 50;
const fault = (pointer: string, detail: string): Fault => ({ pointer, detail });
const text = (value: JsonValue): string => JSON.stringify(value);

const levelFaults = ({ levels }: Factor, pointer: string): Fault[] => levels.flatMap((level, index) => {
  if (level === null || Array.isArray(level)) return [fault(`${pointer}/levels/${index}`, 'must be a string, a number, a boolean or an object')];
  return levels.findIndex((other) => text(other) === text(level)) < index ? [fault(`${pointer}/levels/${index}`, 'is there twice')] : [];
});

/** Two cells of one name would be one variant: names are cut where levels are long. */
const nameFaults = (factors: readonly Factor[]): Fault[] => {
  const ids = cellsOf(factors).map(({ id }) => id);
  return new Set(ids).size < ids.length ? [fault('/factors', 'make cells whose names, cut at 128 characters, are the same: give their levels shorter names')] : [];
};

/** Faults of a factorial design. */
export const factorFaults = ({ type, variants, factors = [] }: CreateExperiment): Fault[] => {
  if (type !== 'MULTIVARIATE') return [fault('/factors', 'only a MULTIVARIATE experiment has factors')];
  if (variants !== undefined) return [fault('/variants', 'are generated from the factors: give one or the other')];
  const cells = factors.reduce((count, { levels }) => count * levels.length, 1);
  const faults = factors.flatMap((factor, index) => [
    ...(factors.findIndex(({ name }) => name === factor.name) < index ? [fault(`/factors/${index}/name`, `"${factor.name}" is there twice`)] : []),
    ...(['__proto__', 'constructor', 'prototype'].includes(factor.name) ? [fault(`/factors/${index}/name`, 'is not allowed as a name')] : []),
    ...levelFaults(factor, `/factors/${index}`),
  ]);
  if (cells > MAX_CELLS) return [...faults, fault('/factors', `make ${cells} cells, more than ${MAX_CELLS}`)];
  return faults.length > 0 ? faults : nameFaults(factors);
};

const durationFaults = (bandit: NonNullable<CreateExperiment['bandit']>): Fault[] => (['interval', 'burnInDuration'] as const).flatMap((name) => {
  const duration = bandit[name];
  return duration === undefined || parseDuration(duration) !== null ? [] : [fault(`/bandit/${name}`, 'must be an ISO 8601 duration of up to ten years, such as P1D or PT6H')];
});

const settingFaults = (bandit: NonNullable<CreateExperiment['bandit']>, variants: NonNullable<CreateExperiment['variants']>): Fault[] => {
  const { floor = 0, priors = {} } = bandit;
  return [
    ...durationFaults(bandit),
    ...(floor * variants.length > 1 + 1e-9 ? [fault('/bandit/floor', `${variants.length} variants cannot all keep ${floor}`)] : []),
    ...Object.keys(priors).filter((id) => !variants.some((variant) => variant.id === id)).map((id) => fault(`/bandit/priors/${id.replaceAll('~', '~0').replaceAll('/', '~1')}`, 'is no variant')),
  ];
};

/** Faults of a bandit, and of what only a bandit has. */
export const banditFaults = ({ type, bandit, variants = [], successMetrics = [] }: CreateExperiment): Fault[] => {
  if (type !== 'BANDITS') return bandit === undefined ? [] : [fault('/bandit', 'only an experiment of type BANDITS has it')];
  return [...(successMetrics.length === 0 ? [fault('/successMetrics', 'a bandit needs one to go by')] : []), ...settingFaults(bandit ?? {}, variants)];
};
