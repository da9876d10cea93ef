import { setTimeout as sleep } from 'node:timers/promises';
import type { EventBatch, ProjectionRunner } from '@pataka/event-sourcing';
import { EVIDENCE } from './evidence.projection';

type Answer = void | { seek: string };
type Runner = Pick<ProjectionRunner, 'applyTogether'>;
interface Waiting { batch: EventBatch; resolve: (answer: Answer) => void; reject: (error: unknown) => void }

// From one write to the next at least; and after it, for its partitions to read on. What waits meanwhile is written together, which is cheaper.
const APART_MS = 400;
const GATHER_MS = 100;
const MOST_EVENTS = 5_000;
// With so many at hand, waiting for more gains nothing.
const ENOUGH_EVENTS = MOST_EVENTS / 2;
// Writers of one shard exclude each other. With three, PostgreSQL has work while batches of others are folded here.
const LANES = 3;

/** Writes what some partitions of one topic deliver, together. */
class Lane {
  private readonly waiting: Waiting[] = [];
  private running = false;
  private nextAt = 0;

  constructor(private readonly runner: Runner) {}

  add(waiting: Waiting): void {
    this.waiting.push(waiting);
    if (!this.running) void this.run();
  }

  private async run(): Promise<void> {
    this.running = true;
    while (this.waiting.length > 0) {
      if (this.atHand() < ENOUGH_EVENTS) await sleep(Math.max(0, this.nextAt - performance.now()));
      const startedAt = performance.now();
      const taken = this.next();
      await this.runner.applyTogether(EVIDENCE, taken.map(({ batch }) => batch)).then(
        (answers) => taken.forEach(({ resolve }, index) => resolve(answers[index])),
        (error: unknown) => taken.forEach(({ reject }) => reject(error)));
      this.nextAt = Math.max(startedAt + APART_MS, performance.now() + GATHER_MS);
    }
    this.running = false;
  }

  private atHand(): number {
    return this.waiting.reduce((sum, { batch }) => sum + batch.events.length, 0);
  }

  private next(): Waiting[] {
    let events = 0;
    const end = this.waiting.findIndex(({ batch }, index) => (events += batch.events.length) > MOST_EVENTS && index > 0);
    return this.waiting.splice(0, end < 0 ? this.waiting.length : end);
  }
}

/**
 * Writes the batches of several partitions together, since a small batch costs as many statements as a big one. After each write they have a moment
 * to bring more, so that load makes batches bigger; what comes after a silence is written at once.
 */
export class EvidenceIntake {
  private readonly lanes = new Map<string, Lane>();

  constructor(private readonly runner: Runner) {}

  /** Resolves once the batch has taken effect. */
  take(batch: EventBatch): Promise<Answer> {
    return new Promise((resolve, reject) => this.laneOf(batch).add({ batch, resolve, reject }));
  }

  private laneOf({ topic, partition }: EventBatch): Lane {
    const name = `${topic} ${partition % LANES}`;
    const lane = this.lanes.get(name) ?? new Lane(this.runner);
    this.lanes.set(name, lane);
    return lane;
  }
}
