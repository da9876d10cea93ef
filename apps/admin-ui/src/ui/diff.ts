/** A line of a difference. */
export interface DiffLine { kind: 'same' | 'added' | 'removed' | 'gap'; text: string }

const longestCommon = (a: readonly string[], b: readonly string[]): Uint32Array[] => {
  const lengths = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) lengths[i]![j] = a[i] === b[j] ? lengths[i + 1]![j + 1]! + 1 : Math.max(lengths[i + 1]![j]!, lengths[i]![j + 1]!);
  }
  return lengths;
};

/** The lines that make `before` into `after`: a longest common subsequence, removals first. */
export const diffLines = (before: readonly string[], after: readonly string[]): DiffLine[] => {
  const lengths = longestCommon(before, after);
  const lines: DiffLine[] = [];
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      lines.push({ kind: 'same', text: before[i]! });
      i += 1;
      j += 1;
    } else if (i < before.length && (j >= after.length || lengths[i + 1]![j]! >= lengths[i]![j + 1]!)) lines.push({ kind: 'removed', text: before[i++]! });
    else lines.push({ kind: 'added', text: after[j++]! });
  }
  return lines;
};

/** Leaves out what is far from any change. */
export const around = (lines: readonly DiffLine[], context = 2): DiffLine[] => {
  const near = lines.map((_, index) => lines.slice(Math.max(0, index - context), index + context + 1).some((line) => line.kind !== 'same'));
  return lines.flatMap((line, index) => (near[index] ? [line] : near[index - 1] === true || (index === 0 && near.some(Boolean)) ? [{ kind: 'gap' as const, text: '…' }] : []));
};

const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([name, member]) => [name, sorted(member)]));
};

/** A document as lines, members in order, so that equal documents have equal lines. */
export const documentLines = (value: unknown): string[] => (value === undefined ? [] : JSON.stringify(sorted(value), null, 2).split('\n'));

export const sameDocument = (a: unknown, b: unknown): boolean => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
