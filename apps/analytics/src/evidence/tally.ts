/**
 * Sums by cell, gathered in memory before they are written. Axis `exposed` files a subject's final values under the day of its first
 * exposure, `happened` the growth of its values under the day of the events (so that any past look can be computed anew), `minute` counts
 * events. Metric '' counts subjects; variant '' those left out for having seen two variants.
 */
export type Axis = 'exposed' | 'happened' | 'minute';
export interface Cell { axis: Axis; shard: number; experiment: string; variant: string; metric: string; at: number; n: bigint; y: bigint; yy: bigint; x: bigint; xx: bigint; xy: bigint }
export type Place = Pick<Cell, 'axis' | 'shard' | 'experiment' | 'variant' | 'metric' | 'at'>;

const SEPARATOR = '\u0001';

export class Tally {
  private readonly cells = new Map<string, Cell>();

  private cell(place: Place): Cell {
    const key = [place.axis, place.shard, place.at, place.experiment, place.variant, place.metric].join(SEPARATOR);
    let cell = this.cells.get(key);
    if (cell === undefined) this.cells.set(key, (cell = { ...place, n: 0n, y: 0n, yy: 0n, x: 0n, xx: 0n, xy: 0n }));
    return cell;
  }

  /** Adds (sign 1) or takes back (sign -1) `n` subjects or events whose value is y, for ratios with denominator x. */
  add(place: Place, sign: 1n | -1n, n: bigint, y = 0n, x = 0n): void {
    const cell = this.cell(place);
    cell.n += sign * n;
    cell.y += sign * y;
    cell.yy += sign * y * y;
    cell.x += sign * x;
    cell.xx += sign * x * x;
    cell.xy += sign * x * y;
  }

  /** The cells that changed, in one order for all writers. */
  changed(): Cell[] {
    const keys = [...this.cells.keys()].sort();
    return keys.map((key) => this.cells.get(key)!).filter((cell) => [cell.n, cell.y, cell.yy, cell.x, cell.xx, cell.xy].some((value) => value !== 0n));
  }
}
