import type { Experiment, SplitShare } from '@pataka/contracts';
import { flagLimits } from '@pataka/contracts';

const BUCKETS = 100_000;
type Weights = Readonly<Record<string, number>>;
/** A run of buckets of one variant; `variant` null: given up, and not yet taken. */
interface Run { variant: string | null; buckets: number }

/** Whole buckets by weight, in the order of the variants, as evaluation rounds them. */
const targetsOf = (variants: readonly string[], weights: Weights): Run[] => {
  let [sum, before] = [0, 0];
  return variants.map((variant) => {
    const until = Math.round(BUCKETS * (sum += weights[variant] ?? 0));
    const run = { variant, buckets: until - before };
    before = until;
    return run;
  });
};

const joined = (runs: readonly Run[]): Run[] => runs.filter(({ buckets }) => buckets > 0).reduce<Run[]>((list, run) => {
  const last = list.at(-1);
  if (last !== undefined && last.variant === run.variant) list[list.length - 1] = { ...last, buckets: last.buckets + run.buckets };
  else list.push(run);
  return list;
}, []);

/** Gives up what a variant has too much: its smallest runs whole, so that few remain, and of the last one the end. */
const givenUp = (runs: readonly Run[], variant: string, surplus: number): Run[] => {
  const order = runs.map((run, index) => ({ ...run, index })).filter((run) => run.variant === variant).sort((a, b) => a.buckets - b.buckets || a.index - b.index);
  let left = surplus;
  const cuts = new Map<number, number>();
  for (const { index, buckets } of order) {
    cuts.set(index, Math.min(buckets, left));
    left -= cuts.get(index)!;
  }
  return runs.flatMap((run, index) => [{ ...run, buckets: run.buckets - (cuts.get(index) ?? 0) }, { variant: null, buckets: cuts.get(index) ?? 0 }]);
};

/** Fills what was given up: with the neighbour to the left where it needs more, else with the one who needs most. */
const filled = (runs: readonly Run[], needs: Map<string, number>): Run[] => {
  const list: Run[] = [];
  for (const run of runs) {
    let { buckets } = run;
    if (run.variant !== null) list.push(run);
    while (run.variant === null && buckets > 0) {
      const neighbour = list.at(-1)?.variant ?? '';
      const [neediest] = [...needs].sort(([, a], [, b]) => b - a)[0]!;
      const variant = (needs.get(neighbour) ?? 0) > 0 ? neighbour : neediest;
      const taken = Math.min(buckets, needs.get(variant)!);
      list.push({ variant, buckets: taken });
      needs.set(variant, needs.get(variant)! - taken);
      buckets -= taken;
    }
  }
  return list;
};

const moved = (runs: readonly Run[], targets: readonly Run[]): Run[] => {
  const have = (variant: string | null): number => runs.filter((run) => run.variant === variant).reduce((sum, { buckets }) => sum + buckets, 0);
  const change = new Map(targets.map(({ variant, buckets }) => [variant!, buckets - have(variant)]));
  const open = [...change].reduce<Run[]>((list, [variant, more]) => (more < 0 ? givenUp(list, variant, -more) : list), [...runs]);
  const after = joined(filled(joined(open), new Map([...change].filter(([, more]) => more > 0))));
  // A rule has only so many shares: then everything is laid out anew, and more units move than have to.
  return after.length > flagLimits.splitVariants ? joined(targets) : after;
};

/**
 * The shares of an experiment's split after all its phases. The first phase lays the variants out in their order; each later one moves exactly
 * as many buckets as the weights ask for, so that a unit is served another variant only where it has to be.
 */
export const splitOf = ({ variants, phases }: Pick<Experiment, 'variants' | 'phases'>): SplitShare[] => {
  if (phases.length < 2) return variants.map(({ id, weight, config }) => ({ variant: id, weight, value: config }));
  const ids = variants.map(({ id }) => id);
  const [first, ...later] = phases.map(({ weights }) => targetsOf(ids, weights));
  const configs = new Map(variants.map(({ id, config }) => [id, config]));
  return later.reduce(moved, joined(first!)).map(({ variant, buckets }) => ({ variant: variant!, weight: buckets / BUCKETS, value: configs.get(variant!)! }));
};
