/** One event as it stands on its topic. `object`: what it is about, null for what no ruleset holds. */
export interface Indexed { position: number; timeMs: number; offset: number; object: string | null }

const NONE = -1;

/** The last index whose value is at most the limit, -1 without any; the values never fall. */
const lastUpTo = (values: readonly number[], limit: number): number => {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle]! <= limit) low = middle + 1;
    else high = middle;
  }
  return low - 1;
};

/**
 * Where on one topic which change of which object lies, in about 40 bytes an event: enough to find any past state without having it.
 * Events of one object are linked backwards.
 */
export class TopicIndex {
  readonly #positions: number[] = [];
  /** The latest commit time so far: clocks may step back, the log does not, and a state is always a prefix of the log. */
  readonly #times: number[] = [];
  readonly #offsets: number[] = [];
  readonly #previous: number[] = [];
  readonly #newest = new Map<string, number>();

  get size(): number {
    return this.#positions.length;
  }

  get firstPosition(): number | undefined {
    return this.#positions[0];
  }

  get firstTimeMs(): number | undefined {
    return this.#times[0];
  }

  /** Takes the next event of the topic; one that was there before (a retry of the relay) is passed over. */
  add({ position, timeMs, offset, object }: Indexed): number | undefined {
    if (position <= (this.#positions.at(-1) ?? NONE)) return undefined;
    const entry = this.#positions.length;
    this.#positions.push(position);
    this.#times.push(Math.max(timeMs, this.#times.at(-1) ?? -Infinity));
    this.#offsets.push(offset);
    this.#previous.push(object === null ? NONE : (this.#newest.get(object) ?? NONE));
    if (object !== null) this.#newest.set(object, entry);
    return entry;
  }

  /** Position of the first event that was committed after an instant. */
  firstAfter(timeMs: number): number | undefined {
    return this.#positions[lastUpTo(this.#times, timeMs) + 1];
  }

  /** Position and time of the newest event up to a position. */
  upTo(position: number): { position: number; timeMs: number } | undefined {
    const entry = lastUpTo(this.#positions, position);
    return entry === NONE ? undefined : { position: this.#positions[entry]!, timeMs: this.#times[entry]! };
  }

  /** The entry of an object's newest change up to a position. */
  newestOf(object: string, position: number): number | undefined {
    let entry = this.#newest.get(object) ?? NONE;
    while (entry !== NONE && this.#positions[entry]! > position) entry = this.#previous[entry]!;
    return entry === NONE ? undefined : entry;
  }

  /** The entries of an object up to a position, oldest first. */
  entriesOf(object: string, position: number): number[] {
    const entries: number[] = [];
    for (let entry = this.newestOf(object, position) ?? NONE; entry !== NONE; entry = this.#previous[entry]!) entries.push(entry);
    return entries.reverse();
  }

  /** Every object there ever was. */
  objects(): IterableIterator<string> {
    return this.#newest.keys();
  }

  at(entry: number): { position: number; timeMs: number; offset: number } {
    return { position: this.#positions[entry]!, timeMs: this.#times[entry]!, offset: this.#offsets[entry]! };
  }
}
