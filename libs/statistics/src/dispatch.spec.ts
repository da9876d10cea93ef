import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { evaluateStatistic, statisticNames } from './dispatch';

interface Vector {
  readonly fn: string;
  readonly input: Record<string, unknown>;
}

const folder = join(__dirname, 'vectors');
const vectors = readdirSync(folder).flatMap(
  (file) => (JSON.parse(readFileSync(join(folder, file), 'utf8')) as { cases: Vector[] }).cases,
);
const firstPerFunction = [...new Map(vectors.map((vector) => [vector.fn, vector])).values()];

const REFUSED = { error: 'invalid_input' };

/** Copies of `value` with one leaf or branch replaced by each of `replacements`; long lists only at their ends. */
const mutants = (value: unknown, replacements: readonly unknown[]): unknown[] => {
  const here = [...replacements];
  if (typeof value !== 'object' || value === null) return here;
  const keys = Object.keys(value);
  const visited = keys.length > 12 ? [...keys.slice(0, 3), ...keys.slice(-2)] : keys;
  return here.concat(
    visited.flatMap((key) =>
      mutants((value as Record<string, unknown>)[key], replacements).map((changed) =>
        Array.isArray(value)
          ? value.map((item: unknown, index) => (String(index) === key ? changed : item))
          : { ...value, [key]: changed },
      ),
    ),
  );
};

const numbersIn = (value: unknown): number[] => {
  if (typeof value === 'number') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(numbersIn) : [];
};

describe('evaluateStatistic', () => {
  it('knows the functions of the contract that the public vectors show, and the paths', () => {
    expect(statisticNames()).toEqual(expect.arrayContaining(firstPerFunction.map((vector) => vector.fn)));
    expect(statisticNames()).toEqual(expect.arrayContaining(['sequential.msprt_path', 'srm.sequential_path']));
  });

  it('names an unknown function as such', () => {
    expect(evaluateStatistic('test.nothing', {})).toEqual({ error: 'unknown_function' });
  });

  it.each(firstPerFunction.map((vector) => [vector.fn, vector] as const))('never answers NaN or throws: %s', (fn, vector) => {
    const replacements = ['NaN', '-Infinity', null, undefined, -1, 0, 0.5, 3, 'text', [], {}, true];
    for (const input of mutants(vector.input, replacements)) {
      const output = evaluateStatistic(fn, input);
      expect({ input, finite: numbersIn(output).every(Number.isFinite) }).toEqual({ input, finite: true });
    }
  });

  it.each(firstPerFunction.map((vector) => [vector.fn, vector] as const))('refuses a number that is none: %s', (fn, vector) => {
    const [first] = Object.keys(vector.input).filter((key) => typeof vector.input[key] === 'number');
    if (first === undefined) return;
    for (const value of ['NaN', 'Infinity', '-Infinity']) {
      expect(evaluateStatistic(fn, { ...vector.input, [first]: value })).toEqual(REFUSED);
    }
  });

  const arm = { n: 100, sum: 200, sumSq: 500 };
  it.each([
    ['more converters than users', 'test.two_proportion', { control: { n: 5, x: 6 }, treatment: { n: 5, x: 1 } }],
    ['a fraction of a user', 'test.two_proportion', { control: { n: 5.5, x: 1 }, treatment: { n: 5, x: 1 } }],
    ['a negative count', 'test.welch', { control: { ...arm, n: -1 }, treatment: arm }],
    ['a negative sum of squares', 'test.welch', { control: { ...arm, sumSq: -1 }, treatment: arm }],
    ['a sum of squares that no data have', 'test.welch', { control: { ...arm, sumSq: 399 }, treatment: arm }],
    ['an unknown alternative', 'test.welch', { control: arm, treatment: arm, alternative: 'both' }],
    ['alpha of one', 'test.welch', { control: arm, treatment: arm, alpha: 1 }],
  ])('refuses %s', (_what, fn, fields) => {
    expect(evaluateStatistic(fn, { alpha: 0.05, alternative: 'two-sided', ...fields })).toEqual(REFUSED);
  });

  it('keeps names that look like numbers', () => {
    const output = evaluateStatistic('moments.user_updates', { users: ['NaN', 'u'], events: [{ user: 'NaN', value: 3 }] });
    expect(output).toMatchObject({ n: 2, sum: 3 });
  });
});
