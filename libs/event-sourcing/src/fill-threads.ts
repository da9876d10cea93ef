import { availableParallelism } from 'node:os';
import { parentPort, Worker } from 'node:worker_threads';
import type { LaneStep, LaneWork } from './projection-runner-fill';
import type { Range } from './projection-runner-generation';
import type { ProjectionRunner } from './projection-runner';

/** A compiled program that calls `serveLanes`, and what it needs to open the same data. */
export interface FillThread { script: string; data: unknown }

type Answer = { step: LaneStep } | { putOff: Range[] } | { failure: string };

// As services are started: batches die young.
const YOUNG_MB = 192;

const withResolvers = <T>() => {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((yes, no) => ([resolve, reject] = [yes, no]));
  return { promise, resolve, reject };
};

/** Threads that fill lanes beside their caller: folding in memory takes more processor time than PostgreSQL's writing, and one thread has one core. */
export class FillThreads {
  private readonly idle: Worker[];
  private readonly all: readonly Worker[];

  constructor({ script, data }: FillThread, lanes: number) {
    this.all = Array.from({ length: Math.min(lanes, availableParallelism()) - 1 }, () => new Worker(script, { workerData: data, resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } }));
    this.idle = [...this.all];
  }

  /** How many lanes are worth giving at once: one of them is for the caller. */
  get size(): number {
    return this.all.length + 1;
  }

  /** Fills a lane in a thread; null when none is free: then it is the caller's. */
  fill(work: LaneWork, signal: AbortSignal, onStep: (step: LaneStep) => void): Promise<Range[]> | null {
    const thread = this.idle.pop();
    if (thread === undefined) return null;
    const { promise, resolve, reject } = withResolvers<Range[]>();
    const hear = (answer: Answer): void => {
      if ('step' in answer) onStep(answer.step);
      else if ('putOff' in answer) resolve(answer.putOff);
      else reject(new Error(answer.failure));
    };
    const stop = (): void => reject(signal.reason);
    thread.on('message', hear).on('error', reject);
    signal.addEventListener('abort', stop);
    thread.postMessage(work);
    return promise.finally(() => {
      thread.off('message', hear).off('error', reject);
      signal.removeEventListener('abort', stop);
      this.idle.push(thread);
    });
  }

  /** Ends the threads, whatever they do. */
  async close(): Promise<void> {
    await Promise.all(this.all.map((thread) => thread.terminate()));
  }
}

/** The other side: fills the lanes that this thread is told. */
export const serveLanes = (runner: ProjectionRunner): void => {
  const answer = (message: Answer): void => parentPort!.postMessage(message);
  parentPort!.on('message', (work: LaneWork) => void runner.fillLane(work, (step) => answer({ step })).then(
    (putOff) => answer({ putOff }), (error: Error) => answer({ failure: error.stack ?? error.message })));
};
