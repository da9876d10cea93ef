import type { Factor, JsonObject, Variant } from '@pataka/contracts';

const PRECISION = 1e12;

const combine = (factors: readonly Factor[]): JsonObject[] =>
  factors.reduce<JsonObject[]>((cells, factor) => cells.flatMap((cell) => factor.levels.map((level) => ({ ...cell, [factor.name]: level }))), [{}]);

const idOf = (cell: JsonObject): string =>
  Object.entries(cell).map(([name, level]) => `${name}=${typeof level === 'string' ? level : JSON.stringify(level)}`).join(',').slice(0, 128);

/**
 * The cells of a full factorial design: every combination of levels, evenly weighted, each served as an object of factor to level. The
 * first levels together are the control.
 */
export const cellsOf = (factors: readonly Factor[]): Variant[] => {
  const cells = combine(factors);
  const even = Math.floor(PRECISION / cells.length) / PRECISION;
  // The first takes what rounding leaves over, so that the weights sum to 1.
  return cells.map((config, index) => ({
    id: idOf(config), name: idOf(config), config, isControl: index === 0, weight: index === 0 ? 1 - even * (cells.length - 1) : even,
  }));
};
