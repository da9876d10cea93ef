/**
 * Sums by cell, gathered in memory before they are written. Axis `exposed` files a subject's final values under the day of its first
 * exposure, `happened` the growth of its values under the day of the events (so that any past look can be computed anew), `minute` counts
 * events. Metric '' counts subjects; variant '' those left out for having seen two variants. The phase is
 * that of the first exposure: effects are compared within a phase (minutes are of no phase: 0).
 * Variant '' with a metric counts subjects that the rule of that name leaves out. `…-before` holds the subjects with history alone, x what they did
 * before; `segment ["attribute","value"]` tells subjects apart (of no day: 0); `value <units>` counts the subjects with one value of a quantile.
 */
export type Axis = 'exposed' | 'happened' | 'minute' | 'exposed-before' | 'happened-before' | `segment ${string}` | `value ${string}`;
export interface Place { axis: Axis; shard: number; experiment: string; variant: string; metric: string; phase: number; at: number }
export interface Cell extends Place { n: number; y: bigint; yy: bigint; x: bigint; xx: bigint; xy: bigint }

type Branch = Map<string | number, Branch | Map<number, Cell>>;
const SHARD_STEP = 64;

const branchOf = (branch: Branch, name: string | number): Branch => {
  let next = branch.get(name) as Branch | undefined;
  if (next === undefined) branch.set(name, (next = new Map()));
  return next;
};

/** Nested maps rather than one composed key: on the way of every event nothing is allocated. */
export class Tally {
  private readonly root: Branch = new Map();
  private readonly cells: Cell[] = [];

  private cell({ axis, shard, experiment, variant, metric, phase, at }: Place): Cell {
    const branch = branchOf(branchOf(branchOf(branchOf(this.root, axis), experiment), variant), metric);
    const leaf = branchOf(branch, phase) as unknown as Map<number, Cell>;
    const key = at * SHARD_STEP + shard;
    let cell = leaf.get(key);
    if (cell === undefined) {
      cell = { axis, shard, experiment, variant, metric, phase, at, n: 0, y: 0n, yy: 0n, x: 0n, xx: 0n, xy: 0n };
      leaf.set(key, cell);
      this.cells.push(cell);
    }
    return cell;
  }

  /** Adds (sign 1) or takes back (sign -1) one subject or event whose value is y, for ratios with denominator x. */
  add(place: Place, sign: 1 | -1, y = 0n, x = 0n): void {
    const cell = this.cell(place);
    cell.n += sign;
    if (y === 0n && x === 0n) return;
    const [signedY, signedX] = sign === 1 ? [y, x] : [-y, -x];
    cell.y += signedY;
    if (place.axis === 'minute') return;
    cell.yy += signedY * y;
    if (x === 0n) return;
    cell.x += signedX;
    cell.xx += signedX * x;
    cell.xy += signedX * y;
  }

  /** The cells that changed. */
  changed(): Cell[] {
    return this.cells.filter((cell) => cell.n !== 0 || cell.y !== 0n || cell.yy !== 0n || cell.x !== 0n || cell.xx !== 0n || cell.xy !== 0n);
  }
}
