import { DomainError, type Experiment } from '@pataka/contracts';

/** Buckets of a layer: thousandths of a percent, as everywhere. */
export const BUCKETS = 100_000;

/** Buckets that an experiment has, from `from` (inclusive) to `until` (exclusive). */
export interface Range { from: number; until: number }

/** An experiment that has a place in a layer, as far as the layer is concerned. */
export interface Holder extends Range { experimentId: string; key: string; share: number; bucketBy?: string }

const TARGETING_KEY = 'targetingKey';

/** What is bucketed: two experiments keep out of each other's way only where they bucket the same thing. */
export const unitOf = ({ bucketBy = TARGETING_KEY }: Pick<Experiment, 'bucketBy'>): string => bucketBy;

/** The salt of a layer's buckets: one for all its experiments. */
export const saltOfLayer = (key: string): string => `layer:${key}`;

/** Stretches that nobody has, from left to right. */
export const gapsOf = (holders: readonly Range[]): Range[] => {
  const sorted = [...holders].sort((one, other) => one.from - other.from);
  const edges = [...sorted, { from: BUCKETS, until: BUCKETS }];
  return edges.map(({ from }, index) => ({ from: index === 0 ? 0 : edges[index - 1]!.until, until: from })).filter(({ from, until }) => until > from);
};

const sizeOf = ({ from, until }: Range): number => until - from;
const percent = (buckets: number): string => `${buckets / 1000}%`;

/** Free buckets of a layer, and the longest stretch of them. */
export const freeOf = (holders: readonly Range[]): { free: number; longest: number } => {
  const sizes = gapsOf(holders).map(sizeOf);
  return { free: sizes.reduce((sum, size) => sum + size, 0), longest: Math.max(0, ...sizes) };
};

interface Wish { layer: string; share: number; unit: string }

const refused = (detail: string, extensions: Record<string, unknown>): DomainError =>
  new DomainError('illegal-transition', detail, [{ pointer: '/layer/share', detail }], extensions);

/**
 * A place for one more experiment: the smallest stretch that has room, so that long ones stay whole.
 * @throws DomainError `illegal-transition` that says how much is free, or which unit the layer has
 */
export const allocate = ({ layer, share, unit }: Wish, holders: readonly Holder[]): Range => {
  const other = holders.find((holder) => unitOf(holder) !== unit);
  if (other !== undefined) {
    const detail = `layer "${layer}" buckets by ${unitOf(other)}, as ${other.key} does; this experiment buckets by ${unit}. Give it that bucketBy, or another layer`;
    throw new DomainError('illegal-transition', detail, [{ pointer: '/bucketBy', detail }], { layer, unit: unitOf(other) });
  }
  const wanted = Math.round(share * 1000);
  const [gap] = gapsOf(holders).filter((one) => sizeOf(one) >= wanted).sort((one, two) => sizeOf(one) - sizeOf(two) || one.from - two.from);
  if (gap !== undefined) return { from: gap.from, until: gap.from + wanted };
  const { free, longest } = freeOf(holders);
  const split = longest < free ? `, ${percent(longest)} of it in one piece` : '';
  throw refused(`layer "${layer}" has ${percent(free)} free${split}, and ${percent(wanted)} are asked for: ${holders.map(({ key, from, until }) => `${key} has ${percent(until - from)}`).join(', ')}`, { layer, free: free / 1000, longest: longest / 1000 });
};

/**
 * A larger share for an experiment that has a place: its range grows at its ends, so that every member stays.
 * @throws DomainError `illegal-transition` where its neighbours leave too little room
 */
export const grow = ({ layer, share }: Wish, own: Holder, holders: readonly Holder[]): Range => {
  const others = holders.filter(({ experimentId }) => experimentId !== own.experimentId);
  const around = gapsOf(others).find((gap) => gap.from <= own.from && gap.until >= own.until) ?? own;
  const wanted = Math.round(share * 1000);
  if (wanted > sizeOf(around)) throw refused(`layer "${layer}" leaves ${own.key} room for ${percent(sizeOf(around))}, and ${percent(wanted)} are asked for`, { layer, room: sizeOf(around) / 1000 });
  const until = Math.min(around.until, own.from + wanted);
  return { from: until - wanted, until };
};
