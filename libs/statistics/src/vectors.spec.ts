import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { evaluateStatistic } from './dispatch';

interface Tolerance {
  readonly rel: number;
  readonly abs: number;
}

interface Vector {
  readonly id: string;
  readonly fn: string;
  readonly input: unknown;
  readonly expected: unknown;
  readonly tol: Tolerance;
}

const folder = join(__dirname, 'vectors');
const vectors = readdirSync(folder).flatMap(
  (file) => (JSON.parse(readFileSync(join(folder, file), 'utf8')) as { cases: Vector[] }).cases,
);

const isRelative = (field: string): boolean => /(pvalues?|plower|pupper)$/i.test(field);

/** Whether a number or a word is what the vector wants, with p-values compared relatively however small they are. */
const isNear = (got: unknown, want: unknown, tol: Tolerance, path: string): boolean => {
  if (want === null) return got === null || got === undefined;
  if (typeof want !== 'number') return got === want;
  const absolute = isRelative(path.replace(/\.\d+$/, '')) ? 0 : tol.abs;
  return typeof got === 'number' && Math.abs(got - want) <= absolute + tol.rel * Math.abs(want);
};

/** Paths at which `got` is not what the vector wants. */
const differences = (got: unknown, want: unknown, tol: Tolerance, path: string): string[] => {
  if (typeof want !== 'object' || want === null) {
    return isNear(got, want, tol, path) ? [] : [`${path}: ${String(got)} is not ${String(want)}`];
  }
  if (Array.isArray(want) && (!Array.isArray(got) || got.length !== want.length)) return [`${path}: another length`];
  const fields = (got ?? {}) as Record<string, unknown>;
  return Object.entries(want).flatMap(([key, value]) => differences(fields[key], value, tol, `${path}.${key}`));
};

describe('the public vectors', () => {
  it('are all there', () => {
    expect(vectors).toHaveLength(75);
  });

  it.each(vectors.map((vector) => [vector.id, vector.fn, vector] as const))('hold for %s %s', (_id, fn, vector) => {
    expect(differences(evaluateStatistic(fn, vector.input), vector.expected, vector.tol, '')).toEqual([]);
  });
});
