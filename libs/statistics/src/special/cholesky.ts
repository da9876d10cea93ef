import { at } from '../invalid-input';

/** A symmetric matrix by rows. */
export type Matrix = readonly (readonly number[])[];

/** m[row][column] of a matrix whose shape is known. */
export const entry = (matrix: Matrix, row: number, column: number): number => at(at(matrix, row), column);

/** A pivot below this share of its diagonal: the column is a combination of the ones before it. */
const SINGULAR = 1e-10;

/** Lower triangle of the Cholesky factor; a dependent column is 0 throughout and listed in `dropped`. */
const factorise = (matrix: Matrix): { factor: number[][]; dropped: number[] } => {
  const factor: number[][] = matrix.map((row) => row.map(() => 0));
  const dropped: number[] = [];
  const reduced = (i: number, j: number): number => {
    let sum = entry(matrix, i, j);
    for (let k = 0; k < j; k++) sum -= entry(factor, i, k) * entry(factor, j, k);
    return sum;
  };
  for (let j = 0; j < matrix.length; j++) {
    const pivot = reduced(j, j);
    if (!(pivot > SINGULAR * entry(matrix, j, j))) {
      dropped.push(j);
      continue;
    }
    const root = Math.sqrt(pivot);
    for (let i = j; i < matrix.length; i++) at(factor, i)[j] = i === j ? root : reduced(i, j) / root;
  }
  return { factor, dropped };
};

/**
 * x of matrix·x = right for a positive semidefinite matrix. A column that depends on the ones before it (or is 0) gets
 * x = 0 and is listed in `dropped`.
 */
export const solveSemidefinite = (matrix: Matrix, right: readonly number[]): { x: number[]; dropped: number[] } => {
  const { factor, dropped } = factorise(matrix);
  const size = matrix.length;
  const kept = (index: number): boolean => !dropped.includes(index);
  const forward: number[] = [];
  for (let i = 0; i < size; i++) {
    let sum = at(right, i);
    for (let k = 0; k < i; k++) sum -= entry(factor, i, k) * at(forward, k);
    forward.push(kept(i) ? sum / entry(factor, i, i) : 0);
  }
  const x: number[] = forward.map(() => 0);
  for (let i = size - 1; i >= 0; i--) {
    let sum = at(forward, i);
    for (let k = i + 1; k < size; k++) sum -= entry(factor, k, i) * at(x, k);
    x[i] = kept(i) ? sum / entry(factor, i, i) : 0;
  }
  return { x, dropped };
};

/** aᵀ·b. */
export const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, index) => sum + value * at(b, index), 0);

/** xᵀ·matrix·x. */
export const quadraticForm = (matrix: Matrix, x: readonly number[]): number =>
  dot(
    x,
    matrix.map((row) => dot(row, x)),
  );
