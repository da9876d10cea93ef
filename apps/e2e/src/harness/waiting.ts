import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_MS = 50;

/** Asks until there is an answer; an error of `ask` counts as none, and the last one is told when time runs out. */
export const until = async <T>(what: string, ask: () => Promise<T | null | undefined | false> | T | null | undefined | false, limitMs = 30_000): Promise<T> => {
  const deadline = Date.now() + limitMs;
  let last: unknown;
  do {
    try {
      const answer = await ask();
      if (answer !== null && answer !== undefined && answer !== false) return answer;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await sleep(LOOK_MS);
  } while (Date.now() < deadline);
  throw new Error(`${what}: waited ${limitMs / 1000} s in vain${last === undefined ? '' : ` (${(last as Error).message})`}`, { cause: last });
};

/** Uniform numbers in [0, 1) from a seed (mulberry32). */
export const randomFrom = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

/** A seed for this run, from PATAKA_SEED or fresh; printed, so that a failing run can be had again. */
export const seedOfRun = (what: string): number => {
  const given = process.env['PATAKA_SEED'];
  const seed = given === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(given);
  process.stderr.write(`${what}: PATAKA_SEED=${seed}\n`);
  return seed;
};

/** A count from the environment. */
export const countOf = (variable: string, usual: number): number => Number(process.env[variable] ?? usual);
