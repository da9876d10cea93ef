import { join } from 'node:path';
import { root } from '../harness/build';
import type { Report } from './figures';

interface Measured { name: string; nanoseconds: number; perSecond: number }

/** The engine's own benchmark, in this process: processor time of one evaluation. Its contenders are loops of the same length. */
export const evaluation = async (): Promise<Report> => {
  const { run } = (await import(join(root, 'libs/evaluation/dist/evaluation.bench.js'))) as { run: () => Measured[] };
  const results = run();
  const base = results.find(({ name }) => name === 'evaluateValue')?.nanoseconds ?? NaN;
  return {
    title: 'evaluation: one thread, mixed rules',
    columns: ['what', 'times evaluateValue', 'ns', 'per second'],
    rows: results.map(({ name, nanoseconds, perSecond }) => [name, `${(nanoseconds / base).toPrecision(3)} x`, nanoseconds, perSecond]),
  };
};
